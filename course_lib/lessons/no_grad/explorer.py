"""Lesson 02's explorer: depth, width, batch and mode, and the bytes that a pass leaves behind."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, VERMILION
from course_lib.lessons.no_grad.measuring import bytes_by_layer
from course_lib.seeding import sealed

INPUTS, CLASSES = 784, 10
MODES = ("gradients on", "body frozen", "no_grad", "inference_mode")


def memory_of_a_pass() -> Explorer:
    """Move depth, width and batch, and choose a mode; the bars show what each layer leaves behind.

    >>> shown = memory_of_a_pass()
    >>> shown.set(mode="no_grad")
    >>> "0 bytes" in shown.state.text()
    True
    """
    return Explorer(
        State(),
        controls=[
            Choice("mode", "Mode", {mode: mode for mode in MODES}),
            Slider("depth", "Hidden layers", 1, 8),
            Slider("width", "Units in each", 64, 1024, 64),
            Slider("batch", "Batch", 32, 1024, 32),
        ],
    )


@lru_cache(maxsize=256)
@sealed(0)
def _kept(mode: str, depth: int, width: int, batch: int) -> tuple[tuple[str, int], ...]:
    """What autograd keeps at each layer. On the meta device: shapes and bytes are real, no number is computed."""
    layers, inputs = [], INPUTS
    for _ in range(depth):
        layers += [nn.Linear(inputs, width, device="meta"), nn.ReLU()]
        inputs = width
    net = nn.Sequential(*layers, nn.Linear(inputs, CLASSES, device="meta"))
    if mode == "body frozen":
        net[:-1].requires_grad_(False)
    x = torch.empty(batch, INPUTS, device="meta")
    off = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}.get(mode, torch.enable_grad)
    with off():
        return tuple((name, kept) for name, _, kept in bytes_by_layer(net, x))


def size_of(network: tuple[int, int]) -> int:
    """Bytes of the parameters of a network of this depth and width, in float32."""
    depth, width = network
    hidden = INPUTS * width + width + (depth - 1) * (width * width + width)
    return 4 * (hidden + width * CLASSES + CLASSES)


@dataclass(frozen=True)
class State:
    """What the controls set. The bytes are those that real PyTorch keeps."""

    mode: str = MODES[0]
    depth: int = 4
    width: int = 512
    batch: int = 256

    @property
    def kept(self) -> tuple[tuple[str, int], ...]:
        """For each layer its kind and the bytes that autograd begins to keep there."""
        return _kept(self.mode, self.depth, self.width, self.batch)

    @property
    def kept_bytes(self) -> int:
        """All of them together."""
        return sum(kept for _, kept in self.kept)

    @property
    def weights_bytes(self) -> int:
        """The parameters, which are there in every mode."""
        return size_of((self.depth, self.width))

    @property
    def passing_bytes(self) -> int:
        """The largest input and output that exist at one time while a layer computes."""
        return 4 * self.batch * max(INPUTS + self.width, 2 * self.width)

    def text(self) -> str:
        """The picture in words."""
        layers = (
            f"{self.depth} hidden layer{'s' if self.depth > 1 else ''} of {self.width} units, batch of {self.batch}"
        )
        where = [f"layer {i} ({name}) {_size(kept)}" for i, (name, kept) in enumerate(self.kept, 1) if kept]
        return (
            f"{self.mode.capitalize()}, {layers}: autograd keeps {_size(self.kept_bytes)} after the pass"
            + (f" ({', '.join(where)})" if where else "")
            + f". The weights take {_size(self.weights_bytes)}; while a layer computes, up to "
            f"{_size(self.passing_bytes)} more are in use, in every mode."
        )

    def svg(self) -> str:
        """A bar a layer, and three totals below each other."""
        most = max(1, max(kept for _, kept in _kept(MODES[0], self.depth, self.width, self.batch)))
        count = len(self.kept)
        axes = svg.Axes(70, 52, 380, 180, (0, count), (0, most / 2**20))
        step = axes.width / count
        parts = [svg.title(8, "Kept for backward, layer by layer", _size(self.kept_bytes), y=16)]
        for i, (name, kept) in enumerate(self.kept):
            x, top = axes.place(i, kept / 2**20)
            parts.append(svg.rect(x + 0.15 * step, top, 0.7 * step, axes.top + axes.height - top, fill=VERMILION))
            if count <= 9:
                parts.append(svg.text(x + step / 2, axes.top + axes.height + 14, name, size=11, anchor="middle"))
        parts.append(
            axes.frame(y_label="MiB", x_ticks=(), x_label="" if count <= 9 else "layers, from input to output")
        )
        parts.append(svg.text(490, 16, "All layers together"))
        rows = (("kept for backward", self.kept_bytes, VERMILION), ("weights", self.weights_bytes, BLUE),
                ("in and out of one layer", self.passing_bytes, GREEN))  # fmt: skip
        widest = max(1, *(size for _, size, _ in rows))
        for i, (name, size, color) in enumerate(rows):
            y = 66 + 58 * i
            parts.append(svg.text(490, y, f"{name}: {_size(size)}"))
            parts.append(svg.rect(490, y + 8, max(1, 220 * size / widest) if size else 1, 18, fill=color))
        return svg.picture(720, 274, *parts)


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.0f} KiB" if size else "0 bytes"

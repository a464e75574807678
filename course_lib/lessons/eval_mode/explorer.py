"""Lesson 01: the switchboard of two switches. Its trace, `trace_modes`, is next door."""

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.descent import descend
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, VERMILION
from course_lib.data import digits
from course_lib.seeding import sealed

MOST_PASSES = 30
LAYERS = {"Addmm": "linear", "Mul": "dropout", "NativeBatchNorm": "batch norm"}  # what autograd's names mean here


def switchboard() -> Explorer:
    """Two switches, train/eval and gradients, over repeated passes of one batch of digits.

    It shows the digit whose output scatters most and the unit whose running mean moves most.

    >>> board = switchboard()
    >>> board.set(training=False, grad=False)
    >>> "no graph" in board.state.text()
    True
    """
    return Explorer(
        SwitchboardState(),
        controls=[
            Choice("training", "Mode", {"train()": True, "eval()": False}),
            Choice("grad", "Gradients", {"on": True, "no_grad()": False}),
            Slider("passes", "Passes", 1, MOST_PASSES),
        ],
    )


@dataclass(frozen=True)
class Passes:
    """What repeated passes of the same batch left behind."""

    outputs: Tensor  # (passes, N): the probability of each digit's true class
    running_means: Tensor  # (passes + 1, units), before the first pass and after each
    batch_mean: Tensor  # (units,): the mean that batch norm met in this batch
    graph: tuple[str, ...]  # autograd's nodes behind the last output, the output's first
    kept_bytes: int  # what autograd keeps for backward, without parameters and buffers


@lru_cache(maxsize=1)
@sealed(0)
def _trained() -> tuple[nn.Sequential, Tensor, Tensor]:
    """A small trained network, with a batch of 32 test digits and their classes."""
    splits = digits()
    images, targets = splits.train.tensors
    net = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 10))
    for _ in range(3):
        for rows in torch.randperm(len(images)).split(50):
            descend(net, nn.functional.cross_entropy(net(images[rows].flatten(1)), targets[rows]), rate=0.5)
    test_images, test_targets = splits.test.tensors
    return net, test_images[:32].flatten(1), test_targets[:32]


@lru_cache(maxsize=4)
@sealed(1)
def _passes(training: bool, grad: bool) -> Passes:
    """Run all passes from the same start with the same seed, so that only the two switches differ."""
    trained, images, targets = _trained()
    net = deepcopy(trained).train(training)
    own = {tensor.untyped_storage().data_ptr() for tensor in net.state_dict().values()}
    outputs, means = [], [net[1].running_mean.clone()]
    with torch.set_grad_enabled(grad):
        for _ in range(MOST_PASSES):
            kept = {}

            def keep(tensor: Tensor, kept: dict[int, Tensor] = kept) -> Tensor:
                kept[tensor.untyped_storage().data_ptr()] = tensor
                return tensor

            with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
                logits = net(images)
            outputs.append(logits.detach().softmax(1)[range(len(targets)), targets])
            means.append(net[1].running_mean.clone())
    with torch.no_grad():
        batch_mean = net[0](images).mean(0)
    return Passes(
        outputs=torch.stack(outputs),
        running_means=torch.stack(means),
        batch_mean=batch_mean,
        graph=_nodes(logits),
        kept_bytes=sum(tensor.nbytes for at, tensor in kept.items() if at not in own),
    )


def _nodes(output: Tensor) -> tuple[str, ...]:
    """The names of autograd's nodes from the output back to the input's first layer."""
    names, node = [], output.grad_fn
    while node is not None:
        names.append(type(node).__name__)
        behind = [n for n, _ in node.next_functions if n is not None]
        # Each layer also leads to its weight and bias; the way back to the input is what leads further.
        node = next((n for n in behind if n.next_functions and type(n).__name__ != "TBackward0"), None)
    return tuple(names)


@lru_cache(maxsize=1)
def _shown() -> tuple[int, int]:
    """The digit whose output scatters most, among those eval mode gets right, and the unit that moves most."""
    train, still = _passes(True, False), _passes(False, False)
    scatter = train.outputs.std(0) * (still.outputs[0] > 0.5)
    moves = (train.running_means[-1] - train.running_means[0]).abs()
    return int(scatter.argmax()), int(moves.argmax())


@dataclass(frozen=True)
class SwitchboardState:
    """Which way the two switches point, and how many passes have run."""

    training: bool = True
    grad: bool = True
    passes: int = 8

    @property
    def outputs(self) -> list[float]:
        """One digit's probability of its true class, for each pass."""
        return self._run.outputs[: self.passes, _shown()[0]].tolist()

    @property
    def running_means(self) -> list[float]:
        """One unit's running mean, before the first pass and after each."""
        return self._run.running_means[: self.passes + 1, _shown()[1]].tolist()

    @property
    def graph(self) -> tuple[str, ...]:
        """Autograd's nodes behind the output; none without gradients."""
        return self._run.graph

    @property
    def kept_bytes(self) -> int:
        """What autograd keeps of one pass for a backward pass, without parameters and buffers."""
        return self._run.kept_bytes

    @property
    def _run(self) -> Passes:
        return _passes(self.training, self.grad)

    def text(self) -> str:
        """The picture in words."""
        mode, outputs, means = ("train()" if self.training else "eval()"), self.outputs, self.running_means
        count = f"{self.passes} pass{'es' if self.passes > 1 else ''} of the same batch"
        if len(set(outputs)) > 1:
            same = f"one digit's output scatters from {min(outputs):.2f} to {max(outputs):.2f}"
        else:
            same = f"one digit's output is {outputs[0]:.2f} {'every time' if self.passes > 1 else ''}".strip()
        if means[-1] == means[0]:
            moved = f"the running mean stands still at {svg.shown(means[0], 3)}"
        else:
            moved = f"the running mean moves from {svg.shown(means[0], 3)} to {svg.shown(means[-1], 3)}"
        if self.graph:
            graph = f"With gradients on, a graph of {len(self.graph)} steps hangs on each output and keeps "
            graph += f"{self.kept_bytes:,} bytes."
        else:
            graph = f"With no_grad(), there is no graph and {self.kept_bytes} bytes are kept."
        return f"With {mode}, {count}: {same}, and {moved}. {graph}"

    def svg(self) -> str:
        """Three panels: what the mode decides (two of them) and what gradients decide."""
        mode, grad = ("train()" if self.training else "eval()"), ("on" if self.grad else "no_grad()")
        return svg.picture(
            720,
            274,
            svg.heading(8, 476, f"The mode decides these two: {mode}"),
            svg.heading(508, 712, f"Gradients decide: {grad}"),
            self._outputs_panel(),
            self._means_panel(),
            self._graph_panel(),
        )

    def _outputs_panel(self) -> str:
        outputs = self.outputs
        axes = svg.Axes(54, 82, 174, 150, (0, MOST_PASSES), (0, 1))
        different = len(set(outputs))
        verdict = f"{different} different values" if different > 1 else "the same every time"
        verdict = verdict if self.passes > 1 else "one value"
        digit = int(_trained()[2][_shown()[0]])
        return (
            svg.title(8, "Output for one digit", verdict)
            + axes.frame(x_label="pass", x_ticks=(1, 10, 20, 30), y_label=f"probability of {digit}")
            + axes.dots(enumerate(outputs, 1), color=VERMILION if self.training else BLUE)
        )

    def _means_panel(self) -> str:
        means, unit = self.running_means, _shown()[1]
        start, goal = means[0], float(self._run.batch_mean[unit])
        low, high = sorted((start, goal))
        room = 0.15 * (high - low)
        axes = svg.Axes(302, 82, 174, 150, (0, MOST_PASSES), (low - room, high + room))
        marks = ""
        for value, words in ((start, "before the first pass"), (goal, "mean of this batch")):
            _, y = axes.place(0, value)
            marks += axes.curve([(0, value), (MOST_PASSES, value)], color="currentColor", width=1, dash="2 4")
            beyond = y - 5 if value == high else y + 12  # outside the two lines, where the curve never comes
            marks += svg.text(476, beyond, words, size=11, anchor="end", faint=True)
        color = VERMILION if self.training else BLUE
        return (
            svg.title(262, "Running mean of one unit", "stands still" if means[-1] == start else "moves")
            + axes.frame(x_label="pass", x_ticks=(0, 10, 20, 30))
            + marks
            + axes.curve(enumerate(means), color=color)
            + axes.dots(enumerate(means), color=color, radius=2.5)
        )

    def _graph_panel(self) -> str:
        kept = f"{self.kept_bytes:,} bytes kept"
        parts = [svg.title(508, "Graph behind the output", kept if self.graph else f"none, {kept}")]
        if not self.graph:
            parts += [svg.rect(508, 84, 204, 148, edge="currentColor", dash="4 4", rounded=4)]
            parts += [svg.text(610, 162, "nothing recorded", anchor="middle", faint=True)]
        for i, node in enumerate(self.graph):
            y, name = 84 + 41 * i, node.removesuffix("Backward0")
            words = f"{name} ({LAYERS[name]})" if name in LAYERS else name
            parts += [svg.rect(508, y, 204, 25, fill=GREEN, opacity=0.3, edge="currentColor", rounded=4)]
            parts += [svg.text(610, y + 17, words, anchor="middle")]
            parts += [svg.arrow((610, y + 25), (610, y + 41))] if i + 1 < len(self.graph) else []
        return "".join(parts)

"""A checkpoint folder at one moment, as data, as a picture and as a listing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom.explorers import svg
from course_lib.classroom.style import BLUE, GREEN, GREY, VERMILION
from course_lib.lessons.checkpointing.runs import EPOCHS


@dataclass(frozen=True)
class Folder:
    """What was in the folder at one moment."""

    sizes: dict[int, int]
    strays: tuple[tuple[str, int], ...]
    losses: dict[int, float]
    broken: tuple[int, ...] = ()

    @property
    def best(self) -> int:
        """The step with the lowest validation loss so far."""
        return min(self.losses, key=lambda step: (self.losses[step], step))

    @property
    def last(self) -> int:
        """The newest step whose file is good."""
        return max(set(self.sizes) - set(self.broken))

    def svg(self) -> str:
        """The validation loss by epoch, and under each epoch its file, if it is there."""
        axes = svg.Axes(46, 12, 408, 70, (0.5, EPOCHS + 0.5), (0, 2.2))
        parts = [axes.frame(x_ticks=(), y_label="val_loss", y_ticks=(0, 1, 2))]
        parts += [axes.curve(sorted(self.losses.items()), color=GREY, width=1.5) if len(self.losses) > 1 else ""]
        for step in range(1, EPOCHS + 1):
            x, _ = axes.place(step, 0)
            parts += [svg.text(x, 98, step, size=11, anchor="middle", faint=step not in self.losses)]
            if step in self.losses:
                color = GREEN if step == self.best else BLUE if step in self.sizes else GREY
                parts += [axes.dots([(step, self.losses[step])], color=color)]
            parts += [self._box(x, step)]
        parts += [svg.text(8, 124, "files", size=11)]
        for i, (name, size) in enumerate(self.strays):
            parts += [svg.text(46, 164 + 16 * i, f"and {name}, {size:,} bytes", size=11)]
        return svg.picture(470, 152 + 16 * len(self.strays), *parts)

    def _box(self, x: float, step: int) -> str:
        left = x - 16
        if step in self.broken:
            return svg.rect(left, 106, 32, 28, edge=VERMILION, rounded=3) + _middle(x, "✗ bit")
        if step in self.sizes:
            best, last = step == self.best, step == self.last
            word = "best" if best else "last" if last else "kept"
            box = svg.rect(left, 106, 32, 28, fill=GREEN if best else BLUE, opacity=0.3, edge="currentColor", rounded=3)
            both = svg.text(x, 146, "and last", size=10, anchor="middle") if best and last else ""
            return box + _middle(x, word) + both
        if step in self.losses:
            return svg.rect(left, 106, 32, 28, edge=GREY, dash="3 3", rounded=3) + _middle(x, "gone", faint=True)
        return ""

    def words(self) -> str:
        """The folder's listing."""
        lines = []
        for step, size in self.sizes.items():
            loss = f"val_loss {self.losses[step]:.3f}" if step in self.losses else ""
            marks = ["best"] * (step == self.best) + ["last"] * (step == self.last)
            marks += ["damaged"] * (step in self.broken)
            lines.append(f"step-{step:08d}.pt  {size:7,} bytes  {loss}  {', '.join(marks)}".rstrip())
        return "\n".join([*lines, *(f"{name}  {size:,} bytes" for name, size in self.strays)])

    def picture(self) -> dict[str, str]:
        """As the picture of a stage."""
        return {"picture_svg": self.svg(), "picture_text": self.words()}


def _middle(x: float, word: str, *, faint: bool = False) -> str:
    return svg.text(x, 124, word, size=10.5, anchor="middle", faint=faint)


def look(folder: Path, history: Sequence[dict], broken: tuple[int, ...] = ()) -> Folder:
    """Read a folder: `history` is the manager's log, `broken` are the steps whose files are known to be damaged."""
    sizes, strays = {}, []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".pt":
            sizes[int(path.stem.removeprefix("step-"))] = path.stat().st_size
        else:
            strays.append((path.name, path.stat().st_size))
    return Folder(sizes, tuple(strays), {one["step"]: one["metrics"]["val_loss"] for one in history}, broken)

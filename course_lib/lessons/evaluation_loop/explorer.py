"""Lesson 03: batches as bars, the right mean and the mean of their means. Its trace, `trace_image`, is next door."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, ORANGE, VERMILION
from course_lib.lessons.evaluation_loop.network import test_losses

FEWEST, MOST = 300, 360


def batch_means() -> Explorer:
    """The loss of a digit classifier over a test set that is cut into batches, averaged right and wrong.

    >>> board = batch_means()
    >>> board.set(batch_size=60)
    >>> "Both agree" in board.state.text()
    True
    """
    return Explorer(
        BatchMeansState(),
        controls=[
            Slider("batch_size", "Batch size", 10, 200),
            Slider("examples", "Digits", FEWEST, MOST),
            Choice("hardest_last", "Order", {"as they come": False, "hardest last": True}),
        ],
    )


@dataclass(frozen=True)
class BatchMeansState:
    """How many digits are tested, in which order, and how they are cut into batches."""

    batch_size: int = 50
    examples: int = MOST
    hardest_last: bool = False

    @cached_property
    def batches(self) -> tuple[Tensor, ...]:
        """The losses of each batch, each (B,)."""
        losses = test_losses()[: self.examples]
        return (losses.sort().values if self.hardest_last else losses).split(self.batch_size)

    @property
    def means(self) -> list[float]:
        """The mean loss of each batch."""
        return [batch.mean().item() for batch in self.batches]

    @property
    def right(self) -> float:
        """The sum over all digits, divided by their number."""
        return sum(batch.sum().item() for batch in self.batches) / self.examples

    @property
    def wrong(self) -> float:
        """The mean of the means of the batches."""
        return sum(self.means) / len(self.means)

    def text(self) -> str:
        """The picture in words."""
        last = len(self.batches[-1])
        count = len(self.batches)
        order = "the hardest last" if self.hardest_last else "as they come"
        cut = f"{count} batches of {self.batch_size}" if last == self.batch_size else (
            f"{count - 1} batch{'es' if count > 2 else ''} of {self.batch_size} and a last one of {last}"
        )  # fmt: skip
        means = f"The mean over all digits is {self.right:.4f}, the mean of the batch means {self.wrong:.4f}"
        if last == self.batch_size:
            return (
                f"{self.examples} digits, {order}: {cut}. {means}. Both agree, because all batches are equally large."
            )
        share, weight = last / self.examples, 1 / count
        return (
            f"{self.examples} digits, {order}: {cut}. {means}, off by {svg.shown(self.wrong - self.right, 4)}. The last "
            f"batch holds {share:.1%} of the digits and has {weight:.1%} of the say."
        )

    def svg(self) -> str:
        """A bar for each batch, as wide as its digits, and two lines across."""
        top = 1.08 * max(*self.means, self.right, self.wrong)
        axes = svg.Axes(60, 74, 470, 170, (0, self.examples), (0, top))
        parts, start = [], 0
        for i, (batch, mean) in enumerate(zip(self.batches, self.means, strict=True)):
            x0, y = axes.place(start, mean)
            x1, bottom = axes.place(start + len(batch), 0)
            last = i + 1 == len(self.batches) and len(batch) < self.batch_size
            parts.append(
                svg.rect(x0, y, x1 - x0, bottom - y, fill=ORANGE if last else BLUE, opacity=0.35, edge="currentColor")
            )
            start += len(batch)
        parts += [
            axes.curve([(0, self.right), (self.examples, self.right)], color=GREEN, width=3),
            axes.curve([(0, self.wrong), (self.examples, self.wrong)], color=VERMILION, width=3, dash="7 4"),
        ]
        even = len(self.batches[-1]) == self.batch_size
        verdict = "both means agree" if even else f"off by {svg.shown(self.wrong - self.right, 4)}"
        return svg.picture(
            720,
            292,
            svg.title(8, f"Loss of {self.examples} digits in {len(self.batches)} batches", verdict, y=20),
            axes.frame(x_label="digits, in the order of the loader", y_label="mean loss of the batch"),
            *parts,
            self._legend(),
        )

    def _legend(self) -> str:
        last = len(self.batches[-1])
        rows = [
            (svg.line((546, 96), (574, 96), color=GREEN, width=3), "sum / digits", f"{self.right:.4f}", 96),
            (svg.line((546, 142), (574, 142), color=VERMILION, width=3, dash="7 4"), "mean of means", f"{self.wrong:.4f}", 142),
        ]  # fmt: skip
        parts = [
            mark + svg.text(582, y + 4, words) + svg.text(582, y + 21, value, bold=True)
            for mark, words, value, y in rows
        ]
        if last < self.batch_size:
            parts += [svg.rect(546, 184, 28, 14, fill=ORANGE, opacity=0.35, edge="currentColor")]
            parts += [svg.text(582, 195, f"last batch: {last} digit{'s' if last > 1 else ''}")]
        return "".join(parts)

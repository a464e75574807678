"""Lesson 10: leave one part of a checkpoint out, and see where the curves part. Its trace is next door."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer
from course_lib.classroom.style import BLUE, GREEN, GREY, VERMILION
from course_lib.lessons.exact_resume.runs import BATCHES, PARTS, PER_EPOCH, STOPS, distances, parting, resumed, unbroken

WHEN = {"at the end of an epoch": STOPS[0], "in the middle of one": STOPS[1]}


def leave_one_out() -> Explorer:
    """Which part was not saved, and when the run was stopped: where the resumed run leaves the unbroken one.

    >>> explorer = leave_one_out()
    >>> explorer.set(left_out="nothing")
    >>> "exact" in explorer.state.text()
    True
    """
    for part in PARTS:  # the first time this trains for about a second; then a key press takes a millisecond
        for stop in STOPS:
            distances(part, stop)
    return Explorer(
        LeftOutState(),
        controls=[
            Choice("left_out", "Left out", {part: part for part in PARTS}),
            Choice("stop", "Stopped", WHEN),
        ],
    )


@dataclass(frozen=True)
class LeftOutState:
    """A run of 6 epochs with 4 batches each, that is stopped once and resumed without one part."""

    left_out: str = "scheduler"
    stop: int = STOPS[0]

    @property
    def parts_at(self) -> int | None:
        """The first batch whose loss is another, counted from 1; None if there is none."""
        return parting(self.left_out, self.stop)

    @property
    def distance(self) -> float:
        """The largest difference between a weight and the unbroken run's, at the end."""
        return distances(self.left_out, self.stop)[-1]

    def verdict(self) -> tuple[str, str]:
        """A word with an icon, and a sentence."""
        if self.parts_at is None:
            return "✓ exact", "Every loss and every weight is the unbroken run's."
        late = self.parts_at - self.stop
        if late == 1:
            return "✗ parts at once", "The first loss after the break is another one."
        return "! parts late", f"A test that looks at fewer than {late} losses says that all is well."

    def text(self) -> str:
        """The picture in words."""
        left = "Nothing is left out" if self.left_out == "nothing" else f"Left out: {self.left_out}"
        where = "at the end of an epoch" if self.stop % PER_EPOCH == 0 else "in the middle of an epoch"
        word, sentence = self.verdict()
        at = f" The losses part at batch {self.parts_at}." if self.parts_at else ""
        return (
            f"{left}; stopped after batch {self.stop} of {BATCHES}, {where}. Resumes {word[2:]}.{at} {sentence} "
            f"At the end the weights are up to {self.distance:.3f} apart."
        )

    def svg(self) -> str:
        """Losses on the left, the distance of the weights on the right, what follows below."""
        word, sentence = self.verdict()
        color = GREEN if self.parts_at is None else VERMILION
        words = [
            svg.text(8, 292, word, size=14, bold=True),
            svg.text(150, 292, sentence),
            svg.text(8, 314, f"At the end the weights are up to {self.distance:.3f} apart."),
        ]
        return svg.picture(720, 324, self._losses(color), self._apart(color), *words)

    def _losses(self, color: str) -> str:
        axes = svg.Axes(44, 40, 380, 190, (0, BATCHES), (0, 3))
        whole = list(enumerate((step.loss for step in unbroken()), 1))
        after = list(enumerate((step.loss for step in resumed(self.left_out, self.stop)), self.stop + 1))
        parts = [svg.heading(8, 440, "Loss of each batch"), axes.frame(x_label="batch", y_ticks=(0, 1, 2, 3))]
        parts += [axes.curve(whole, color=GREY, dash="2 3", width=2.5)]
        parts += [axes.curve(whole[: self.stop], color=BLUE)]
        parts += [axes.curve(after, color=color, dash="6 3"), axes.dots(after, color=color, radius=2.5)]
        x, top = axes.place(self.stop + 0.5, 3)
        parts += [svg.line((x, top), (x, 230), dash="4 3"), svg.text(x - 4, top + 10, "stopped", size=11, anchor="end")]
        if self.parts_at is not None:
            x, _ = axes.place(self.parts_at, 0)
            parts += [svg.line((x, 62), (x, 230), color=VERMILION, width=2)]
            parts += [svg.text(x + 5, 72, f"parts at batch {self.parts_at}", size=11)]
        for i, (words, tint, dash) in enumerate(
            (("unbroken", GREY, "2 3"), ("before the break", BLUE, ""), ("resumed", color, "6 3"))
        ):
            y = 92 + 16 * i
            parts += [svg.line((300, y), (326, y), color=tint, width=2, dash=dash)]
            parts += [svg.text(332, y + 4, words, size=11)]
        return "".join(parts)

    def _apart(self, color: str) -> str:
        far = distances(self.left_out, self.stop)
        top = max(0.1, 1.1 * max(far))
        axes = svg.Axes(500, 40, 205, 190, (0, BATCHES), (0, top))
        parts = [svg.heading(460, 712, "Weights, largest difference"), axes.frame(x_label="batch")]
        points = list(enumerate(far, self.stop + 1))
        return "".join([*parts, axes.curve(points, color=color), axes.dots(points, color=color, radius=2.5)])

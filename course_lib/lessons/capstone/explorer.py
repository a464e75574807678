"""Lesson 13: kill a training, choose its model, and read what the card would say. Its trace is next door."""

import re
from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.lessons.capstone.records import EPOCHS, STEPS, VALIDATION, record
from course_lib.metrics import wilson_interval

INTERVALS = (1, 2, 3, 6)
JUDGES = ("validation", "test", "the last")
SIZES = (50, 100, 300, 1000)


def explore_capstone() -> Explorer:
    """When the kill comes, how often is saved, what chooses, how many test images: what is lost, and what the card says.

    >>> explorer = explore_capstone()
    >>> explorer.set(killed=35, every=3)
    >>> "5 batches are lost" in explorer.state.text()
    True
    """
    record()  # the first time this trains for a second; then a key press takes a millisecond
    return Explorer(
        CardState(),
        controls=[
            Slider("killed", "Killed after batch", 0, EPOCHS * STEPS - 1),
            Choice("every", "Checkpoint every ... epochs", {str(n): n for n in INTERVALS}),
            Choice("judge", "Chosen by", {name: name for name in JUDGES}),
            Choice("images", "Test images", {f"{n:,}": n for n in SIZES}),
        ],
    )


@dataclass(frozen=True)
class CardState:
    """A run of 12 epochs of 10 batches, killed once and resumed exactly; `killed` 0: nobody kills it."""

    killed: int = 57
    every: int = 2
    judge: str = "validation"
    images: int = 100

    @property
    def saved(self) -> int:
        """The epoch in the newest checkpoint when the kill came; 0 if there was none."""
        done = self.killed // STEPS
        return done - done % self.every

    @property
    def lost(self) -> int:
        """Batches that were trained and are trained again."""
        return self.killed - self.saved * STEPS

    @property
    def candidates(self) -> list[int]:
        """The epochs that have a checkpoint."""
        return list(range(self.every, EPOCHS + 1, self.every))

    def accuracy(self, part: str, epoch: int) -> float:
        """Of validation, test (the first `images`) or fresh data, after an epoch."""
        right = getattr(record(), part)[epoch - 1]
        return float(right[: self.images].mean() if part == "test" else right.mean())

    @property
    def chosen(self) -> int:
        """The best candidate by the judge; of equals the earlier."""
        if self.judge == "the last":
            return self.candidates[-1]
        return max(self.candidates, key=lambda epoch: (self.accuracy(self.judge, epoch), -epoch))

    @property
    def claim(self) -> float:
        """What the card says: the accuracy on the test images."""
        return self.accuracy("test", self.chosen)

    @property
    def truth(self) -> float:
        """The accuracy on the 2,700 fresh images."""
        return self.accuracy("fresh", self.chosen)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, of the claim."""
        return tuple(wilson_interval(round(self.claim * self.images), self.images))

    def verdict(self) -> tuple[str, str]:
        """A word with an icon, and a sentence."""
        low, high = self.interval
        points = 100 * (self.claim - self.truth)
        off = f"{abs(points):.1f} points {'more' if points > 0 else 'less'} than is true on 2,700 fresh images"
        word = "✓ the interval holds the truth" if low <= self.truth <= high else "✗ the interval misses the truth"
        if self.judge == "test":
            word = f"! chosen by the test data; {word[2:]}"
        return word, f"It promises {off} ({self.truth:.3f})."

    def killing(self) -> str:
        """What the kill costs, in words."""
        if not self.killed:
            return "Nobody kills it"
        epoch, batch = divmod(self.killed, STEPS)
        when = (
            f"Killed in epoch {epoch + 1} after {batch} of {STEPS} batches" if batch else f"Killed after epoch {epoch}"
        )
        start = f"the checkpoint of epoch {self.saved}" if self.saved else "the start"
        lost = f"{self.lost} batch{'es' * (self.lost != 1)} {'are' if self.lost != 1 else 'is'} lost and trained again"
        return f"{when}; {lost}, from {start}"

    def text(self) -> str:
        """The picture in words."""
        (low, high), (word, sentence) = self.interval, self.verdict()
        listed = ", ".join(map(str, self.candidates))
        return (
            f"{self.killing()}; {EPOCHS * STEPS + self.lost} batches in all. Checkpoints after {listed}. By {self.judge} "
            f"{'one' if self.judge == 'the last' else 'data'}, epoch {self.chosen} is chosen. The card: accuracy "
            f"{self.claim:.3f} on {self.images:,} test images, 95 % interval {low:.3f} to {high:.3f}. {word[2:].capitalize()}. "
            f"{sentence}"
        )

    def svg(self) -> str:
        """The epochs with checkpoints and kill; the accuracies; the card."""
        return svg.picture(720, 330, self._line(), self._curves(), self._card())

    def _line(self) -> str:
        left, wide = 60, 54
        per = wide / STEPS
        parts = [svg.text(8, 63, "epochs", size=12)]
        for i in range(1, EPOCHS + 1):
            x = left + wide * (i - 1)
            parts += [svg.rect(x, 44, wide - 4, 30, edge="currentColor", rounded=3)]
            parts += [svg.text(x + wide / 2 - 2, 63, i, size=11, anchor="middle")]
            if i in self.candidates:
                parts.append(svg.text(x + wide / 2 - 2, 90, "saved", size=10.5, anchor="middle"))
        if self.lost:
            start = left + wide * self.saved
            parts.append(svg.rect(start, 44, per * self.lost, 30, fill=VERMILION, opacity=0.35, edge=VERMILION))
        if self.killed:
            x = left + per * self.killed
            anchor, gap = ("end", -6) if x > 500 else ("start", 6)
            words = f"✗ killed: {self.lost} batches lost" if self.lost != 1 else "✗ killed: 1 batch lost"
            parts += [svg.line((x, 18), (x, 78), color=VERMILION, width=3)]
            parts += [svg.text(x + gap, 28, words, bold=True, anchor=anchor)]
        return "".join(parts)

    def _curves(self) -> str:
        axes = svg.Axes(52, 146, 300, 128, (0.5, EPOCHS + 0.5), (0.6, 1.0))
        parts = [svg.heading(8, 360, "Accuracy of each checkpoint", y=120)]
        parts += [axes.frame(x_label="epoch", x_ticks=range(1, EPOCHS + 1), y_ticks=(0.6, 0.7, 0.8, 0.9, 1.0))]
        kinds = (("validation", BLUE, "6 3"), ("test", ORANGE, "2 3"), ("fresh", GREY, ""))
        for i, (part, color, dash) in enumerate(kinds):
            points = [(epoch, self.accuracy(part, epoch)) for epoch in self.candidates]
            parts += [axes.curve(points, color=color, dash=dash), axes.dots(points, color=color)]
            n = {"validation": VALIDATION, "test": self.images, "fresh": record().fresh.shape[1]}[part]
            parts += [svg.line((190, 236 + 15 * i), (216, 236 + 15 * i), color=color, width=2, dash=dash)]
            parts += [svg.text(222, 240 + 15 * i, f"{part}, {n:,} images", size=11)]
        x, _ = axes.place(self.chosen, 1)
        parts += [svg.line((x, 146), (x, 274), color=GREEN, width=2, dash="4 3")]
        parts += [svg.text(x, 142, "chosen", size=11, anchor="middle", bold=True)]
        return "".join(parts)

    def _card(self) -> str:
        (low, high), (word, sentence) = self.interval, self.verdict()
        axes = svg.Axes(400, 210, 296, 10, (0.6, 1.0), (0, 1))
        parts = [svg.heading(390, 712, "The card", y=120)]
        parts += [svg.text(390, 150, f"accuracy {self.claim:.3f} on {self.images:,} test images", size=14, bold=True)]
        parts += [svg.text(390, 170, f"95 % interval {low:.3f} to {high:.3f}; epoch {self.chosen}, by {self.judge}")]
        parts += [axes.frame(y_ticks=(), x_ticks=(0.6, 0.7, 0.8, 0.9, 1.0))]
        at = {value: axes.place(min(max(value, 0.6), 1.0), 0)[0] for value in (low, high, self.claim, self.truth)}
        parts += [svg.line((at[low], 200), (at[high], 200), color=ORANGE, width=5)]
        parts += [svg.dot(at[self.claim], 200, color=ORANGE, radius=6)]
        parts += [svg.line((at[self.truth], 186), (at[self.truth], 214), width=2)]
        parts += [svg.text(at[self.truth], 183, "truth", size=11, anchor="middle")]
        first, than, rest = sentence.partition(" than ")
        verdict = re.split("(?<=;) ", word)
        parts += [svg.text(390, 262 + 18 * i, line, size=13, bold=True) for i, line in enumerate(verdict)]
        y = 264 + 18 * len(verdict)
        parts += [svg.text(390, y, first + than), svg.text(390, y + 18, rest)]
        return "".join(parts)

"""Lesson 09: the crash. Its trace, `trace_folder`, is next door."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, GREY, VERMILION
from course_lib.lessons.checkpointing.runs import CONTENTS, EPOCHS, Run, distance, file_of, resumed, unbroken

INTERVALS = (1, 2, 3, 4, 6)


def crash() -> Explorer:
    """When the kill comes, how and how often and what was saved: what is on the disk, and what is lost.

    >>> explorer = crash()
    >>> explorer.set(way="plain", moment="saving", epoch=8)
    >>> "0 bytes" in explorer.state.text()
    True
    """
    unbroken()  # the first time this trains for about a second; then a key press takes a millisecond
    for step in range(1, EPOCHS):
        for content in CONTENTS:
            distance(step, content), file_of(step, content)
    return Explorer(
        CrashState(),
        controls=[
            Slider("epoch", "Killed in epoch", 1, EPOCHS),
            Choice("moment", "while it is", {"training": "training", "saving": "saving"}),
            Choice("way", "Saved", {"plain": "plain", "durable": "durable"}),
            Choice("every", "every ... epochs", {str(n): n for n in INTERVALS}),
            Choice("content", "In the file", {name: name for name in CONTENTS}),
        ],
    )


@dataclass(frozen=True)
class CrashState:
    """A run of 12 epochs that saves over the file last.pt, and is killed once."""

    epoch: int = 8
    moment: str = "saving"
    way: str = "plain"
    every: int = 2
    content: str = "weights and optimizer"

    @property
    def done(self) -> int:
        """The epochs that were finished when the kill came."""
        return self.epoch if self.moment == "saving" else self.epoch - 1

    @property
    def in_a_save(self) -> bool:
        """Whether a file was being written when the kill came."""
        return self.moment == "saving" and self.epoch % self.every == 0

    @property
    def last_save(self) -> int:
        """The last epoch whose save was finished; 0 if there is none."""
        done = self.done - 1 if self.in_a_save else self.done
        return done - done % self.every

    @property
    def on_disk(self) -> int:
        """The epoch in the file that can be loaded; 0 if there is none."""
        return 0 if self.in_a_save and self.way == "plain" else self.last_save

    @property
    def lost(self) -> int:
        """How many finished epochs must be trained again."""
        return self.done - self.on_disk

    @property
    def distance(self) -> float:
        """The largest difference between a weight at the end and that of the unbroken run."""
        return distance(self.on_disk, self.content)

    @property
    def run(self) -> Run:
        """What the next process does."""
        return resumed(self.on_disk, self.content)

    def disk(self) -> tuple[str, str]:
        """The file under its name, and what lies beside it."""
        if self.in_a_save and self.way == "plain":
            name = "last.pt: 0 bytes"
        elif self.on_disk:
            name = f"last.pt: epoch {self.on_disk}, {len(file_of(self.on_disk, self.content)):,} bytes"
        else:
            name = "no last.pt"
        return name, "last.pt.tmp-1f: a part" if self.in_a_save and self.way == "durable" else ""

    def verdict(self) -> tuple[str, str]:
        """A word with an icon, and a sentence."""
        if not self.on_disk:
            return "✗ from nothing", "The next process starts at epoch 1."
        if self.distance == 0:
            return "✓ exactly", "At the end every bit is the unbroken run's."
        return "! on another path", f"At the end its weights differ by up to {self.distance:.2f}."

    def text(self) -> str:
        """The picture in words."""
        file, beside = self.disk()
        when = f"Killed in epoch {self.epoch} while {self.moment}"
        if self.moment == "saving" and not self.in_a_save:
            when += " would be due, but nothing is saved after this epoch"
        loss = self.run.losses[-1]
        return (
            f"{when}; {self.content} saved the {self.way} way, every {self.every} epoch{'s' * (self.every > 1)}. "
            f"On the disk: {file}{'; ' + beside if beside else ''}. "
            f"{self.lost} finished epoch{'s' * (self.lost != 1)} lost. Resumes {self.verdict()[0][2:]}. {self.verdict()[1]} "
            f"Validation loss {loss:.3f}, unbroken {unbroken().losses[-1]:.3f}."
        )

    def svg(self) -> str:
        """The epochs with saves and kill; the disk; the loss before and after."""
        return svg.picture(720, 320, self._epochs(), self._disk_panel(), self._curves())

    def _epochs(self) -> str:
        left, wide = 60, 54
        parts = [svg.text(8, 63, "epochs", size=12)]
        for i in range(1, EPOCHS + 1):
            x = left + wide * (i - 1)
            word, fill = (
                ("safe", BLUE) if i <= self.on_disk else ("lost", VERMILION) if i <= self.done else ("", "none")
            )
            begun = i == self.epoch and self.moment == "training"
            word = "part" if begun else word
            parts += [
                svg.rect(
                    x, 44, wide - 4, 32, fill=VERMILION if begun else fill, opacity=0.3 if word else 1,
                    edge="currentColor" if word else GREY, dash="" if word else "3 3", rounded=3,
                ),
                svg.text(x + wide / 2 - 2, 64, f"{i} {word}".strip(), size=11, anchor="middle", faint=not word),
            ]  # fmt: skip
            if i % self.every == 0 and i <= self.done:
                broken = i == self.epoch and self.in_a_save
                parts.append(svg.text(x + wide - 6, 92, "✗ save" if broken else "save", size=10.5, anchor="end"))
        saving = self.moment == "saving"
        kill = left + wide * (self.epoch - 1) + (wide - 2 if saving else wide / 2)
        anchor = "end" if kill > 600 else "start"
        parts += [svg.line((kill, 18), (kill, 84 if saving else 42), color=VERMILION, width=3)]
        parts += [svg.text(kill - 6 if anchor == "end" else kill + 6, 28, "✗ SIGKILL", bold=True, anchor=anchor)]
        return "".join(parts)

    def _disk_panel(self) -> str:
        file, beside = self.disk()
        sound = self.on_disk > 0
        parts = [svg.heading(8, 300, "On the disk, after the kill", y=120)]
        parts += [
            svg.rect(
                8, 140, 292, 32, fill=BLUE if sound else "none", opacity=0.3, edge="currentColor" if sound else VERMILION,
                dash="" if sound else "5 4", rounded=4,
            )
        ]  # fmt: skip
        parts += [svg.text(18, 161, file, bold=True)]
        parts += [svg.text(18, 188, f"beside it {beside}", size=11, faint=True)] if beside else []
        lost = f"{self.lost} finished epoch{'s' * (self.lost != 1)} lost"
        word, sentence = self.verdict()
        parts += [svg.text(8, 222, lost, size=14, bold=True)]
        parts += [svg.text(8, 254, word, size=14, bold=True), svg.text(8, 274, sentence)]
        loss = f"Validation loss {self.run.losses[-1]:.3f}, unbroken {unbroken().losses[-1]:.3f}"
        return "".join([*parts, svg.text(8, 294, loss)])

    def _curves(self) -> str:
        whole, run = unbroken(), self.run
        axes = svg.Axes(372, 146, 340, 128, (1, EPOCHS), (0, 2.5))
        start = [(self.on_disk, whole.losses[self.on_disk - 1])] if self.on_disk else []
        after = [*start, *enumerate(run.losses, run.first)]
        color = GREEN if self.distance == 0 and self.on_disk else VERMILION
        before = list(enumerate(whole.losses[: self.done], 1))
        parts = [svg.heading(330, 712, "Validation loss: before the kill, and resumed", y=120)]
        parts += [axes.frame(x_label="epoch", x_ticks=range(1, EPOCHS + 1), y_ticks=(0, 1, 2))]
        parts += [axes.curve(enumerate(whole.losses, 1), color=GREY, dash="2 3", width=1.5)]
        parts += [
            axes.curve(before, color=BLUE),
            axes.curve(after, color=color, dash="6 3"),
            axes.dots(after, color=color),
        ]
        for i, (words, tint, dash) in enumerate(
            (("unbroken", GREY, "2 3"), ("before the kill", BLUE, ""), ("resumed", color, "6 3"))
        ):
            y = 152 + 17 * i
            parts += [
                svg.line((560, y), (586, y), color=tint, width=2, dash=dash),
                svg.text(592, y + 4, words, size=11),
            ]
        return "".join(parts)

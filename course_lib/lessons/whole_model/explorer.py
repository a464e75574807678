"""Lesson 07's explorer: a format of saving, a change of the code or the file, and what loading then does."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.lessons.whole_model.survival import CHANGES, FORMATS, Outcome, tried

MARKS = {
    "same": ("✓", "same answers", GREEN),
    "stopped": ("✗", "an error at loading", BLUE),
    "call": ("✗", "an error when called", ORANGE),
    "silent": ("!", "other answers, no error", VERMILION),
    "ran": ("!", "ran a stranger's code", VERMILION),
    "impossible": ("○", "can't be written", GREY),
}


def explore_formats() -> Explorer:
    """Four formats against ten changes; every cell was saved, changed and loaded here, not worked out.

    >>> explorer = explore_formats()
    >>> explorer.set(change="forward edited")
    >>> "other answers, no error" in explorer.state.text()
    True
    """
    return Explorer(
        State(),
        controls=[
            Choice("format", "Format", {name: name for name in FORMATS}),
            Choice("change", "Change", {name: name for name in CHANGES}),
        ],
    )


@dataclass(frozen=True)
class State:
    """The chosen cell of the table."""

    format: str = "whole model"
    change: str = "nothing"

    @property
    def outcome(self) -> Outcome:
        """What was seen when it was tried."""
        return tried()[self.format, self.change]

    def text(self) -> str:
        """The chosen cell in words, and how the format did as a whole."""
        found = self.outcome
        said = f" It said: {found.said}" if found.said else ""
        good = sum(tried()[self.format, change].kind == "same" for change in CHANGES)
        return (
            f"Saved as {self.format}; then: {CHANGES[self.change]}. Outcome: {MARKS[found.kind][1]}.{said} "
            f"Of {len(CHANGES)} changes this format gives the same answers after {good}."
        )

    def svg(self) -> str:
        """The whole table, with the chosen cell framed, and its outcome below."""
        left, top, width, height = 176, 40, 135, 24
        parts = [
            svg.text(left + width * (i + 0.5), top - 12, name, anchor="middle", bold=name == self.format)
            for i, name in enumerate(FORMATS)
        ]
        for row, change in enumerate(CHANGES):
            y = top + height * row
            parts.append(svg.text(left - 10, y + 16, change, anchor="end", bold=change == self.change))
            for column, name in enumerate(FORMATS):
                icon, words, color = MARKS[tried()[name, change].kind]
                chosen = (name, change) == (self.format, self.change)
                x = left + width * column
                parts.append(
                    svg.rect(
                        x + 2,
                        y + 2,
                        width - 4,
                        height - 4,
                        fill=color,
                        opacity=0.18,
                        edge="currentColor" if chosen else "none",
                        rounded=3,
                    )
                )
                parts.append(svg.text(x + width / 2, y + 16, f"{icon} {words}", anchor="middle", size=10))
        bottom = top + height * len(CHANGES)
        icon, words, _ = MARKS[self.outcome.kind]
        parts.append(svg.title(8, f"{self.format}, {self.change}", f"{icon} {words}", y=bottom + 24))
        parts.append(svg.text(8, bottom + 60, svg.fitted(self.outcome.said, 110)))
        return svg.picture(720, bottom + 70, *parts)

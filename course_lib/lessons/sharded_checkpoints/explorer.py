"""Lesson 14: who reads what from whom when the number of ranks changes."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, ORANGE, VERMILION
from course_lib.lessons.sharded_checkpoints.cutting import Plan, Rows, plan, rows_held

COLORS = (BLUE, ORANGE, GREEN, VERMILION, "#CC79A7")


def resharding() -> Explorer:
    """Rows, ranks before, ranks after: the cut, and the parts that each new rank reads.

    >>> explorer = resharding()
    >>> explorer.set(after=2)
    >>> explorer.state.files_read
    [1, 1]
    """
    return Explorer(
        ReshardingState(),
        controls=[
            Slider("rows", "Rows", 1, 16),
            Slider("before", "Ranks before", 1, 5),
            Slider("after", "Ranks after", 1, 5),
        ],
    )


@dataclass(frozen=True)
class ReshardingState:
    """A tensor's rows, how many ranks saved it, how many load it."""

    rows: int = 10
    before: int = 2
    after: int = 3

    @property
    def held(self) -> tuple[list[Rows], list[Rows]]:
        """(start, stop) of each old rank's rows, and of each new one's."""
        return rows_held(self.rows, self.before), rows_held(self.rows, self.after)

    @property
    def plan(self) -> Plan:
        """For each new rank: (old rank, start, stop) of each part that it reads."""
        return plan(*self.held)

    @property
    def files_read(self) -> list[int]:
        """From how many files each new rank reads."""
        return [len(parts) for parts in self.plan]

    def verdict(self) -> str:
        """What is special about it, in a sentence."""
        idle, most = self.files_read.count(0), max(self.files_read)
        words = (
            [] if not idle else [f"{idle} of {self.after} new ranks {'has' if idle == 1 else 'have'} nothing to read"]
        )
        words += [f"one reads from {most} files" if most > 1 else "nobody reads from more than one file"]
        text = "; ".join(words)
        return f"{text[:1].upper()}{text[1:]}."

    def text(self) -> str:
        """The picture in words, with its numbers."""
        each = "; ".join(f"rank {rank} reads {_spoken(parts)}" for rank, parts in enumerate(self.plan))
        saved = "; ".join(f"rank {rank} {_range(held)}" for rank, held in enumerate(self.held[0]))
        return f"{self.rows} rows. Saved by {self.before}: {saved}. Loaded by {self.after}: {each}. {self.verdict()}"

    def svg(self) -> str:
        """The rows in the middle of two cuts: the files on the left, the new ranks on the right, a line for each part."""
        before, after = self.held
        height = 208 / self.rows
        parts = [
            svg.heading(8, 250, f"Files: saved by {self.before}"),
            svg.heading(462, 712, f"Loaded by {self.after}"),
        ]
        parts += [svg.text(356, 16, "which rows go where", anchor="middle", faint=True)]
        for rank, held in enumerate(before):
            parts.append(_block(150, held, height, _range(held), COLORS[rank]))
            parts.append(_beside(142, held, height, f"__{rank}_0.distcp", anchor="end"))
        for rank, held in enumerate(after):
            parts.append(_block(470, held, height, f"rank {rank}", "none"))
        for new in self.plan:
            for old, start, stop in new:
                top, bottom = 40 + start * height, 40 + stop * height
                parts.append(svg.rect(472, top + 1, 66, bottom - top - 2, fill=COLORS[old], opacity=0.35))
                parts.append(svg.arrow((222, (top + bottom) / 2), (466, (top + bottom) / 2), color=COLORS[old]))
                parts.append(_beside(548, (start, stop), height, f"{_range((start, stop))} of file {old}", size=11))
        parts += [svg.text(8, 286, self.verdict(), size=14, bold=True)]
        return svg.picture(720, 298, *parts)


def _block(x: float, held: Rows, height: float, words: str, color: str) -> str:
    start, stop = held
    if start == stop:
        return ""
    top, tall = 40 + start * height, (stop - start) * height
    box = svg.rect(x, top + 1, 70, tall - 2, fill=color, opacity=0.35 if color != "none" else 0, edge="currentColor")
    return box + svg.text(x + 35, top + tall / 2 + 4, words, size=11, anchor="middle")


def _beside(x: float, held: Rows, height: float, words: str, *, size: float = 12, anchor: str = "start") -> str:
    """Words in the middle of what is held; nothing where nothing is."""
    start, stop = held
    return svg.text(x, 44 + (start + stop) / 2 * height, words, size=size, anchor=anchor) if start < stop else ""


def _range(held: Rows) -> str:
    start, stop = held
    if start == stop:
        return "nothing"
    return f"row {start}" if stop == start + 1 else f"rows {start}-{stop - 1}"


def _spoken(parts: list[tuple[int, int, int]]) -> str:
    return " and ".join(f"{_range((start, stop))} of file {old}" for old, start, stop in parts) or "nothing"

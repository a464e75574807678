"""Lesson 14's explorer: TODO what one moves, and what follows."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Explorer, Slider


def explore_sharded_checkpoints() -> Explorer:
    """TODO: what one moves, and what follows."""
    return Explorer(State(), controls=[Slider("number", "Number", 1, 9)])


@dataclass(frozen=True)
class State:
    """What the controls set. Everything else is computed here, with real PyTorch, in 10 ms."""

    number: int = 3

    @property
    def twice(self) -> int:
        """TODO: what follows from the controls."""
        return 2 * self.number

    def text(self) -> str:
        """The picture in words, with its numbers."""
        return f"Twice {self.number} is {self.twice}."

    def svg(self) -> str:
        """The picture."""
        return svg.picture(720, 40, svg.text(8, 24, f"2 × {self.number} = {self.twice}"))

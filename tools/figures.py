"""What can be counted in a lesson."""

import ast
from dataclasses import dataclass

from tools.minutes import words
from tools.parts import Parts
from tools.rules import code_lines


@dataclass(frozen=True)
class Figures:
    """A row of the table."""

    minutes: str
    words: int
    code_cells: int
    longest_cell: int
    asserting: int
    turns: int
    questions: int
    cards: int
    tasks: int
    right: int
    wrong: int
    clauses: int


def figures_of(parts: Parts) -> Figures:
    """Count."""
    lesson = parts.timed
    code = [cell.source for cell in parts.cells if cell.kind == "code"]
    sides = [side for made in parts.attempts.values() for side, _ in made]
    return Figures(
        minutes=f"{lesson.minutes}+{lesson.quiz_minutes}+{lesson.exercise_minutes}",
        words=words(parts.cells),
        code_cells=len(code),
        longest_cell=max(map(code_lines, code), default=0),
        asserting=sum(map(_asserts, code)),
        turns=len(lesson.turns),
        questions=len(parts.questions),
        cards=len(parts.cards),
        tasks=len(lesson.tasks),
        right=sides.count("right"),
        wrong=sides.count("wrong"),
        clauses=sum(parts.clauses.values()),
    )


def _asserts(source: str) -> bool:
    try:
        return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))
    except SyntaxError:  # the notebook's own run says so
        return False

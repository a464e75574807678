"""What can be counted in a lesson."""

import ast
from dataclasses import dataclass

from tools.minutes import words
from tools.parts import Parts, clauses
from tools.rules import code_lines


@dataclass(frozen=True)
class Figures:
    """A row of the table. `few_attempts` counts tasks with fewer than 4 right or 6 wrong attempts (a *Your turn*: 2
    and 3), `open_clauses` the clauses of a contract that no wrong attempt breaks.
    """

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
    few_attempts: int
    open_clauses: str


def figures_of(parts: Parts) -> Figures:
    """Count."""
    lesson = parts.timed
    code = [cell.source for cell in parts.cells if cell.kind == "code"]
    contracts = clauses(parts.exercise) | clauses(parts.cells)
    promised = {(task, n) for task, last in contracts.items() for n in range(1, last + 1)}
    broken = {(task, clause) for task, made in parts.attempts.items() for side, clause in made if side == "wrong"}
    sides = {task: [side for side, _ in made] for task, made in parts.attempts.items()}
    floors = {task: (4, 6) if task in lesson.tasks else (2, 3) for task in sides}
    counts = {task: (made.count("right"), made.count("wrong")) for task, made in sides.items()}
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
        right=sum(right for right, _ in counts.values()),
        wrong=sum(wrong for _, wrong in counts.values()),
        few_attempts=sum(counts[task][0] < floor[0] or counts[task][1] < floor[1] for task, floor in floors.items()),
        open_clauses=f"{len(promised - broken)} of {len(promised)}",
    )


def _asserts(source: str) -> bool:
    try:
        return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))
    except SyntaxError:  # the notebook's own run says so
        return False

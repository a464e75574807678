"""The parts of a lesson: where each stands, and what is in it, read without running any of it."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.schema import Card, Question
from course_lib.classroom.sources import Cell, read_cells
from course_lib.errors import ContentError
from course_lib.syllabus import Lesson
from tools.minutes import timed

ATTEMPT = re.compile(
    r'(?P<side>right|wrong): (?P<what>[^·"]+?)(?: · clause (?P<clause>\d+))? · message: "(?P<message>.+)"'
)
"""The header of an attempt's cell: what it is, which clause it breaks, a part of the verdict's message."""


def places(lesson: Lesson) -> dict[str, str]:
    """Every file of a lesson, below the course's folder, and what it is. The welcome, lesson 0, has fewer."""
    folder, room = f"lessons/{lesson.name}", f"course_lib/lessons/{lesson.slug}"
    tasks = (*lesson.tasks, *lesson.turns)
    found = {f"{folder}/lesson.py": "the notebook's text and code"}
    if lesson.points:
        found[f"{folder}/exercise.py"] = "the tasks' texts, solutions and checks"
    if lesson.quiz_points:
        found[f"{folder}/graded_quiz.yaml"] = "the typed questions of the exercise, with their key"
    found |= {
        f"{folder}/attempts/{task}.py": f"right and wrong answers that prove the check of {task}" for task in tasks
    }
    found[f"{room}/__init__.py"] = "names what the notebook imports"
    if tasks:
        found[f"{room}/tasks/__init__.py"] = "makes the folder a package"
    found |= {f"{room}/tasks/{task}.py": f"the check of {task}" for task in tasks}
    found[f"{room}/questions.yaml"] = "the question bank"
    found[f"{room}/cards.yaml"] = "the flashcards"
    if lesson.number:
        found[f"{room}/explorer.py"] = "the explorer"
        found[f"{room}/trace.py"] = "the trace"
        found[f"{folder}/mutants.py"] = "worlds in which a claim of the lesson is false"
        found[f"tests/lessons/test_explorer_{lesson.slug}.py"] = "tests of the explorer and the trace"
    return found


@dataclass
class Parts:
    """What could be read of a lesson; `problems` holds one line for each part that couldn't."""

    lesson: Lesson
    root: Path
    problems: list[str] = field(default_factory=list)
    missing: bool = False
    cells: list[Cell] = field(default_factory=list)
    exercise: list[Cell] = field(default_factory=list)
    questions: tuple[Question, ...] = ()
    cards: tuple[Card, ...] = ()
    graded: tuple[Question, ...] = ()
    attempts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """task -> for each attempt its side, "right" or "wrong", and the clause it breaks (0: none named)."""
    code: dict[str, ast.Module] = field(default_factory=dict)
    """path -> the syntax tree of each Python module of the lesson."""

    @property
    def timed(self) -> Lesson:
        """The lesson with its minutes, as far as it could be read."""
        counts = {"questions": len(self.questions), "cards": len(self.cards)}
        return timed(self.lesson, self.cells, self.exercise, **counts)

    @property
    def headings(self) -> list[str]:
        """The text of every heading of the notebook, in order."""
        return headings(self.cells)

    @property
    def clauses(self) -> dict[str, int]:
        """How many clauses the contract of each task and each *Your turn* has."""
        return clauses(self.exercise) | clauses(self.cells)


def headings(cells: list[Cell]) -> list[str]:
    """The text of every heading, in order."""
    text = "\n".join(cell.source for cell in cells if cell.kind == "markdown")
    return re.findall(r"^#{2,3} (.+)$", text, flags=re.M)


def read_parts(lesson: Lesson, root: Path) -> Parts:
    """Read a lesson. What is missing or can't be read becomes a line of `problems`, never an exception."""
    parts = Parts(lesson, root)
    for place, what in places(lesson).items():
        path = root / place
        if not path.is_file():
            parts.problems.append(f"{place} is missing: {what}. Write it.")
            parts.missing = True
            continue
        try:
            _read_part(parts, place, path)
        except ContentError as error:
            parts.problems += str(error).splitlines()
        except OSError as error:
            parts.problems.append(f"{place} can't be read: {error.strerror}.")
    for path in sorted((root / "lessons" / lesson.name / "attempts").glob("*.py")):
        if path.stem not in (*lesson.tasks, *lesson.turns):
            parts.problems.append(
                f"lessons/{lesson.name}/attempts/{path.name}: course.toml has no task {path.stem!r} there. "
                "Name the file after a task, or add the task."
            )
    return parts


def _read_part(parts: Parts, place: str, path: Path) -> None:
    text = _text(path, place)
    if todo := [n for n, line in enumerate(text.splitlines(), 1) if "TODO" in line]:
        parts.problems.append(f"{place}, line {todo[0]}: TODO stands there{_more(len(todo) - 1)}. Write it.")
    if path.name == "lesson.py":
        parts.cells = read_cells(path)
    elif path.name == "exercise.py":
        parts.exercise = read_cells(path)
    elif path.parent.name == "attempts":
        parts.attempts[path.stem] = []  # filled up to a header that can't be read
        parts.attempts[path.stem] += [_attempt(cell, place) for cell in read_cells(path)]
    elif path.suffix == ".py":
        parts.code[place] = _parse(text, place)
    else:
        bank = load_bank(path)
        if bank.lesson != parts.lesson.slug:
            raise ContentError(f"{place} says 'lesson: {bank.lesson}'. Write 'lesson: {parts.lesson.slug}'.")
        if path.name == "cards.yaml":
            parts.cards = bank.cards
        elif path.name == "questions.yaml":
            parts.questions = bank.questions
        else:
            parts.graded = bank.questions


def _more(lines: int) -> str:
    return f", and in {lines} more line{'s' if lines > 1 else ''}" if lines else ""


def _text(path: Path, place: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"{place} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None


def _parse(text: str, place: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ContentError(f"{place}, line {error.lineno}: {error.msg}. Mend it.") from None


def _attempt(cell: Cell, place: str) -> tuple[str, int]:
    head = ATTEMPT.fullmatch(cell.title)
    if not head:
        raise ContentError(
            f"{place}, line {cell.line}: expected '# %% wrong: the mistake · clause 2 · message: \"...\"' or right; "
            f"got {cell.title!r}."
        )
    return head["side"], int(head["clause"] or 0)


def clauses(cells: list[Cell]) -> dict[str, int]:
    """How many numbered clauses the text before each solution or *Your turn* has, by task."""
    found, text = {}, ""
    for cell in cells:
        if cell.kind == "markdown":
            text += f"\n{cell.source}"
        elif task := cell.metadata.get("solution") or cell.metadata.get("turn"):
            numbers = [int(n) for n in re.findall(r"^(\d+)\. ", text.rpartition("\n#")[2], flags=re.M)]
            found[task], text = max(numbers, default=0), ""
    return found

"""What grading left of a class, read again: points from the gradebook, diagnoses from receipts. Nothing is executed."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, BaseCell, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook

from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.execute import GradedExecute
from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.gradebook import Course, Row
from course_lib.classroom.grading.judging import NOTHING, quiz_lesson
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.quizzes.bank import Question, load_bank
from course_lib.classroom.tasks.task import find_task
from course_lib.errors import CourseError, InputError
from course_lib.syllabus import load_syllabus

RIGHT, PARTLY, WRONG = "right", "partly", "wrong"
UNTOUCHED, ERROR, WAITING = "not attempted", NOTHING, "waits for a person"
"""What can have become of an item."""

_BASIS = ("assignment_digest", "tasks_digest", "key_digest", "dropped")
_STATES = {"right": RIGHT, "empty": UNTOUCHED, "not marked": WAITING}
"""What became of a typed answer; of any other, it is wrong."""


@dataclass(frozen=True)
class Item:
    """What earns points by itself: a task, one question of the quiz, or a cell of the instructor's own.

    Attributes:
        name: the task's, "q1" and so on, or the cell's id.
        points: that it can earn.
        title: what it asks for; may be empty.
        hints: of a task, in their order.
        is_question: whether it is one of the quiz.
    """

    name: str
    points: float
    title: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    is_question: bool = False


@dataclass(frozen=True)
class Answer:
    """What a student did with an item.

    Attributes:
        share: of the points, 0 to 1; None as long as nobody knows.
        state: RIGHT, PARTLY, WRONG, UNTOUCHED, ERROR or WAITING.
        message: what the judge said.
        hint: the name of the hint that fits the mistake.
        mistakes: what a wrong answer to a question reveals.
        typed: the answer to a question.
        source: the cell that answers a task.
    """

    share: float | None
    state: str
    message: str = ""
    hint: str = ""
    mistakes: tuple[str, ...] = ()
    typed: str = ""
    source: str = ""


@dataclass(frozen=True, eq=False)
class Student:
    """A student, with what is known of this assignment.

    Attributes:
        row: the line of the gradebook.
        handed_in: whether anything was.
        manual: why a person has to look at it; empty if nobody has to.
        answers: by the item's name; empty if nothing is graded.
    """

    row: Row
    handed_in: bool
    manual: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def graded(self) -> bool:
        """Whether there is a score."""
        return self.row.score is not None


@dataclass(frozen=True)
class ClassEvidence:
    """A class and an assignment.

    Attributes:
        assignment: its name.
        items: what earns points, in the notebook's order, without what was dropped.
        students: all of the class.
        stale: how many grades have no receipt, or followed from another assignment, judge or key.
        dropped: the tasks and questions of which everybody has the points.
    """

    assignment: str
    items: tuple[Item, ...]
    students: tuple[Student, ...]
    stale: int = 0
    dropped: tuple[str, ...] = ()

    @property
    def graded(self) -> tuple[Student, ...]:
        """Those with a score."""
        return tuple(student for student in self.students if student.graded)


def read_class(course: Course, assignment: str) -> ClassEvidence:
    """Read what grading left.

    Raises:
        InputError: there is no such assignment, nobody in the class, or nothing is graded.
    """
    template = course.template(assignment)
    rows, handed_in = {row.student: row for row in course.rows(assignment)}, course.submissions(assignment)
    if not rows and not handed_in:
        raise InputError(f"There is nobody to report on: no student is known and nobody handed in {assignment}.")
    if all(row.score is None for row in rows.values()):
        raise InputError(
            f"{assignment} was never graded ({len(handed_in)} handed it in). Run: course grade {assignment}"
        )
    set_up = GradedExecute(config=course.config)
    keys, dropped = Path(set_up.lessons).resolve(), set_up.dropped
    about = receipts.basis(template, Settings("", keys, dropped=dropped), assignment)
    grades, read, stale = _grades(course, assignment, template), {}, 0
    for student, cells in grades.items():
        receipt = receipts.read(receipts.place(course.folder, assignment, student))
        stale += any(receipt.get(name) != about[name] for name in _BASIS)
        sources = _sources(course.autograded(student, assignment) / template.notebook)
        read[student] = (receipt, _answers(cells, receipt, sources))
    students = []
    for name in sorted({*rows, *handed_in}):
        receipt, answers = read.get(name, ({}, {}))
        row = rows.get(name, Row(name))
        manual = str(receipt.get("needs_a_person") or "")
        if row.needs_person and not manual:
            manual = "Something waits for a person's mark."
        students.append(Student(row, name in handed_in or row.score is not None, manual, answers))
    items, gone = _items(template, _questions(template, assignment, keys), read), tuple(about["dropped"])
    kept = tuple(item for item in items if item.name not in gone)
    return ClassEvidence(assignment, kept, tuple(students), stale, gone)


def _questions(template: Template, assignment: str, keys: Path) -> Sequence[Question]:
    """Of the assignment's quiz; none if there is no quiz, or no key here."""
    for cell in template.cells:
        if cell.grade_id == "check-quiz":
            try:
                lesson = load_syllabus().lesson(quiz_lesson(cell.source, assignment))
                return load_bank(keys / lesson.name / "graded_quiz.yaml").questions
            except (CourseError, OSError):
                return ()
    return ()


@dataclass(frozen=True)
class _Cell:
    score: float
    most: float
    waits: bool
    untouched: bool


def _grades(course: Course, assignment: str, template: Template) -> dict[str, dict[str, _Cell]]:
    """Student -> graded cell -> points, a person's own marks included. One query: nbgrader's objects make one each."""
    most = {cell.grade_id: float(cell.metadata["points"]) for cell in template.cells if "points" in cell.metadata}
    by_hand = {cell.grade_id for cell in template.cells if cell.metadata.get("grade") and cell.metadata.get("solution")}
    found: dict[str, dict[str, _Cell]] = {}
    with Gradebook(course.directory.db_url, course.directory.course_id) as book:
        rows = (
            book.db.query(
                SubmittedAssignment.student_id,
                BaseCell.name,
                Grade.score,
                Grade.needs_manual_grade,
                Grade.manual_score,
            )
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == assignment)
        )
        for student, name, score, waits, mark in rows:
            # What a person marks waits for that person, unless nbgrader saw that it is as it was handed out.
            untouched = name in by_hand and not waits and mark is None
            found.setdefault(student, {})[name] = _Cell(float(score), most.get(name, 0.0), bool(waits), untouched)
    return found


def _sources(path: Path) -> dict[str, str]:
    """The code of a graded notebook's cells, by grade_id."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {cell["metadata"].get("nbgrader", {}).get("grade_id", ""): "".join(cell["source"]) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # the gradebook and the receipt still have the rest


def _answers(cells: Mapping[str, _Cell], receipt: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, Answer]:
    found, verdicts = {}, receipt.get("verdicts") or {}
    for grade_id, cell in cells.items():
        verdict = verdicts.get(grade_id) or {}
        kind, _, name = grade_id.partition("-")
        if typed := verdict.get("answers"):
            found |= {q: _typed(about, cell.waits) for q, about in typed.items()}
            continue
        share = None if cell.waits or not cell.most else min(max(cell.score / cell.most, 0.0), 1.0)
        state = _state(share, UNTOUCHED if cell.untouched else verdict.get("outcome"))
        about = {"message": verdict.get("message", ""), "hint": verdict.get("hint", "")}
        is_task = kind == "check" and _task_item(name, cell.most) is not None
        found[name if is_task else grade_id] = Answer(share, state, **about, source=sources.get(f"solution-{name}", ""))
    return found


def _state(share: float | None, outcome: str | None) -> str:
    if share is None:
        return WAITING
    if not share and outcome in (UNTOUCHED, ERROR):
        return outcome
    return RIGHT if share >= 1 else PARTLY if share else WRONG


def _typed(about: Mapping[str, Any], waits: bool) -> Answer:
    """The answer to a question, from a receipt."""
    state = WAITING if waits else _STATES.get(about["outcome"], WRONG)
    share = None if state == WAITING else float(state == RIGHT)
    return Answer(share, state, mistakes=tuple(about["mistakes"]), typed=about["typed"])


def _task_item(name: str, points: float) -> Item | None:
    try:
        task = find_task(name)
    except CourseError:
        return None
    return Item(name, points, (task.__doc__ or "").strip().partition("\n")[0], task.hints)


def _items(template: Template, questions: Sequence[Question], read: Mapping[str, tuple]) -> tuple[Item, ...]:
    """What earns points, in the notebook's order."""
    items = []
    asked = sorted(
        {name for _, answers in read.values() for name in answers if re.fullmatch(r"q\d+", name)}, key=_place
    )
    for before, cell in pairwise([None, *template.cells]):
        if "points" not in cell.metadata:
            continue
        points, kind = float(cell.metadata["points"]), cell.grade_id.partition("-")[0]
        if cell.grade_id == "check-quiz" and asked:
            for name in asked:
                title = questions[_place(name) - 1].ask if _place(name) <= len(questions) else ""
                items.append(Item(name, points / len(asked), title, is_question=True))
        else:
            asked_above = before.source.strip().partition("\n")[0] if before and before.kind == "markdown" else ""
            own = Item(cell.grade_id, points, asked_above.lstrip("# "))
            items.append((_task_item(cell.name, points) if kind == "check" else None) or own)
    return tuple(items)


def _place(name: str) -> int:
    return int(name[1:])

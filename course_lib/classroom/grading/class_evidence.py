"""What grading left of a class, read again: points from the gradebook, diagnoses from receipts and graded notebooks.

Nothing is executed but the key's own programs. A receipt carries a verdict's message; the hint that a judge chose
stands only in the graded notebook, and from there its name is found again.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from course_lib.classroom import style
from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.execute import GradedExecute
from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.gradebook import Course, Row
from course_lib.classroom.grading.judging import quiz_lesson
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.quizzes.bank import Question, load_bank
from course_lib.classroom.quizzes.marking import mark_typed
from course_lib.classroom.tasks.task import find_task
from course_lib.errors import CourseError, InputError
from course_lib.syllabus import load_syllabus

RIGHT, PARTLY, WRONG = "right", "partly", "wrong"
UNTOUCHED, ERROR, WAITING = "not attempted", "nothing to judge", "waits for a person"
"""What can have become of an item."""

_BASIS = ("assignment_digest", "tasks_digest", "key_digest")
_MARKED = re.compile(r'^([✓✗○]) `?q(\d+)(?: = "(.*)"`? (?:is|can))?', flags=re.M)


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
    """A class and an assignment. `stale` counts the grades that followed from another assignment, judge or key."""

    assignment: str
    items: tuple[Item, ...]
    students: tuple[Student, ...]
    stale: int = 0

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
    keys = Path(GradedExecute(config=course.config).lessons).resolve()
    questions = _questions(template, assignment, keys)
    about, grades = receipts.basis(template, Settings("", keys), assignment), _grades(course, assignment)
    read, stale = {}, 0
    for student, cells in grades.items():
        receipt = receipts.read(course.folder / "receipts" / assignment / f"{student}.json")
        stale += bool(receipt) and any(receipt.get(name) != about[name] for name in _BASIS)
        outputs, sources = _notebook(course.autograded(student, assignment) / template.notebook)
        read[student] = (receipt, _answers(cells, receipt, outputs, sources, questions))
    students = []
    for name in sorted({*rows, *handed_in}):
        receipt, answers = read.get(name, ({}, {}))
        row = rows.get(name, Row(name))
        manual = str(receipt.get("needs_a_person") or "")
        if row.needs_person and not manual:
            manual = "Something waits for a person's mark."
        students.append(Student(row, name in handed_in or row.score is not None, manual, answers))
    return ClassEvidence(assignment, _items(template, questions, read), tuple(students), stale)


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
    automatic: float | None
    waits: bool


def _grades(course: Course, assignment: str) -> dict[str, dict[str, _Cell]]:
    """Student -> graded cell -> points, a person's own marks included."""
    with Gradebook(course.directory.db_url, course.directory.course_id) as book:
        return {
            one.student_id: {
                g.name: _Cell(float(g.score), float(g.max_score or 0), g.auto_score, bool(g.needs_manual_grade))
                for notebook in one.notebooks
                for g in notebook.grades
            }
            for one in book.assignment_submissions(assignment)
        }


def _notebook(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Of a graded notebook, by grade_id: what its checks said as plain text, and the code of its cells."""
    outputs, sources = {}, {}
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            sources[grade_id] = _joined(cell["source"])
            shown = [o["data"] for o in cell.get("outputs", ()) if o["output_type"] == "display_data"]
            outputs[grade_id] = _joined(shown[0].get("text/plain", "")) if shown else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}  # the gradebook still has the points
    return outputs, sources


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _answers(
    cells: Mapping[str, _Cell],
    receipt: Mapping[str, Any],
    outputs: Mapping[str, str],
    sources: Mapping[str, str],
    questions: Sequence[Question],
) -> dict[str, Answer]:
    found, verdicts = {}, receipt.get("verdicts") or {}
    for grade_id, cell in cells.items():
        shown, verdict = outputs.get(grade_id, ""), verdicts.get(grade_id) or {}
        if verdict.get("score") != cell.automatic:  # graded again since, by nbgrader's own command
            verdict = {}
        message = str(verdict.get("message") or _message(shown))
        outcome = verdict.get("outcome") or ("not attempted" if shown.startswith("○") else "")
        kind, _, name = grade_id.partition("-")
        if grade_id == "check-quiz" and (marked := _marked(message, questions, cell.waits)):
            found |= marked
            continue
        share = None if cell.waits or not cell.most else min(max(cell.score / cell.most, 0.0), 1.0)
        item = _task_item(name, cell.most) if kind == "check" else None
        hint = next((h for h, text in item.hints.items() if shown.endswith(f"Hint: {_bare(text)}")), "") if item else ""
        state = _state(share, outcome, message)
        source = sources.get(f"solution-{name}", "")
        found[item.name if item else grade_id] = Answer(share, state, message, hint, source=source)
    return found


def _state(share: float | None, outcome: str, message: str) -> str:
    if share is None:
        return WAITING
    if outcome == "not attempted" and not share:
        return ERROR if message.startswith("Nothing could be judged") else UNTOUCHED
    return RIGHT if share >= 1 else PARTLY if share else WRONG


def _bare(text: str) -> str:
    return style.bare(text).rstrip()


def _message(shown: str) -> str:
    """The judge's words in a verdict that was shown: without its title, case and hint."""
    return re.split(r"\n\n(?:Raised in|Seen in case|Hint:) ", shown.partition("\n")[2])[0].strip()


def _marked(message: str, questions: Sequence[Question], waits: bool) -> dict[str, Answer]:
    """The answers to the quiz, from the lines that marking wrote; nothing if there are none."""
    found = {}
    for match in _MARKED.finditer(message):
        sign, number, typed = match[1], int(match[2]), match[3]
        line = message[match.start() :].partition("\n")[0]
        mistakes: tuple[str, ...] = ()
        if sign == "✗" and number <= len(questions):
            try:
                mistakes = mark_typed(questions[number - 1], typed or "").mistakes
            except CourseError:  # the key is another one now
                mistakes = ()
        unmarkable = "can't be marked on this machine" in line and "can't be an answer" not in line
        state = RIGHT if sign == "✓" else UNTOUCHED if typed is None else WRONG
        share = None if waits or unmarkable else float(sign == "✓")
        state = WAITING if share is None else state
        found.setdefault(f"q{number}", Answer(share, state, line, mistakes=mistakes, typed=typed or ""))
    return found


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
    for cell in template.cells:
        if "points" not in cell.metadata:
            continue
        points, kind = float(cell.metadata["points"]), cell.grade_id.partition("-")[0]
        if cell.grade_id == "check-quiz" and asked:
            for name in asked:
                title = questions[_place(name) - 1].ask if _place(name) <= len(questions) else ""
                items.append(Item(name, points / len(asked), title, is_question=True))
        else:
            own = Item(cell.grade_id, points)
            items.append((_task_item(cell.name, points) if kind == "check" else None) or own)
    return tuple(items)


def _place(name: str) -> int:
    return int(name[1:])

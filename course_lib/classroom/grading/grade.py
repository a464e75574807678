"""Grade one submission: read it, put it into shape, run it in its sandbox, judge what was seen. Knows no gradebook."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.classroom.grading.child import Room
from course_lib.classroom.grading.judging import NOTHING, Judge, Judged, quiz_lesson
from course_lib.classroom.grading.plan import Deadlines, Runner, Seen, Step, run
from course_lib.classroom.grading.sandbox import HOME, Limits
from course_lib.classroom.grading.submission import Submission
from course_lib.classroom.tasks.task import find_task
from course_lib.errors import CourseError, InputError
from course_lib.syllabus import load_syllabus

SHOWN = ("text/plain", "image/png", "image/jpeg")
"""MIME types that a submission's outputs keep."""


@dataclass(frozen=True)
class Settings:
    """How a class is graded.

    Attributes:
        secret: what the inputs of the graded cases follow from.
        keys: the folder whose NN_slug/graded_quiz.yaml files hold the keys of the quizzes.
        sandbox: whether submissions are shut in.
        deadlines: seconds that a cell and a notebook may take.
        limits: what a submission may use.
        readable: folders that a submission may read besides the system.
        hidden: folders that it must not see, wherever they lie.
        dropped: assignment -> the tasks and questions of which everybody who handed in has the points.
    """

    secret: str
    keys: Path
    sandbox: bool = True
    deadlines: Deadlines = field(default_factory=Deadlines)
    limits: Limits = field(default_factory=Limits)
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    dropped: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Graded:
    """What became of one notebook.

    Attributes:
        outputs: of its code cells, by their place.
        judged: the verdict on each graded cell, by its grade_id.
        remarks: what was odd or went wrong, for student and instructor.
        manual: why a person has to look at it; empty if nobody has to.
    """

    outputs: dict[int, list[NotebookNode]] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    manual: str = ""


def grade(
    notebook: NotebookNode,
    submission: Submission,
    assignment: str,
    settings: Settings,
    *,
    folder: str,
    runner: Runner = run,
) -> Graded:
    """Run a notebook in the assignment's shape, and judge it.

    Args:
        notebook: what `rebuild` made of the submission.
        submission: the submission itself: its files and digest.
        assignment: the assignment's name.
        settings: of the class.
        folder: where it runs if it isn't shut in.
        runner: what runs the steps.

    Raises:
        InputError: something is dropped that the assignment doesn't have.
        NoSandboxError: this system can't shut a submission in.
    """
    judge, graded = Judge(settings.secret, settings.keys), Graded(manual=submission.unreadable or submission.doubt)
    steps = [step for i, cell in enumerate(notebook.cells) if (step := _step(i, cell, assignment, settings.secret))]
    dropped = _dropped(steps, assignment, settings)
    seed = seed_of(submission)
    room = Room(
        files=submission.files,
        seed=seed,
        shut=settings.sandbox,
        uid=200_000 + seed % 100_000,
        folder=folder,
        readable=settings.readable,
        hidden=settings.hidden,
        limits=settings.limits,
    )
    home = HOME if settings.sandbox else folder
    seen = Seen() if submission.unreadable else runner(steps, room, settings.deadlines)
    graded.remarks += [*submission.remarks, *seen.events]
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        graded.outputs[i] = _clean(seen.outputs.get(i))
        kind, name, points = _graded(cell)
        if not kind:
            continue
        if name == "quiz":
            answers = _written_down(submission) | {q: text for q, text in seen.answers.items() if text.strip()}
            answers = {q: unicodedata.normalize("NFKC", text) for q, text in answers.items()}  # a full-width C is a C
            judged = _quiz(quiz_lesson(cell.source, assignment), points, judge, answers, dropped, graded)
        else:
            tries = seen.tries.get(name, [])
            events = seen.events if tries else [*_why(name, notebook.cells[:i], graded.outputs), *seen.events]
            judged = judge.task(name, points, tries, events)
            for where in {one.where for one in tries if one.where and judged.score}:
                if not _by_the_notebook(where, home, submission.files):
                    graded.remarks.append(f"`{name}` was not written in the notebook: it comes from {where}.")
            judged = judged.with_all_points(name, points) if name in dropped else judged
        graded.judged[cell.metadata.nbgrader.grade_id] = judged
        graded.outputs[i] = judged.outputs()
    # Names of files and modules are the student's: nothing in them may reach a terminal's controls.
    graded.remarks = [printable(remark)[:300] for remark in graded.remarks]
    return graded


def _why(name: str, cells: Sequence[NotebookNode], outputs: Mapping[int, Sequence[NotebookNode]]) -> list[str]:
    """Why a task's name may not be defined: the error in the last cell that mentions it."""
    for number, cell in reversed([*enumerate(cells)]):
        if cell.cell_type == "code" and re.search(rf"\b{name}\b", cell.source):
            raised = [f"{one.ename}: {one.evalue}" for one in outputs[number] if one.output_type == "error"]
            return [f"Its cell raised {printable(error.splitlines()[0])[:180]}." for error in raised]
    return []


def _by_the_notebook(where: str, home: str, files: Mapping[str, bytes]) -> bool:
    """Whether an answer's module was written by a cell, as %%writefile does: then it can be read there."""
    return where.startswith(f"{home}/") and where.removeprefix(f"{home}/") not in files


def printable(text: str) -> str:
    """A line as a terminal may have it: a name may hold what moves its cursor, or is no character."""
    return "".join(c if c.isprintable() else "?" for c in text)


def seed_of(submission: Submission) -> int:
    """What its random generators start from: the same for the same submission, so that grading again gives the same."""
    return int(submission.digest[:8] or "0", 16) >> 1


def _dropped(steps: Sequence[Step], assignment: str, settings: Settings) -> frozenset[str]:
    dropped = settings.dropped.get(assignment, ())
    known = [name for step in steps for name in ([step.task] if step.task else step.answers)]
    if unknown := [name for name in dropped if name not in known]:
        has = f"It has: {', '.join(known)}."
        raise InputError(f"c.GradedExecute.dropped: {assignment} has no task or question {unknown[0]!r}. {has}")
    return frozenset(dropped)


def _quiz(
    lesson: str, points: float, judge: Judge, answers: Mapping[str, str], dropped: frozenset[str], graded: Graded
) -> Judged:
    try:
        return judge.quiz(lesson, points, answers, dropped)
    except (CourseError, OSError) as e:
        graded.manual = graded.manual or f"The quiz can't be marked: {e}"
        text = "The quiz can't be marked by the grader. Somebody will look at it."
        return Judged(0.0, NOTHING, text, 0, 0, {"text/plain": text})


def _graded(cell: NotebookNode) -> tuple[str, str, float]:
    """Of a cell that we judge: "check", what it checks, its points. Of any other: nothing."""
    about = cell.metadata.get("nbgrader", {})
    kind, _, name = about.get("grade_id", "").partition("-")
    if kind != "check" or not about.get("grade") or about.get("solution") or not _known(name):
        return "", "", 0.0
    return kind, name, float(about["points"])


def _known(name: str) -> bool:
    """Whether we have a judge for it; an instructor's own test cell is run and graded as nbgrader does."""
    if name == "quiz":
        return True
    try:
        find_task(name)
    except CourseError:
        return False
    return True


def _step(number: int, cell: NotebookNode, assignment: str, secret: str) -> Step | None:
    if cell.cell_type != "code":
        return None
    kind, name, _ = _graded(cell)
    if not kind:
        return Step(number, source=cell.source)
    if name != "quiz":
        return Step(number, task=name, cases=tuple(find_task(name).cases(secret)))
    try:
        asked = load_syllabus().lesson(quiz_lesson(cell.source, assignment)).quiz_points
    except CourseError:
        asked = 20
    return Step(number, answers=tuple(f"q{i}" for i in range(1, asked + 1)))


_ANSWER = re.compile(r"^[\s>*`-]*(q\d{1,2})[`*]*\s*(?:==?|:)\s*[*`]*(.+?)[*`;]*\s*(?:#.*)?$", flags=re.M | re.I)
_QUOTES = "\"' \u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"


def _written_down(submission: Submission) -> dict[str, str]:
    """Quiz answers as they stand in the text: for those whose cell didn't run, such as `q1 = B`, or is no code."""
    found = {}
    for cell in submission.cells:
        for name, text in _ANSWER.findall(cell.source):
            if bare := text.strip(_QUOTES):
                found[name.lower()] = bare[:200]
    return found


_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def _clean(outputs: Any) -> list[NotebookNode]:
    """Outputs that a submission's process sent, as nbformat has them; whatever is none is left out."""
    cleaned = []
    for output in outputs[:1000] if isinstance(outputs, list) else ():
        kind = output.get("output_type") if isinstance(output, Mapping) else None
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            cleaned.append(new_output("stream", name=name, text=_plain(output.get("text"))))
        elif kind == "error":
            lines = [_plain(line) for line in _listed(output.get("traceback"))]
            about = {"ename": _plain(output.get("ename")), "evalue": _plain(output.get("evalue"))}
            cleaned.append(new_output("error", **about, traceback=lines))
        elif kind in ("display_data", "execute_result"):
            data = output.get("data") if isinstance(output.get("data"), Mapping) else {}
            shown = {mime: _plain(data[mime]) for mime in SHOWN if isinstance(data.get(mime), str)}
            shown = {mime: text for mime, text in shown.items() if mime == "text/plain" or _BASE64.fullmatch(text)}
            if data and not shown:
                kinds = ", ".join(sorted(_plain(mime)[:50] for mime in data)[:5])
                shown = {"text/plain": f"(Feedback shows text and pictures; this was {kinds}.)"}
            if shown:
                extra = {"execution_count": None} if kind == "execute_result" else {}
                cleaned.append(new_output(kind, data=shown, **extra))
    return cleaned


def _listed(value: Any) -> Sequence[Any]:
    return value[:200] if isinstance(value, list) else ()


def _plain(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

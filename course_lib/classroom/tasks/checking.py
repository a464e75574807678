"""`check`, `hint` and `solution`: what learners call, and what graded cells call."""

import base64
import os
import sys
from pathlib import Path
from typing import Any

from course_lib.classroom import progress, style
from course_lib.classroom.sources import read_cells, without_marks
from course_lib.classroom.tasks.observation import (
    Observation,
    encode,
    errors_come_through,
    errors_let_through,
    has_empty_body,
)
from course_lib.classroom.tasks.task import Case, Task, find_task
from course_lib.classroom.tasks.verdicts import judge_all, judge_wires, verdict_bundle
from course_lib.errors import InputError, NotHereError
from course_lib.seeding import sealed
from course_lib.syllabus import ROOMS, load_syllabus

SECRET_VARIABLE = "COURSE_GRADING_SECRET"
"""Set by the grader in the environment of the process that runs learners' code."""

OBSERVATIONS_MIME = "application/vnd.course.observations+json"

_hints_given: dict[str, list[str]] = {}
_last_hint: dict[str, str] = {}


class Points(float):
    """What `check` returns: a float that a notebook shows as nothing, because the verdict above says it in words.

    Its plain text is the bare number: nbgrader's Validate reads the score of a cell there, and anything that is
    no number would count as full marks.
    """

    def _repr_html_(self) -> str:
        return "<!-- the verdict says it -->"


def probe_all(task: Task, answer: Any, secret: str | None = None) -> list[bytes]:
    """Try an answer on every case; what was seen, in its wire form. Nothing global is seen or changed by it."""
    if has_empty_body(answer):
        return [encode(Observation(attempted=False))]
    wires = []
    for case in task.cases(secret):
        seen = probe_case(task, answer, case)
        wires.append(encode(seen))
        if not seen.attempted:
            break
    return wires


def probe_case(task: Task, answer: Any, case: Case) -> Observation:
    """Try an answer on one case, sealed. What the answer raises is recorded, not raised."""
    try:
        with sealed(case.seed):
            return task.probe(answer, case)
    except Exception as e:  # an answer can do what its probe didn't think of, such as breaking what it was given
        if errors_come_through():
            raise
        return Observation(error=f"{type(e).__name__}: {e}"[:1000], type="nothing that could be looked at")


def check(answer: Any, *, case: str | None = None) -> float | None:
    """Try your answer and show a verdict.

    Args:
        answer: the function or class you wrote, under the name the task gives it.
        case: try this one case only, and let an error of yours through with its whole traceback, as a debugger
            wants it. A verdict names the case it speaks of.

    Returns:
        The points it earns on the visible cases; None for a task without points, for a single case, and while
        grading, where the grader awards them.

    Raises:
        InputError: no task has that name, or the task no such case.
    """
    task = find_task(_name_of(answer))
    if secret := os.environ.get(SECRET_VARIABLE):
        wires = [base64.b64encode(wire).decode() for wire in probe_all(task, answer, secret)]
        style.show({OBSERVATIONS_MIME: {"task": task.name, "wires": wires}, "text/plain": "Recorded for grading."})
        return None
    if case is not None:
        return _reproduce(task, answer, case)
    try:
        result = judge_wires(task, probe_all(task, answer))
    except KeyboardInterrupt:
        style.show(style.note_bundle("note", "Stopped before there was a verdict.", title=f"`{task.name}`"))
        return None
    if result.verdict.hint:
        _last_hint[task.name] = result.verdict.hint
    lesson = load_syllabus().lesson_of_task(task.name)
    earned = Points(round(task.points * result.share, 2))
    points = {"earned": float(earned), "of": task.points} if task.points else {}
    progress.record("checked", lesson.slug, task.name, outcome=result.verdict.outcome, **points)
    if result.verdict.outcome == "passed":
        progress.record("passed", lesson.slug, task.name)
    style.show(verdict_bundle(task, result, points=task.points))
    return earned if task.points else None


def _reproduce(task: Task, answer: Any, name: str) -> None:
    cases = {case.name: case for case in task.cases()}
    if name not in cases:
        raise InputError(f"{task.name} has no case {name!r} here. Its cases are: {', '.join(map(repr, cases))}.")
    settings = ", ".join(f"{key} = {value!r}" for key, value in cases[name].settings.items())
    style.show(style.note_bundle("note", f"`{settings or 'no settings'}`", title=f"case *{name}* alone"))
    with errors_let_through():
        seen = probe_case(task, answer, cases[name])
    style.show(verdict_bundle(task, judge_all(task, [cases[name]], [seen])))


def hint(answer: Any) -> None:
    """Show the next hint: first the one that fits your last verdict, then the others in order.

    Args:
        answer: your function or class, or its name in quotes.
    """
    task = find_task(_name_of(answer))
    given = _hints_given.setdefault(task.name, [])
    again = ""
    if set(given) >= task.hints.keys():
        given.clear()
        again = "You have seen them all; from the first again.\n\n"
    order = [h for h in (_last_hint.get(task.name), *task.hints) if h]
    name = next(h for h in order if h not in given)
    given.append(name)
    text = f"{again}{task.hints[name]}\n\n{len(given)} of {len(task.hints)} hints."
    if len(given) == len(task.hints) and _sources(task.name).exists():
        text += f" Still stuck? `solution({task.name})` shows one way."
    style.show(style.note_bundle("hint", text, title=f"`{task.name}`"))


def solution(answer: Any) -> None:
    """Show the worked solution, taken from the source of the exercise (or lesson) in the repository.

    Args:
        answer: your function or class, or its name in quotes.

    Raises:
        NotHereError: this copy of the course has no solutions (an instructor took them out).
    """
    task = find_task(_name_of(answer))
    code = solution_code(task.name)
    # As markdown: the front end highlights it, and breaks no line inside a word.
    style.show({"text/markdown": f"One solution of `{task.name}`:\n\n```python\n{code}\n```", "text/plain": code})


def solution_code(task: str) -> str:
    """The solution cell of an exercise, or of a *Your turn* in a lesson, without nbgrader's markers."""
    path = _sources(task)
    if not path.exists():
        raise NotHereError(
            f"The solution of {task} is not part of this copy of the course. Ask whoever gave it to you."
        )
    for cell in read_cells(path):
        if task in (cell.metadata.get("solution"), cell.metadata.get("turn")):
            return without_marks(cell.source)
    raise NotHereError(f"{path.name} of {path.parent.name} has no cell '# %% solution=\"{task}\"'. Add it.")


def _sources(task: str) -> Path:
    lesson = load_syllabus().lesson_of_task(task)
    file = "exercise.py" if task in lesson.tasks else "lesson.py"
    authored = ROOMS.parents[1] / "lessons" / lesson.name / file
    return authored if authored.exists() else ROOMS / lesson.slug / "solutions.txt"  # setup.py puts it into a wheel


def _name_of(answer: Any) -> str:
    """The task's name: the answer itself if it is a string, else what the caller's variables call it."""
    if isinstance(answer, str):
        return answer
    syllabus = load_syllabus()
    known = {task for lesson in syllabus.known for task in (*lesson.tasks, *lesson.turns)}
    name = getattr(answer, "__name__", "")
    if name in known:
        return name
    # A decorator may hide the name (`predict = torch.no_grad()(forward)`): look what the notebook calls it.
    bound = [n for n, value in sys._getframe(2).f_globals.items() if value is answer and n in known]
    if bound:
        return bound[0]
    raise InputError(
        f"Expected an answer named after a task, or the task's name in quotes; got {name or type(answer).__name__!r}. "
        "Give your function the name that the task's text asks for."
    )

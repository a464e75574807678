"""`check`, `hint` and `solution`: what learners call, and what graded cells call."""

import base64
import os
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from course_lib.classroom import progress, style
from course_lib.classroom.tasks.observation import Observation, decode, encode, has_empty_body
from course_lib.classroom.tasks.task import Result, Task, find_task, judge_all
from course_lib.errors import InputError, NotHereError
from course_lib.syllabus import ROOMS, load_syllabus

SECRET_VARIABLE = "COURSE_GRADING_SECRET"
"""Set by the grader in the environment of the process that runs learners' code."""

OBSERVATIONS_MIME = "application/vnd.course.observations+json"

_hints_given: dict[str, list[str]] = {}
_last_hint: dict[str, str] = {}


def probe_all(task: Task, answer: Any, secret: str | None = None) -> list[bytes]:
    """Try an answer on every case; what was seen, in its wire form. Leaves every global RNG as it was."""
    if has_empty_body(answer):
        return [encode(Observation(attempted=False))]
    wires = []
    for case in task.cases(secret):
        with _undisturbed(case.seed):
            seen = task.probe(answer, case)
        wires.append(encode(seen))
        if not seen.attempted:
            break
    return wires


def judge_wires(task: Task, wires: list[bytes], secret: str | None = None) -> Result:
    """Judge what came over the wire. A judge builds models too: it must not draw from the learner's RNG."""
    with _undisturbed(0):
        return judge_all(task, task.cases(secret), [decode(wire) for wire in wires])


def check(answer: Any) -> float | None:
    """Try your answer and show a verdict.

    Args:
        answer: the function or class you wrote, under the name the task gives it.

    Returns:
        The points it earns on the visible cases. While grading: None; the grader awards the points.

    Raises:
        InputError: no task has that name.
    """
    task = find_task(_name_of(answer))
    if secret := os.environ.get(SECRET_VARIABLE):
        wires = [base64.b64encode(wire).decode() for wire in probe_all(task, answer, secret)]
        _show({OBSERVATIONS_MIME: {"task": task.name, "wires": wires}, "text/plain": "Recorded for grading."})
        return None
    result = judge_wires(task, probe_all(task, answer))
    verdict = result.verdict
    if verdict.hint:
        _last_hint[task.name] = verdict.hint
    lesson = load_syllabus().lesson_of_task(task.name)
    progress.record("checked", lesson.slug, task.name, outcome=verdict.outcome)
    if verdict.outcome == "passed":
        progress.record("passed", lesson.slug, task.name)
    _show(verdict_bundle(task, result))
    return float(round(task.points * result.share, 2))


def verdict_bundle(task: Task, result: Result) -> dict[str, str]:
    """A verdict as HTML and as plain text."""
    verdict = result.verdict
    text = verdict.message
    if verdict.outcome == "failed":
        text += f"\n\nSeen in case *{result.case}*; {result.right} of {result.cases} cases count as right."
        text += f" Stuck? Run `hint({task.name})`."
    elif verdict.outcome == "not attempted":
        text += f" Write your answer, run its cell, then run this one again. For a start: `hint({task.name})`."
    else:
        text = f"{text or 'Right'} ({result.cases} of {result.cases} cases)."
    return style.note_bundle(verdict.outcome, text, title=f"`{task.name}`")


def hint(answer: Any) -> None:
    """Show the next hint: first the one that fits your last verdict, then the others in order.

    Args:
        answer: your function or class, or its name in quotes.
    """
    task = find_task(_name_of(answer))
    given = _hints_given.setdefault(task.name, [])
    order = [h for h in (_last_hint.get(task.name), *task.hints) if h]
    name = next((h for h in order if h not in given), None)
    if name is None:
        given.clear()
        name = order[0]
    given.append(name)
    text = f"{task.hints[name]}\n\n{len(given)} of {len(task.hints)} hints."
    if len(given) == len(task.hints):
        text += f" Still stuck? `solution({task.name})` shows one way."
    _show(style.note_bundle("hint", text, title=f"`{task.name}`"))


def solution(answer: Any) -> None:
    """Show the worked solution, taken from the exercise's source in the repository.

    Args:
        answer: your function or class, or its name in quotes.

    Raises:
        NotHereError: this copy of the course has no sources (an instructor took them out).
    """
    task = find_task(_name_of(answer))
    code = solution_code(task.name)
    _show(
        {
            "text/html": style.note(
                "note", style.markdown(f"```python\n{code}\n```"), title=f"one solution of `{task.name}`"
            ),
            "text/plain": code,
        }
    )


def solution_code(task: str) -> str:
    """The solution cell of the exercise, without nbgrader's markers."""
    lesson = load_syllabus().lesson_of_task(task)
    path = ROOMS.parents[1] / "lessons" / lesson.name / "exercise.py"
    if not path.exists():
        raise NotHereError(
            f"The solution of {task} is not part of this copy of the course. Ask whoever gave it to you."
        )
    cells = re.split(r"^(?=# %%)", path.read_text(encoding="utf-8"), flags=re.M)
    for cell in cells:
        header, _, body = cell.partition("\n")
        if f'solution="{task}"' in header:
            return re.sub(r"^\s*### (BEGIN|END) SOLUTION\n", "", body, flags=re.M).strip()
    raise NotHereError(f"{path.name} of lesson {lesson.name} has no cell '# %% solution=\"{task}\"'. Add it.")


def check_quiz(lesson: str, **answers: Any) -> None:
    """Hand in typed quiz answers.

    Args:
        lesson: the lesson's slug.
        answers: `q1="B"` and so on.

    Here it only says what is recorded; the key stays with the grader.
    """
    load_syllabus().lesson(lesson)
    typed = {name: str(value).strip()[:100] for name, value in answers.items()}
    if os.environ.get(SECRET_VARIABLE):
        _show({OBSERVATIONS_MIME: {"quiz": lesson, "answers": typed}, "text/plain": "Recorded for grading."})
        return
    empty = [name for name, value in typed.items() if not value]
    listing = ", ".join(f"{name} = {value}" for name, value in typed.items() if value) or "nothing yet"
    text = f"Recorded: {listing}." + (f" Still empty: {', '.join(empty)}." if empty else " Your grader has the key.")
    kind = "not attempted" if empty else "note"
    _show(style.note_bundle(kind, text, title="Quiz"))


def _name_of(answer: Any) -> str:
    """The task's name: the answer itself if it is a string, else what the caller's variables call it."""
    if isinstance(answer, str):
        return answer
    syllabus = load_syllabus()
    known = {task for lesson in syllabus.known for task in lesson.tasks}
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


def _show(bundle: dict[str, Any]) -> None:
    """Display in a notebook, print in a terminal."""
    from IPython import get_ipython

    if get_ipython() is None:
        print(bundle["text/plain"])
    else:
        from IPython.display import display

        display(bundle, raw=True)


@contextmanager
def _undisturbed(seed: int) -> Iterator[None]:
    """Run at a seed, then put every global RNG and the grad mode back: checking must not change training."""
    python, numpy = random.getstate(), np.random.get_state()
    grad = torch.is_grad_enabled()
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed)
        torch.random.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
            torch.set_grad_enabled(grad)

"""Judge what was seen of a graded cell. No process, no learner code, no nbgrader: evidence in, score and verdict out.

A score needs positive evidence: a cell of which nothing was seen earns nothing, and says why.
"""

import base64
import re
import signal
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.classroom import style
from course_lib.classroom.grading.plan import Try
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.typed import TypedAnswer, mark_answers
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME
from course_lib.classroom.tasks.task import Task, find_task
from course_lib.classroom.tasks.verdicts import Result, judge_wires, verdict_bundle
from course_lib.errors import InputError
from course_lib.syllabus import load_syllabus

JUDGE_SECONDS = 30
"""Longer than any honest observation takes."""

NOTHING = "nothing to judge"
"""The outcome where an answer was lost, or left nothing to see."""


@dataclass(frozen=True)
class Judged:
    """What a graded cell earned.

    Attributes:
        score: points.
        outcome: "passed", "failed", "not attempted" (a stub, or no answer) or NOTHING.
        message: the verdict in words, as the student reads it.
        right: how many cases, or questions, were right.
        of: how many there are; 0 if nothing could be judged.
        bundle: the verdict to display, as MIME type -> text.
        hint: the name of the hint that the judge chose.
        case: the case of which a failed verdict speaks.
        answers: of a quiz, by `q1` and so on.
        dropped: the task, or the questions, of which everybody has the points.
    """

    score: float
    outcome: str
    message: str
    right: int
    of: int
    bundle: Mapping[str, str]
    hint: str = ""
    case: str = ""
    answers: Mapping[str, TypedAnswer] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    def with_all_points(self, name: str, points: float) -> "Judged":
        """The same task, dropped after the hand-in; what was seen of it is still said."""
        text = f"This task was dropped: everybody who handed in has its points. What was seen of it: {self.message}"
        bundle = style.note_bundle("note", text, title=f"`{name}`, {points:g} of {points:g} points")
        return replace(self, score=points, bundle=bundle, dropped=(name,))

    def outputs(self) -> list[NotebookNode]:
        """What takes the place of the cell's outputs: the verdict, and the score as nbgrader reads it."""
        return [
            new_output("display_data", data=dict(self.bundle)),
            # A built-in float: nbgrader gives full points for anything else.
            new_output("execute_result", data={"text/plain": repr(float(self.score))}, execution_count=None),
        ]


@dataclass(frozen=True)
class Judge:
    """Judges graded cells with the secret of a class.

    Attributes:
        secret: what the inputs of the graded cases follow from.
        keys: the folder whose NN_slug/graded_quiz.yaml files hold the keys of the quizzes.
    """

    secret: str
    keys: Path

    def task(self, name: str, points: float, tries: Sequence[Try], events: Sequence[str] = ()) -> Judged:
        """The verdict on the best of an answer's tries.

        Args:
            name: the task.
            points: what its cell can earn.
            tries: what was seen, once where the check stands and, if the answer was another one then, at the end.
            events: what happened to the notebook: why there may be nothing to see.
        """
        judged = [self._try(name, points, one) for one in tries]
        if not judged:
            return _nothing_seen(name, " ".join([f"`{name}` is not defined when the notebook has run.", *events]))
        return max(judged, key=lambda j: j.score)  # the first of equals

    def quiz(self, lesson: str, points: float, answers: Mapping[str, str], dropped: Collection[str] = ()) -> Judged:
        """The mark of a quiz.

        Args:
            lesson: the lesson's slug.
            points: what the cell can earn.
            answers: what was typed, by `q1` and so on.
            dropped: questions of which everybody has the points.
        """
        about = load_syllabus().lesson(lesson)
        questions = load_bank(self.keys / about.name / "graded_quiz.yaml").questions
        typed = {name: _as_typed(str(value)) for name, value in answers.items()}
        marked = {f"q{i}": one for i, one in enumerate(mark_answers(questions, typed, reasons=False), 1)}
        kept = {name: one for name, one in marked.items() if name not in dropped}
        right, gone = sum(one.outcome == "right" for one in kept.values()), tuple(n for n in marked if n in dropped)
        lines = [kept[n].line if n in kept else f"• `{n}` was dropped: everybody has its point." for n in marked]
        text = "\n\n".join([*lines, f"{right} of {len(kept)} right."])
        outcome = "passed" if right == len(kept) else "failed" if any(typed.values()) else "not attempted"
        score = _rounded(points * (right + len(gone)) / len(marked), points)
        bundle = style.note_bundle(outcome, text, title="Quiz")
        return Judged(score, outcome, text, right, len(kept), bundle, answers=marked, dropped=gone)

    def outputs(self, name: str, points: float, outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
        """The same for what a *kernel* put out, where nothing else was seen of the cell: for stock execution.

        Args:
            name: the task, or "quiz".
            points: what the cell can earn.
            outputs: what the cell put out, as nbformat has it; it may be forged, and then earns nothing.
        """
        handed_out = [o.data[OBSERVATIONS_MIME] for o in outputs if OBSERVATIONS_MIME in o.get("data", {})]
        errors = [o for o in outputs if o.output_type == "error"]
        try:
            if not handed_out:
                why = f"{errors[0].ename}: {errors[0].evalue}" if errors else "The cell ran and handed out nothing."
                return _nothing_seen(name, why).outputs()
            if name == "quiz":
                return self.quiz(handed_out[-1]["quiz"], points, dict(handed_out[-1]["answers"])).outputs()
            wires = [base64.b64decode(wire, validate=True) for wire in handed_out[-1]["wires"]]
            return self.task(name, points, [Try(wires)]).outputs()
        except Exception as e:
            # What was handed out may be forged: whatever it breaks here, it earns nothing and the class goes on.
            return _nothing_seen(name, f"What was handed out can't be read ({type(e).__name__}: {e}).").outputs()

    def _try(self, name: str, points: float, one: Try) -> Judged:
        try:
            task = find_task(name)
            if not one.wires:
                return _nothing_seen(name, f"Nothing was seen of it: {one.why or 'no case was tried'}.")
            with _within(JUDGE_SECONDS):
                result = judge_wires(task, one.wires, self.secret)
        except Exception as e:
            # An observation may be forged: whatever it breaks here, it earns nothing and the class goes on.
            return _nothing_seen(name, f"What was seen can't be judged ({type(e).__name__}: {e}).")
        return _judged(task, result, points)


def _judged(task: Task, result: Result, points: float) -> Judged:
    verdict = result.verdict
    bundle = verdict_bundle(task, result, points=int(points), on_paper=True)
    score = _rounded(points * result.share, points)
    case, hint = (result.case, verdict.hint) if verdict.outcome == "failed" else ("", "")
    return Judged(score, verdict.outcome, verdict.message, result.right, result.cases, bundle, hint, case)


def _rounded(score: float, points: float) -> float:
    return float(min(max(round(score, 2), 0.0), points))


def _nothing_seen(name: str, why: str) -> Judged:
    text = f"Nothing could be judged, so nothing is earned. {why}"
    return Judged(0.0, NOTHING, text, 0, 0, style.note_bundle("note", text, title=f"Nothing to judge: `{name}`"))


def quiz_lesson(source: str, assignment: str) -> str:
    """The slug of the lesson whose quiz a cell `check_quiz("slug")` of the assignment asks for."""
    if called := re.search(r"check_quiz\(\s*[\"'](\w+)[\"']", source):
        return called[1]
    try:
        return load_syllabus().called(assignment).slug
    except InputError:
        return assignment


def _as_typed(text: str) -> str:
    """An answer without what people write around one: quotes, brackets, "option", "answer"."""
    text = text.encode("utf-8", "replace").decode().strip()
    while len(text) > 1 and (text[0] + text[-1] in ("''", '""', "()", "[]", "{}", "``", "**")):
        text = text[1:-1].strip()
    words = r"\b(?:the|my|answers?|options?|choices?|letters?|lines?|numbers?|is|are|and)\b|[:'\"\[\]{}]"
    if text.endswith(")") and "(" not in text:  # 0.5), as who writes b) writes it
        text = text[:-1].rstrip()
    bare = " ".join(re.sub(words, " ", text, flags=re.I).split()).rstrip(" .")
    return bare if re.search(r"\w", bare) else text


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the block when it takes longer; only where a signal can reach it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"it took more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

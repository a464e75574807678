"""From observations to a verdict: the part of checking that needs neither a learner's code nor a notebook.

`check` uses it in the notebook, and the grader in a process that never ran the answer. Whatever came over the wire,
honest or forged, there is a verdict.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.classroom import style
from course_lib.classroom.tasks.observation import Observation, WireError, decode
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed
from course_lib.seeding import sealed


@dataclass(frozen=True)
class Result:
    """The verdicts of all cases together: the first that isn't passed speaks.

    Attributes:
        where: the learner's own line that raised the error of which the verdict speaks, if it speaks of one.
    """

    verdict: Verdict
    case: str
    right: int
    cases: int
    where: str = ""

    @property
    def share(self) -> float:
        """The part of the points that was earned, 0 to 1: nothing unless the first, ordinary case is right."""
        return 0.0 if self.right == 0 else self.right / self.cases


def judge_wires(task: Task, wires: Sequence[bytes], secret: str | None = None) -> Result:
    """Judge what came over the wire, one observation a case; bytes that are no observation fail their case."""
    return judge_all(task, task.cases(secret), [_read(wire) for wire in wires])


def judge_all(task: Task, cases: Sequence[Case], observations: Sequence[Observation | Verdict]) -> Result:
    """Judge one observation per case. A case that nothing was seen of is not passed.

    Args:
        task: whose judge decides.
        cases: in their order; the first is the ordinary use.
        observations: in the same order; a Verdict stands for one that could not be read.
    """
    verdicts = [(case.name, *_judge(task, seen, case)) for case, seen in zip(cases, observations, strict=False)]
    if len(verdicts) < len(cases):
        lost = failed("Nothing was seen of this case: the run ended early.")
        verdicts.append((cases[len(verdicts)].name, lost, ""))
    right = sum(verdict.outcome == "passed" for _, verdict, _ in verdicts)
    if verdicts[0][1].outcome != "passed":
        right = 0
    name, verdict, where = next((v for v in verdicts if v[1].outcome != "passed"), verdicts[0])
    return Result(verdict, name, right, len(cases), where)


def _read(wire: bytes) -> Observation | Verdict:
    try:
        return decode(wire)
    except WireError as e:
        return failed(f"What came back can't be judged. {e}")


def _judge(task: Task, seen: Observation | Verdict, case: Case) -> tuple[Verdict, str]:
    """The verdict, and the learner's line where it matters. Total: no observation makes it raise."""
    if isinstance(seen, Verdict):
        return seen, ""
    if not seen.attempted:
        return Verdict("not attempted", "This is still the stub."), ""
    try:
        with sealed():  # a judge builds models too
            verdict = task.judge(seen, case)
    except Exception as e:  # a judge meets what its author didn't think of: huge numbers, other types, forged fields
        what = f"{type(e).__name__}: {e}"[:300]
        why = f"`{task.name}` raised {seen.error}" if seen.error else f"comparing it raised {what}"
        verdict = failed(f"What came back ({seen.type}) can't be judged: {why}.")
    if verdict.outcome == "failed" and not seen.error and re.search(r"(got|returned) `?None", verdict.message):
        verdict = failed(f"{verdict.message} Is a `return` missing?", hint=verdict.hint)
    speaks_of_it = bool(seen.error) and seen.error_type in verdict.message
    return verdict, seen.where if speaks_of_it else ""


def verdict_bundle(task: Task, result: Result, *, points: int = 0, on_paper: bool = False) -> dict[str, str]:
    """A verdict as HTML and as plain text; with `points`, also how many of them were earned.

    On paper, where nobody can run `hint(...)`, the hint that fits stands below it.
    """
    verdict = result.verdict
    text = verdict.message
    if verdict.outcome == "failed":
        if result.where:
            text += f"\n\nRaised in {result.where}."
        text += f"\n\nSeen in case *{result.case}*; {result.right} of {_cases(result.cases)} counted as right."
        text += "" if on_paper else f" Stuck? Run `hint({task.name})`."
        if on_paper and verdict.hint in task.hints:
            text += f"\n\nHint: {task.hints[verdict.hint]}"
    elif verdict.outcome == "not attempted" and not on_paper:
        text += f" Write your answer, run its cell, then run this one again. For a start: `hint({task.name})`."
    elif verdict.outcome == "passed":
        text = f"{text or 'Right'} ({result.cases} of {_cases(result.cases)})."
    title = f"`{task.name}`"
    if points:
        title += f", {round(points * result.share, 2):g} of {points} point{'' if points == 1 else 's'}"
    return style.note_bundle(verdict.outcome, text, title=title)


def _cases(number: int) -> str:
    return f"{number} case{'' if number == 1 else 's'}"

"""Run the attempts of a lesson: the answers that prove its checks."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.classroom.sources import read_cells
from course_lib.classroom.tasks.checking import probe_all
from course_lib.classroom.tasks.observation import decode
from course_lib.classroom.tasks.task import Task, find_task
from course_lib.classroom.tasks.verdicts import Result, judge_all, judge_wires
from course_lib.syllabus import load_syllabus
from tools.parts import ATTEMPT

ROOT = Path(__file__).parents[1]
SECRET = "the secret of this test run"


@dataclass(frozen=True)
class Attempt:
    """An answer with what must come out. `what` is the approach of a right one, the mistake of a wrong one."""

    task: str
    right: bool
    what: str
    clause: int | None
    message: str
    code: str

    def answer(self) -> object:
        """Run the cell as a notebook would, and hand out the answer."""
        return answer_of(self.code, self.task)


def answer_of(code: str, task: str) -> object:
    namespace = {"__name__": "__main__"}
    exec(compile(code, f"<{task}>", "exec"), namespace)
    return namespace[task]


@cache
def attempts(lesson_name: str) -> tuple[Attempt, ...]:
    """Every attempt of a lesson, from attempts/<task>.py: one cell each."""
    found = []
    for path in sorted((ROOT / "lessons" / lesson_name / "attempts").glob("*.py")):
        for cell in read_cells(path):
            head = ATTEMPT.fullmatch(cell.title)
            assert head, (
                f"{path.relative_to(ROOT)}, line {cell.line}: expected "
                f"'# %% wrong: the mistake · clause 2 · message: \"...\"' or right, without a clause; got {cell.title!r}"
            )
            clause = int(head["clause"]) if head["clause"] else None
            found.append(
                Attempt(path.stem, head["side"] == "right", head["what"], clause, head["message"], cell.source)
            )
    return tuple(found)


def attempt(task: str, what: str) -> Attempt:
    """One attempt, by its task and what it is."""
    return next(a for a in ATTEMPTS if (a.task, a.what) == (task, what))


def judged(task: Task, answer: object, secret: str | None = None) -> Result:
    """The verdict on an answer, over the wire."""
    return judge_wires(task, probe_all(task, answer, secret), secret)


@cache
def graded_wires(attempt: Attempt) -> list[bytes]:
    """What the grader's cases see of an attempt; kept, because several tests ask."""
    return probe_all(find_task(attempt.task), attempt.answer(), SECRET)


def failing_cases(attempt: Attempt) -> set[str]:
    """The names of the graded cases that an attempt fails."""
    task = find_task(attempt.task)
    cases = task.cases(SECRET)
    seen = [decode(wire) for wire in graded_wires(attempt)]
    results = {case.name: judge_all(task, [case], [s]) for case, s in zip(cases, seen, strict=False)}
    return {name for name, result in results.items() if result.verdict.outcome != "passed"}


_SYLLABUS = load_syllabus()


def _begun(lesson) -> bool:
    """Whether a draft is far enough to be tried."""
    rooms = ROOT / "course_lib" / "lessons" / lesson.slug / "tasks"
    return (
        all((rooms / f"{task}.py").exists() for task in lesson.tasks)
        and (ROOT / "lessons" / lesson.name / "exercise.py").exists()
    )


LESSONS = [x for x in (*_SYLLABUS.lessons, *filter(_begun, _SYLLABUS.drafts)) if x.tasks]
ATTEMPTS = [a for lesson in LESSONS for a in attempts(lesson.name)]
TASKS = [find_task(name) for lesson in LESSONS for name in (*lesson.tasks, *lesson.turns)]

"""Run the attempts of a lesson: the answers that prove its checks."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.classroom.tasks.checking import judge_wires, probe_all
from course_lib.classroom.tasks.observation import decode
from course_lib.classroom.tasks.task import Result, Task, find_task
from course_lib.syllabus import load_syllabus

ROOT = Path(__file__).parents[1]
SECRET = "the secret of this test run"


@dataclass(frozen=True)
class Attempt:
    """An answer with what must come out."""

    path: Path
    task: str
    verdict: str
    message: str

    @property
    def right(self) -> bool:
        return self.path.name.startswith("right_")

    def answer(self) -> object:
        """Run the file as a notebook cell would run, and hand out the answer."""
        return answer_of(self.path.read_text(encoding="utf-8"), self.task)


def answer_of(code: str, task: str) -> object:
    namespace = {"__name__": "__main__"}
    exec(compile(code, f"<{task}>", "exec"), namespace)
    return namespace[task]


@cache
def attempts(lesson_name: str) -> tuple[Attempt, ...]:
    """Every attempt of a lesson; its first three lines say what it is."""
    found = []
    for path in sorted((ROOT / "lessons" / lesson_name / "attempts").glob("*.py")):
        head = path.read_text(encoding="utf-8").splitlines()[:3]
        values = [re.fullmatch(r"# (task|verdict|message): (.+)", line) for line in head]
        assert all(values), f"{path}: the first three lines must be '# task:', '# verdict:' and '# message:'"
        found.append(Attempt(path, *(v[2] for v in values)))
    return tuple(found)


def judged(task: Task, answer: object, secret: str | None = None) -> Result:
    """The verdict on an answer, over the wire."""
    return judge_wires(task, probe_all(task, answer, secret), secret)


def failing_cases(task: Task, answer: object) -> set[str]:
    """The names of the graded cases that this answer fails."""
    cases = task.cases(SECRET)
    seen = [decode(wire) for wire in probe_all(task, answer, SECRET)]
    return {case.name for case, s in zip(cases, seen, strict=False) if task.judge(s, case).outcome != "passed"}


_SYLLABUS = load_syllabus()


def _begun(lesson) -> bool:
    """Whether a draft is far enough to be tried."""
    written = ROOT / "course_lib" / "tasks" / f"{lesson.slug}.py", ROOT / "lessons" / lesson.name / "exercise.py"
    return all(path.exists() for path in written)


LESSONS = [x for x in (*_SYLLABUS.lessons, *filter(_begun, _SYLLABUS.drafts)) if x.tasks]
ATTEMPTS = [a for lesson in LESSONS for a in attempts(lesson.name)]
TASKS = [find_task(name) for lesson in LESSONS for name in lesson.tasks]

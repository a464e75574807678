"""Every attempt gives its verdict and its message; every case of every judge earns its place."""

import re

import pytest
from attempts import ATTEMPTS, LESSONS, ROOT, SECRET, TASKS, answer_of, attempts, failing_cases, judged

from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.observation import STUB
from course_lib.classroom.tasks.task import find_task


@pytest.mark.parametrize("secret", [None, SECRET], ids=["visible", "graded"])
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.path.stem)
def test_attempt_gives_its_verdict_and_message(attempt, secret):
    result = judged(find_task(attempt.task), attempt.answer(), secret)
    if secret is None and not attempt.right and result.verdict.outcome == "passed":
        # Some mistakes only show in the cases that the grader keeps: then those must catch it.
        result = judged(find_task(attempt.task), attempt.answer(), SECRET)
    assert result.verdict.outcome == attempt.verdict, result
    assert attempt.message in result.verdict.message, result
    assert (result.share == 1) == (attempt.verdict == "passed")
    assert attempt.right == (attempt.verdict == "passed")


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_every_case_fails_at_least_one_wrong_attempt(task):
    lesson = next(lesson for lesson in LESSONS if task.name in lesson.tasks)
    wrong = [a for a in attempts(lesson.name) if a.task == task.name and not a.right]
    caught = set().union(*(failing_cases(task, a.answer()) for a in wrong))
    assert caught == {case.name for case in task.cases(SECRET)}


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_enough_attempts(task):
    mine = [a for a in ATTEMPTS if a.task == task.name]
    assert sum(a.right for a in mine) >= 2
    assert sum(not a.right for a in mine) >= 4


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_published_solutions_pass_and_stubs_are_not_attempted(lesson):
    imports = (ROOT / "lessons" / lesson.name / "exercise.py").read_text().split("# %%\n")[1].split("# %%")[0]
    solved = stubs = imports
    for name in lesson.tasks:
        code = solution_code(name)
        solved += f"\n\n{code}"
        source = (ROOT / "lessons" / lesson.name / "exercise.py").read_text()
        cell = source.split(f'# %% solution="{name}"\n')[1].split("# %%")[0]
        stub = re.sub(
            r"^( *)### BEGIN SOLUTION.*?### END SOLUTION",
            rf'\1raise NotImplementedError("{STUB}")',
            cell,
            flags=re.S | re.M,
        )
        stubs += f"\n\n{stub}"
    for name in lesson.tasks:
        assert judged(find_task(name), answer_of(solved, name), SECRET).share == 1
        untouched = judged(find_task(name), answer_of(stubs, name), SECRET)
        assert untouched.verdict.outcome == "not attempted"
        assert untouched.share == 0

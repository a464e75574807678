"""Every attempt gives its verdict and its message; every case of every judge earns its place."""

import re
from contextlib import contextmanager

import pytest
import torch
from attempts import ATTEMPTS, LESSONS, ROOT, SECRET, TASKS, answer_of, failing_cases, judged

from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.observation import STUB
from course_lib.classroom.tasks.task import find_task


@pytest.mark.parametrize("secret", [None, SECRET], ids=["visible", "graded"])
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: f"{a.task}-{a.what}")
def test_attempt_gives_its_verdict_and_message(attempt, secret):
    result = judged(find_task(attempt.task), attempt.answer(), secret)
    if secret is None and not attempt.right and result.verdict.outcome == "passed":
        # Some mistakes only show in the cases that the grader keeps: then those must catch it.
        result = judged(find_task(attempt.task), attempt.answer(), SECRET)
    assert result.verdict.outcome == ("passed" if attempt.right else "failed"), result
    assert attempt.message in result.verdict.message, result
    assert (result.share == 1) == attempt.right


@contextmanager
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("caller", [torch.no_grad, torch.inference_mode, float64_by_default], ids=lambda c: c.__name__)
@pytest.mark.parametrize("attempt", [a for a in ATTEMPTS if a.right], ids=lambda a: f"{a.task}-{a.what}")
def test_a_right_answer_is_right_whatever_the_notebook_has_set(attempt, caller):
    answer = attempt.answer()
    with caller():
        result = judged(find_task(attempt.task), answer)
    assert result.share == 1, result


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_every_case_fails_at_least_one_wrong_attempt(task):
    wrong = [a for a in ATTEMPTS if a.task == task.name and not a.right]
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

"""Every attempt gives its verdict and its message; every case of every judge earns its place."""

import ast

import pytest
import torch
from attempts import ATTEMPTS, LESSONS, ROOT, SECRET, TASKS, answer_of, failing_cases, graded_wires, judged

from course_lib.classroom.sources import as_stub, read_cells, without_marks
from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.task import find_task
from course_lib.classroom.tasks.verdicts import judge_wires
from course_lib.syllabus import load_syllabus


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: f"{a.task}-{a.what}")
def test_attempt_gives_its_verdict_and_message(attempt):
    task = find_task(attempt.task)
    graded = judge_wires(task, graded_wires(attempt), SECRET)
    visible = judged(task, attempt.answer())
    if not attempt.right and visible.verdict.outcome == "passed":
        visible = graded  # some mistakes only show in the cases that the grader keeps: then those must catch it
    for result in (visible, graded):
        assert result.verdict.outcome == ("passed" if attempt.right else "failed"), result
        assert attempt.message in result.verdict.message, result
        assert (result.share == 1) == attempt.right


@pytest.mark.parametrize("attempt", [a for a in ATTEMPTS if a.right], ids=lambda a: f"{a.task}-{a.what}")
def test_a_right_answer_is_right_whatever_the_notebook_has_set(attempt):
    answer = attempt.answer()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode():  # and no gradients with it
            result = judged(find_task(attempt.task), answer)
    finally:
        torch.set_default_dtype(torch.float32)
    assert result.share == 1, result


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_every_case_fails_at_least_one_wrong_attempt(task):
    uncaught = {case.name for case in task.cases(SECRET)}
    for wrong in (a for a in ATTEMPTS if a.task == task.name and not a.right):
        uncaught -= failing_cases(wrong) if uncaught else set()
    assert not uncaught


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_enough_attempts(task):
    mine = [a for a in ATTEMPTS if a.task == task.name]
    assert sum(a.right for a in mine) >= 2
    assert sum(not a.right for a in mine) >= (4 if task.points else 3)  # a Your turn has no points
    assert len({a.what for a in mine}) == len(mine), "two attempts are called the same"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_published_solutions_pass_and_stubs_are_not_attempted(lesson):
    cells = read_cells(ROOT / "lessons" / lesson.name / "exercise.py")
    imports = next(cell.source for cell in cells if cell.kind == "code")
    answers = {cell.metadata["solution"]: cell.source for cell in cells if "solution" in cell.metadata}
    solved = "\n\n".join([imports, *map(without_marks, answers.values())])
    stubs = "\n\n".join([imports, *map(as_stub, answers.values())])
    assert list(answers) == list(lesson.tasks)
    for name in lesson.tasks:
        assert judged(find_task(name), answer_of(solved, name), SECRET).share == 1
        untouched = judged(find_task(name), answer_of(stubs, name), SECRET)
        assert untouched.verdict.outcome == "not attempted"
        assert untouched.share == 0


@pytest.mark.parametrize("task", [t for t in TASKS if not t.points], ids=lambda t: t.name)
def test_a_turn_stands_in_its_lesson_with_a_solution_that_passes(task):
    lesson = load_syllabus().lesson_of_task(task.name)
    cells = read_cells(ROOT / "lessons" / lesson.name / "lesson.py")
    place = next(i for i, cell in enumerate(cells) if cell.metadata.get("turn") == task.name)
    assert "### Your turn" in cells[place - 1].source
    assert cells[place + 1].source.endswith(f"check({task.name})")
    # a learner has run the cells above: what they import is there, and nothing else of theirs is used
    above = [ast.parse(cell.source) for cell in cells[:place] if cell.kind == "code"]
    imports = "\n".join(
        ast.unparse(node) for tree in above for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    )
    solved, stub = (f"{imports}\n{code}" for code in (solution_code(task.name), as_stub(cells[place].source)))
    assert judged(task, answer_of(solved, task.name), SECRET).share == 1
    untouched = judged(task, answer_of(stub, task.name))
    assert untouched.verdict.outcome == "not attempted"

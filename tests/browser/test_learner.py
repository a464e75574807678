"""A learner in JupyterLab: a quiz by keyboard alone, an exercise wrong and then right, a trace, progress kept."""

import json
import re

import pytest

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import draw
from course_lib.classroom.tasks.checking import solution_code

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WRONG = """from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
"""


@pytest.fixture(scope="module")
def lesson(lab):
    """Lesson 01, run once for the tests below."""
    notebook = lab.open("notebooks/01_eval_mode.ipynb")
    notebook.run_all()
    yield notebook
    notebook.close()


def test_a_quiz_by_keyboard_alone(lab, lesson):
    page = lesson.page
    bank = load_bank("eval_mode")
    # a draw that begins with a question of one answer: the other kinds are driven in tests/test_quiz_view.py
    seed = next(s for s in range(100) if draw(bank, n=5, seed=s)[0].kind == "one")
    lesson.write(lesson.cell('quiz("eval_mode")'), f'quiz("eval_mode", seed={seed})')
    cell = lesson.cell(f"seed={seed}")
    lesson.run(cell)
    quiz = cell.locator(".cl-quiz").first
    quiz.scroll_into_view_if_needed()
    first = quiz.locator("button").first
    first.focus()  # where Tab arrives from the cell above
    page.keyboard.press("Space")
    for _ in range(12):  # Tab to Check, whatever stands between
        if page.evaluate("() => document.activeElement.innerText").strip().startswith("Check"):
            break
        page.keyboard.press("Tab")
    else:
        pytest.fail("Tab never reached the Check button")
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    said = quiz.locator("[role=status]").last.inner_text()
    lesson.picture("quiz-answered", quiz)
    assert any(word in said for word in ("Right", "Passed", "Not", "✓", "✗"))
    # every option of the question that was asked is explained
    shown = quiz.inner_text()
    for option in draw(bank, n=5, seed=seed)[0].options:
        assert option.why.split("`")[0].strip()[:25] in shown
    events = [json.loads(line) for line in (lab.progress / "progress.jsonl").read_text().splitlines()]
    assert any(e["kind"] == "answered" and e["lesson"] == "eval_mode" for e in events)
    page.keyboard.press("Tab")
    assert "Next" in page.evaluate("() => document.activeElement.innerText")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert "2 of 5" in quiz.inner_text()


def test_a_trace_steps_by_keyboard(lesson):
    page = lesson.page
    trace = page.locator(".cl-trace").first
    trace.scroll_into_view_if_needed()
    before = trace.inner_text()
    trace.locator("button", has_text="Next").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)
    after = trace.inner_text()
    lesson.picture("trace-second-stage", trace)
    assert after != before


def test_an_exercise_wrong_then_right(lab):
    notebook = lab.open("exercises/release/01_eval_mode/01_eval_mode.ipynb")
    page = notebook.page
    notebook.run(notebook.cell("from course_lib.classroom import check"))
    answer, check = notebook.cell("def evaluation_mode"), notebook.cell("check(evaluation_mode)")

    def verdict(name):
        notebook.run(check)
        page.wait_for_timeout(600)
        notebook.picture(f"exercise-{name}", check)
        return check.locator("[role=status]").inner_text()

    notebook.run(answer)
    assert "Not attempted" in verdict("untouched")
    notebook.write(answer, WRONG)
    notebook.run(answer)
    said = verdict("wrong")
    assert "Not yet" in said
    assert "own flag" in said
    notebook.write(answer, solution_code("evaluation_mode"))
    notebook.run(answer)
    said = verdict("right")
    assert "Passed" in said
    cases = re.search(r"(\d+) of (\d+) cases", said)
    assert cases
    assert cases[1] == cases[2]
    events = [json.loads(line) for line in (lab.progress / "progress.jsonl").read_text().splitlines()]
    kinds = [e["kind"] for e in events if e["name"] == "evaluation_mode"]
    assert kinds[-4:] == ["checked", "checked", "checked", "passed"]
    notebook.close()


def test_pictures_of_a_lesson(lab):
    """Nothing to assert but that it draws: these are for people to look at, in both themes."""
    notebook = lab.open("notebooks/01_eval_mode.ipynb")
    notebook.show_in("Dark")
    notebook.run_all()
    for theme in ("Dark", "Light"):
        notebook.show_in(theme)
        for i, part in enumerate((".cl-explorer", ".cl-trace", ".cl-quiz")):
            element = notebook.page.locator(part).first
            element.scroll_into_view_if_needed()
            assert len(notebook.picture(f"{theme.lower()}-{i}", element)) > 2000
    notebook.close()

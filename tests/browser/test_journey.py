"""A learner over three days, with JupyterLab as it comes: work, save, reopen, update the course, go on."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from browser.lab import Lab, served, surroundings
from course_lib.classroom.tasks.checking import solution_code

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[2]
LESSON, OTHER = "notebooks/01_eval_mode.ipynb", "notebooks/05_roc_analysis.ipynb"
EXERCISE = "exercises/release/01_eval_mode/01_eval_mode.ipynb"
PANELS = ("trace_modes()", "switchboard()", 'quiz("eval_mode")')


@pytest.fixture
def course(tmp_path):
    """A copy of the course that can be updated: what `make lab` and the notebooks need of it."""
    root = tmp_path / "the course"
    for part in ("course_lib", "lessons", "notebooks", "exercises/release"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def open_lab(browser, course, tmp_path):
    """`course lab`, as often as one likes: a new server and new kernels each time, the same home."""
    environment = {**surroundings(tmp_path / "home"), "PYTHONPATH": str(course)}

    class Day:
        def __enter__(self):
            command = [sys.executable, "-m", "course_lib", "lab"]
            self.server = served(command, environment, course, tmp_path / "log")
            return Lab(browser, self.server.__enter__(), course / "my_course", tmp_path / "home/progress", environment)

        def __exit__(self, *error):
            return self.server.__exit__(*error)

    return Day


def panels(notebook):
    """What the trace, the explorer and the quiz say."""
    return [notebook.scroll_to(code).locator(".jp-Cell-outputArea").inner_text() for code in PANELS]


def new_edition(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][0]["source"] += ["\n\nThe second edition."]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_nothing_is_lost_overnight_or_in_an_update(open_lab, course, tmp_path):
    mine, answer = course / "my_course", solution_code("evaluation_mode")

    with open_lab() as lab:  # the first day: a lesson, and from there its exercise
        notebook = lab.open(LESSON)
        notebook.run_all()
        notebook.scroll_to("trace_modes()").get_by_role("button", name="Next").click()
        notebook.scroll_to('quiz("eval_mode")').locator(".cl-quiz button:visible").first.click()
        seen = panels(notebook)
        notebook.picture("journey-1-quiz")
        notebook.save()
        notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(0)")
        notebook.follow("Exercise", EXERCISE)
        cell = notebook.scroll_to("def evaluation_mode")
        notebook.write(cell, answer)
        notebook.save()
        notebook.picture("journey-1-exercise")
        notebook.close()
    assert "Stage 2" in seen[0]

    with open_lab() as lab:  # the second day: another server and kernel, nothing run; saved again, reopened again
        for time in ("a", "b"):
            notebook = lab.open(LESSON)
            notebook.page.wait_for_timeout(1000)
            assert panels(notebook) == seen
            assert notebook.page.get_by_text("Error displaying").count() == 0
            assert notebook.page.get_by_text("Jupyter news").count() == 0
            notebook.picture(f"journey-2{time}-quiz")
            notebook.scroll_to("switchboard()")
            notebook.picture(f"journey-2{time}-explorer")
            notebook.save()
            notebook.close(leave=True)

    for name in (LESSON, OTHER, EXERCISE):
        new_edition(course / name)
    before = (mine / EXERCISE).read_bytes()
    with open_lab() as lab:  # the third day: the course was updated
        said = (tmp_path / "log").read_text()
        assert f"You changed {EXERCISE}, so it stays" in said
        assert (mine / EXERCISE).read_bytes() == before
        assert len(list((mine / EXERCISE).parent.glob("* (edition of *.ipynb"))) == 1
        for name in (LESSON, OTHER):
            assert (mine / name).read_bytes() == (course / name).read_bytes()
        notebook = lab.open(EXERCISE)
        notebook.run(notebook.scroll_to("from course_lib.classroom import"))
        notebook.run(notebook.scroll_to("def evaluation_mode"))
        check = notebook.scroll_to("check(evaluation_mode)")
        notebook.run(check)
        check.get_by_text("Passed").first.wait_for()
        notebook.picture("journey-3-exercise")
        notebook.follow("the lesson", LESSON)
        notebook.run_all()
        assert len(panels(notebook)) == len(seen)
        notebook.picture("journey-3-lesson")
        notebook.close()

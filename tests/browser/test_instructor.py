"""An instructor and a class in JupyterLab: the formgrader, the assignment list, and Validate."""

import subprocess
import sys
from pathlib import Path

import pytest

from browser.lab import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.grading, pytest.mark.timeout(400)]
NAME = "01_eval_mode"


def test_the_formgrader_shows_the_assignments(lab):
    page = lab.browser.new_page(viewport={"width": 1100, "height": 700})
    page.goto(f"{lab.url}/formgrader?token=t")
    page.wait_for_selector(f"text={NAME}", timeout=60_000)
    Notebook(page, []).picture("formgrader")
    row = page.locator("tr", has_text=NAME).first.inner_text()
    assert "draft" in row or "released" in row
    page.close()


def test_the_assignment_list_shows_what_is_released(lab):
    environment = {**lab.environment, "PATH": f"{Path(sys.executable).parent}:{lab.environment['PATH']}"}
    release = ["nbgrader", "release_assignment", NAME]
    subprocess.run(release, cwd=lab.work / "exercises", env=environment, check=True, capture_output=True, timeout=100)
    notebook = lab.open("notebooks/00_start_here.ipynb")
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('nbgrader:open-assignment-list') }")
    notebook.page.get_by_role("button", name="Fetch").wait_for(timeout=60_000)
    notebook.picture("assignment-list")
    released = notebook.page.locator("body").inner_text().split("Released assignments")[1].split("Downloaded")[0]
    assert NAME in released
    notebook.page.context.close()


def test_validate_says_that_an_untouched_exercise_is_not_done(lab):
    notebook = lab.open(f"exercises/release/{NAME}/{NAME}.ipynb")
    page = notebook.page
    page.locator("button, jp-button", has_text="Validate").first.click()
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    said = dialog.inner_text()
    notebook.picture("validate")
    assert "failed" in said.lower()
    assert "check(" in said
    page.context.close()

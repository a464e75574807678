"""A lesson runs headless from top to bottom: no error, nothing on stderr, no warning, in good time.

Listed lessons run so in JupyterLab, where tests/browser/test_lessons.py asks the same of them. Here: the drafts, the first
as one that needs no front end either, and all of them on a machine without Chromium.
"""

import time

import nbformat
import pytest
from browser.lab import CHROMIUM
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.tree import lesson_text

SYLLABUS = load_syllabus()
CHOSEN = [*SYLLABUS.lessons[:1], *SYLLABUS.drafts] if CHROMIUM else SYLLABUS.known
LESSONS = [x.name for x in CHOSEN if (ROOT / "lessons" / x.name / "lesson.py").exists()]


def execute(name, notebook, folder, timeout_seconds=60):
    """Run a notebook in a kernel of its own; its outputs are in the cells afterwards."""
    try:
        NotebookClient(notebook, timeout=timeout_seconds, resources={"metadata": {"path": str(folder)}}).execute()
    except CellExecutionError as error:
        failed = next(c for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", ())))
        what = f"{error.ename}: {error.evalue}"
        pytest.fail(
            f"lessons/{name}/lesson.py, the cell that begins {failed.source[:60]!r} raises {what}", pytrace=False
        )


def stderr_of(notebook):
    return [o.text for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.get("name") == "stderr"]


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_clean(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.reads(lesson_text(name), as_version=4)  # what is built, or of a draft would be
    begin = time.perf_counter()
    execute(name, notebook, tmp_path)
    seconds = time.perf_counter() - begin
    assert stderr_of(notebook) == []
    # the standard's limit is 60 s on two quiet cores; a busy machine gets twice that before it is a failure
    assert seconds < 120


def test_a_cell_that_raises_gets_one_clear_message(tmp_path):
    cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x / 0")]
    with pytest.raises(pytest.fail.Exception) as failure:
        execute("99_draft", nbformat.v4.new_notebook(cells=cells), tmp_path)
    message = "lessons/99_draft/lesson.py, the cell that begins 'x / 0' raises ZeroDivisionError: division by zero"
    assert str(failure.value) == message

"""Every lesson runs headless from top to bottom: no error, nothing on stderr, no warning, in good time."""

import os
import time

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_lib.syllabus import load_syllabus
from tools.build_course import ROOT

LESSONS = [lesson.name for lesson in load_syllabus().lessons]


def execute(notebook, folder, timeout_seconds=60):
    """Run a notebook in a kernel of its own; its outputs are in the cells afterwards."""
    NotebookClient(notebook, timeout=timeout_seconds, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def stderr_of(notebook):
    return [o.text for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.get("name") == "stderr"]


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_clean(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    begin = time.perf_counter()
    execute(notebook, tmp_path)
    seconds = time.perf_counter() - begin
    assert stderr_of(notebook) == []
    # the standard's limit is 60 s on two quiet cores; a busy machine gets twice that before it is a failure
    assert seconds < 120
    if folder := os.environ.get("COURSE_PICTURES"):
        print(f"{name}: {seconds:.1f} s, outputs under {folder}")


def test_a_cell_that_raises_gets_one_clear_message(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, tmp_path)

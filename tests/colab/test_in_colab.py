"""Every notebook of dist/colab, with Colab's versions, in an environment without the course: its first cell adds it."""

import os
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from published import GITHUB, publish

from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.notebooks import lesson_notebook

SYLLABUS = load_syllabus()
DIST = ROOT / "dist" / "colab"
STAND_IN = Path(__file__).with_name("stand_in")
WHEELS = ROOT / ".venv-colab" / "wheels"
INSTALLED = "Installed: evaluate-save-load 0.1.0, fsrs "


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory):
    """Where pip installs: empty at first; the first notebook of each test process fills it."""
    return tmp_path_factory.mktemp("site")


def in_colab(site, monkeypatch):
    """What a kernel finds: a google.colab, and of packages only Colab's and what pip put into `site`; no network."""
    variables = {"PYTHONPATH": f"{STAND_IN}{os.pathsep}{site}", "PYTHONWARNINGS": "default", "PIP_TARGET": str(site)}
    variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in ("MPLBACKEND", "COURSE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(site.parent / "data"))


def run(notebook, folder):
    """Run it in a kernel of its own; what each code cell said."""
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [o.text for cell in cells for o in cell.outputs if o.get("name") == "stderr"] == []
    return ["\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs) for cell in cells]


@pytest.mark.parametrize("lesson", SYLLABUS.lessons, ids=lambda lesson: lesson.name)
def test_lesson(lesson, shared_site, tmp_path, monkeypatch):
    in_colab(shared_site, monkeypatch)
    empty = not any(shared_site.iterdir())
    first, *_ = run(nbformat.read(DIST / f"{lesson.name}.ipynb", as_version=4), tmp_path)
    assert first.startswith(INSTALLED if empty else "The course is here already: evaluate-save-load 0.1.0.")
    added = {path.name for path in shared_site.iterdir() if not path.name.endswith(".dist-info")}
    assert added - {"bin", "__pycache__"} == {"course_lib", "fsrs"}


SOLVE = """
from course_lib.classroom.tasks.checking import solution_code
hint("{task}")
solution("{task}")
exec(solution_code("{task}"))
assert check({task}) == {points}
"""


@pytest.mark.parametrize("lesson", [x for x in SYLLABUS.lessons if x.points], ids=lambda lesson: lesson.name)
def test_exercise(lesson, shared_site, tmp_path, monkeypatch):
    """As it is handed out every check says so; with its worked solutions, from the wheel, it passes."""
    in_colab(shared_site, monkeypatch)
    notebook = nbformat.read(DIST / "exercises" / f"{lesson.name}.ipynb", as_version=4)
    solved = [new_code_cell(SOLVE.format(task=task, points=points)) for task, points in lesson.tasks.items()]
    said = run(nbformat.from_dict({**notebook, "cells": [*notebook.cells, *solved]}), tmp_path)
    handed_out, after = "\n".join(said[: -len(solved)]), said[-len(solved) :]
    for task, text in zip(lesson.tasks, after, strict=True):
        assert f"○ Not attempted: {task}" in handed_out
        assert "→ Hint" in text
        assert f"def {task}" in text or f"class {task}" in text or f"{task} =" in text
        assert f"✓ Passed: {task}" in text


def test_published(tmp_path, monkeypatch):
    """A course on GitHub: the cell installs from there. Progress then moves to Drive."""
    site = tmp_path / "site"
    site.mkdir()
    in_colab(site, monkeypatch)
    publish(tmp_path, monkeypatch)
    notebook = lesson_notebook(SYLLABUS.lessons[0], replace(SYLLABUS, github=GITHUB), ROOT)
    keep = "import pathlib\nfrom course_lib.classroom import colab, keep_on_drive, progress\n"
    keep += 'colab.DRIVE = pathlib.Path("drive")\nkeep_on_drive()\nprint(progress.data_dir())'
    notebook.cells.append(new_code_cell(keep))
    first, *_, last = run(notebook, tmp_path)
    assert first.startswith(INSTALLED)
    assert "keep_on_drive()" in first
    assert last.splitlines()[-1] == "drive/MyDrive/evaluate-save-load"
    assert '"kind": "read"' in (tmp_path / last.splitlines()[-1] / "progress.jsonl").read_text(encoding="utf-8")

"""Every notebook of dist/colab, with Colab's versions, in an environment without the course: its first cell adds it."""

import os
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from published import GITHUB, publish

from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.notebooks import lesson_notebook

pytestmark = pytest.mark.timeout(900)  # a lesson and its exercise take minutes where the machine is busy
SYLLABUS = load_syllabus()
DIST = ROOT / "dist" / "colab"
STAND_IN = Path(__file__).with_name("stand_in")
WHEELS = ROOT / ".venv-colab" / "wheels"
COURSE = f"evaluate-save-load {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}"
INSTALLED, HERE = f"Installed: {COURSE}, fsrs ", f"The course is here already: {COURSE}."


SOLVE = """
from course_lib.classroom.tasks.checking import solution_code
hint("{task}")
solution("{task}")
exec(solution_code("{task}"))
assert check({task}) == {points}
"""


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Where pip installs: empty at first; the first notebook of each test process fills it."""
    return tmp_path_factory.mktemp("shared")


def in_colab(prefix, monkeypatch):
    """What a kernel finds: a google.colab, Colab's packages, and what pip put below `prefix`; no network.

    Returns:
        The folder that pip fills.
    """
    site = prefix / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    site.mkdir(parents=True, exist_ok=True)
    # A process that forks, such as a DataLoader's, may collect Colab's old kernel's sockets: nothing of ours.
    warnings = "default,ignore:Unclosed socket:ResourceWarning,ignore:Unclosed context:ResourceWarning"
    variables = {"PYTHONPATH": f"{STAND_IN}{os.pathsep}{site}", "PYTHONWARNINGS": warnings, "PIP_PREFIX": str(prefix)}
    variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    for name, value in {**variables, "XDG_DATA_HOME": str(prefix / "data")}.items():
        monkeypatch.setenv(name, value)
    for name in ("MPLBACKEND", "COURSE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    return site


def run(cells, folder):
    """Run cells in a new kernel: what each code cell said."""
    code = [new_code_cell(cell.source, metadata=cell.metadata) for cell in cells if cell.cell_type == "code"]
    notebook = new_notebook(cells=code)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert [o.text for cell in notebook.cells for o in cell.outputs if o.get("name") == "stderr"] == []
    return [
        "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
        for cell in notebook.cells
    ]


@pytest.mark.parametrize("lesson", SYLLABUS.lessons, ids=lambda lesson: lesson.name)
def test_notebooks(lesson, shared, tmp_path, monkeypatch):
    """The lesson; then, with all names forgotten, its exercise: every check says that nothing was attempted.

    Then the worked solutions, which come from the wheel: they pass.
    """
    site = in_colab(shared, monkeypatch)
    empty, cells = not any(site.iterdir()), nbformat.read(DIST / f"{lesson.name}.ipynb", as_version=4).cells
    if lesson.points:
        cells.append(new_code_cell("%reset -f"))  # one kernel for both: half of the time is its start and its imports
        cells += nbformat.read(DIST / "exercises" / f"{lesson.name}.ipynb", as_version=4).cells
    solved = [new_code_cell(SOLVE.format(task=task, points=points)) for task, points in lesson.tasks.items()]
    said = run([*cells, *solved], tmp_path)
    assert said[0].startswith(INSTALLED if empty else HERE)
    added = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert added - {"__pycache__"} == {"course_lib", "fsrs"}
    handed_out = "\n".join(said[: len(said) - len(solved)])
    assert handed_out.count(HERE) == (2 - empty if lesson.points else 1 - empty)
    for task, text in zip(lesson.tasks, said[len(said) - len(solved) :], strict=True):
        assert f"○ Not attempted: {task}" in handed_out
        assert "→ Hint" in text
        assert f"def {task}" in text or f"class {task}" in text or f"{task} =" in text
        assert f"✓ Passed: {task}" in text


def test_published(tmp_path, monkeypatch):
    """A course on GitHub: the cell installs from there. Progress then moves to Drive."""
    in_colab(tmp_path / "colab", monkeypatch)
    publish(tmp_path, monkeypatch)
    cells = lesson_notebook(SYLLABUS.lessons[0], replace(SYLLABUS, github=GITHUB), ROOT).cells
    keep = "import pathlib\nfrom course_lib.classroom import colab, keep_on_drive, progress\n"
    keep += 'colab.DRIVE = pathlib.Path("drive")\nkeep_on_drive()\nprint(progress.data_dir())'
    first, *_, last = run([*cells, new_code_cell(keep)], tmp_path)
    assert first.startswith(INSTALLED)
    assert "keep_on_drive()" in first
    assert last.splitlines()[-1] == "drive/MyDrive/evaluate-save-load"
    assert '"kind": "read"' in (tmp_path / last.splitlines()[-1] / "progress.jsonl").read_text(encoding="utf-8")

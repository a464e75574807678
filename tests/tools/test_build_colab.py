"""The first cell of a notebook in Colab, and the notebooks that carry the course with them."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from base64 import b64decode
from dataclasses import replace
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from published import GITHUB, publish

from course_lib.classroom.doctor import satisfies
from course_lib.classroom.sources import read_cells
from course_lib.classroom.tasks import checking
from course_lib.classroom.tasks.checking import solution_code
from course_lib.syllabus import load_syllabus
from tools import ROOT, build_colab
from tools.exercises import exercise_notebook, release_notebooks
from tools.notebooks import colab_cell, lesson_notebook

SYLLABUS = load_syllabus()
PUBLISHED = replace(SYLLABUS, github=GITHUB)
CELL = colab_cell(GITHUB).source


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_colab.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def in_colab(monkeypatch):
    """A machine that claims to be Colab and has no course_lib until pip has run; the commands that were run."""
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    ran, real = [], importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: real(name) if ran or name != "course_lib" else None)

    def run(command, **_):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return ran


def test_published_it_installs_the_repository_once_and_touches_nothing_else(in_colab, capsys):
    exec(CELL, {})
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    assert in_colab == [[*pip, "git+https://github.com/someone/course"]]
    assert "Installed: evaluate-save-load" in capsys.readouterr().out
    exec(CELL, {})
    assert len(in_colab) == 1
    assert "here already" in capsys.readouterr().out


def test_carried_it_installs_the_wheel_that_was_built(in_colab, wheel, capsys):
    exec(build_colab.first_cell(wheel).source, {})
    (command,) = in_colab
    assert command[1:6] == ["-m", "pip", "install", "--quiet", "--no-deps"]
    (carried,) = command[6:]
    assert os.path.basename(carried) == wheel.name
    with open(carried, "rb") as file:
        assert file.read() == wheel.read_bytes()
    assert "Installed: evaluate-save-load" in capsys.readouterr().out


def test_elsewhere_than_in_colab_it_does_nothing(monkeypatch, wheel, capsys):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it ran a command"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: pytest.fail("it looked for a package"))
    for cell in (CELL, build_colab.first_cell(wheel).source):
        exec(cell, {})
    assert capsys.readouterr() == ("", "")


def test_offline_it_says_what_to_do(in_colab, monkeypatch, wheel):
    failed = subprocess.CompletedProcess([], 1, "", "fatal: unable to access 'https://github.com/someone/course/'")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    for cell in (CELL, build_colab.first_cell(wheel).source):
        with pytest.raises(RuntimeError) as error:
            exec(cell, {})
        first, *rest = str(error.value).splitlines()
        assert first == "The course could not be installed. Is this machine online? Run this cell again."
        assert "unable to access" in rest[0]


def shown_solutions(lesson):
    """The worked solutions of a lesson as the wheel has them."""
    for source in ("exercise.py", "lesson.py"):
        for cell in read_cells(ROOT / "lessons" / lesson.name / source):
            if name := cell.metadata.get("solution") or cell.metadata.get("turn"):
                yield name, cell.source


def test_a_wheel_has_every_worked_solution_and_no_key(wheel, tmp_path, monkeypatch):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    for lesson in SYLLABUS.lessons:
        cells = read_cells(tmp_path / "course_lib" / "lessons" / lesson.slug / "solutions.txt")
        carried = {cell.metadata.get("solution") or cell.metadata["turn"]: cell.source for cell in cells}
        assert carried == dict(shown_solutions(lesson))
        assert carried.keys() == {*lesson.tasks, *lesson.turns}
    here = {task: solution_code(task) for lesson in SYLLABUS.lessons for task in (*lesson.tasks, *lesson.turns)}
    monkeypatch.setattr(checking, "ROOMS", tmp_path / "course_lib" / "lessons")
    assert {task: solution_code(task) for task in here} == here
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if "graded_quiz" in path.name or "attempts" in path.parts]
    assert not [path for path in files if b"**Rubric" in path.read_bytes()]


def test_pip_installs_the_published_course_from_a_repository(tmp_path, monkeypatch):
    """What the cell asks of pip, with a local repository in GitHub's place: a wheel with the worked solutions."""
    publish(tmp_path, monkeypatch)
    monkeypatch.setenv(
        "PIP_NO_BUILD_ISOLATION", "0"
    )  # pip reads this one backwards: setuptools is here, don't fetch it
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))
    pip = re.search(r"pip = \[sys.executable, (.*)\]", CELL)[1].replace('"', "").split(", ")
    subprocess.run([sys.executable, *pip], check=True, cwd=tmp_path)
    room = tmp_path / "site" / "course_lib" / "lessons" / "start_here"
    assert 'solution="found_of_the_ill"' in (room / "solutions.txt").read_text(encoding="utf-8")
    installed = {path.name for path in (tmp_path / "site").iterdir() if not path.name.endswith(".dist-info")}
    assert installed - {"bin"} == {"course_lib"}


def test_the_versions_that_colab_has_are_in_the_range_that_the_course_asks_for():
    text = (ROOT / "tests" / "colab" / "requirements.txt").read_text(encoding="utf-8")
    pins = dict(line.lower().split("==") for line in text.splitlines() if "==" in line)
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert [d for d in asked if re.match(r"[\w.-]+", d)[0].lower() not in pins] == ["fsrs>=6.0.1,<7"]
    for dependency in asked:
        name, ranges = re.match(r"([\w.-]+)(.*)", dependency).groups()
        assert name == "fsrs" or satisfies(pins[name.lower()], ranges)


def test_published_notebooks_begin_with_badge_and_cell_and_local_ones_have_neither():
    lesson = SYLLABUS.lessons[1]
    source = nbformat.writes(exercise_notebook(lesson, PUBLISHED, ROOT))
    exercise = nbformat.reads(release_notebooks({lesson.name: source}, ROOT)[lesson.name], as_version=4)
    for notebook, path in (
        (lesson_notebook(lesson, PUBLISHED, ROOT), f"notebooks/{lesson.name}.ipynb"),
        (exercise, f"exercises/release/{lesson.name}/{lesson.name}.ipynb"),
    ):
        heading, first, *others = notebook.cells
        assert f"(https://colab.research.google.com/github/someone/course/blob/main/{path})" in heading.source
        assert "colab-badge.svg" in heading.source
        assert first.source == CELL
        assert not [cell for cell in others if "google.colab" in cell.source]
    for notebook in (lesson_notebook(lesson, SYLLABUS, ROOT), exercise_notebook(lesson, SYLLABUS, ROOT)):
        assert not [cell for cell in notebook.cells if re.search("colab", cell.source, re.I)]


def test_a_carrying_notebook_has_one_first_cell_and_no_link_to_a_file_that_is_not_there():
    first = new_code_cell("carry", id="add-course")
    published = [colab_cell(GITHUB)]
    for cells in ([], published):
        heading = new_markdown_cell(
            "# One\n\n[Next: two](02_two.ipynb) · [Exercise](../exercises/release/01/01_a.ipynb)"
        )
        link = new_markdown_cell("See [docs](https://pytorch.org) and [**two**](02_two.ipynb).")
        made = build_colab.for_colab(new_notebook(cells=[heading, *cells, new_code_cell("1"), link]), first)
        assert [cell.source for cell in made.cells if cell.cell_type == "code"] == ["carry", "1"]
        assert made.cells[0].source == "# One\n\nNext: two (`02_two.ipynb`) · Exercise (`01_a.ipynb`)"
        assert made.cells[-1].source == "See [docs](https://pytorch.org) and **two** (`02_two.ipynb`)."


def test_every_notebook_is_written_and_valid(tmp_path, monkeypatch, wheel, capsys):
    for folder in ("notebooks", "exercises/release"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(build_colab, "build_wheel", lambda *_: wheel)
    assert build_colab.main(["--root", str(tmp_path)]) == 0
    written = {str(path.relative_to(tmp_path / "dist/colab")) for path in (tmp_path / "dist").rglob("*.ipynb")}
    names = {f"{lesson.name}.ipynb" for lesson in SYLLABUS.lessons}
    assert written == names | {f"exercises/{lesson.name}.ipynb" for lesson in SYLLABUS.lessons if lesson.points}
    for name in written:
        notebook = nbformat.read(tmp_path / "dist/colab" / name, as_version=4)
        nbformat.validate(notebook)
        assert b64decode(notebook.cells[1].source.split('"""')[1]) == wheel.read_bytes()
        assert not re.search(r"\]\([^)]*\.ipynb\)", "\n".join(cell.source for cell in notebook.cells))
    shutil.rmtree(tmp_path / "notebooks")
    shutil.rmtree(tmp_path / "exercises")
    assert build_colab.main(["--root", str(tmp_path)]) == 1
    assert "Run `make build` first." in capsys.readouterr().err

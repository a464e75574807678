"""What a learner writes is theirs: through updates of the course, crashes and lost records."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from course_lib.classroom import lab, own_folder
from course_lib.errors import InputError

ROOT = Path(__file__).parents[2]
LESSON, OTHER = "notebooks/01_eval_mode.ipynb", "notebooks/05_roc_analysis.ipynb"
EXERCISE = "exercises/release/01_eval_mode/01_eval_mode.ipynb"
GRADED = {"grade_id": "check-auc", "points": 3}


def code(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def edit(path, change):
    """Do something to a notebook, as a learner (or an author) would."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def append(source):
    return lambda notebook: notebook["cells"].append(code(source))


def run_and_save(notebook):
    """What JupyterLab adds when a learner runs all cells, the last with Shift+Enter, and saves."""
    notebook["metadata"] = {"kernelspec": {"name": "python3"}, "widgets": {"state": {}}}
    for number, cell in enumerate(notebook["cells"], 1):
        cell["metadata"]["trusted"] = True
        if cell["cell_type"] == "code":
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "text": "0.958"}]}
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    notebook["cells"].append(code(""))


@pytest.fixture
def course(tmp_path):
    """A small course, in a folder with a space and an accent."""
    root = tmp_path / "the course é"
    write(root / LESSON, code("model.eval()"), code("quiz('eval_mode')"))
    write(root / OTHER, code("auc = 0.5"))
    write(root / EXERCISE, code("check(auc)", metadata={"nbgrader": GRADED}))
    return root


@pytest.fixture
def mine(course, tmp_path):
    """The learner's folder, just made."""
    folder = tmp_path / "my course"
    own_folder.update(folder, course, tell=lambda _: None)
    return folder


def update(folder, course):
    told = []
    own_folder.update(folder, course, tell=told.append)
    return told


def files(folder):
    found = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def beside(number=""):
    return f"01_eval_mode (edition of {date.today()}{number}).ipynb"


# ---------------------------------------------------------------- what is copied


def test_the_whole_course_is_copied_byte_for_byte_and_then_left_alone(course, tmp_path):
    folder = tmp_path / "new" / "my course"
    assert update(folder, course) == [f"Copied 3 notebooks into {folder}."]
    assert files(folder) == files(course)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.ipynb")}
    assert update(folder, course) == []
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.ipynb")} == before


def test_every_link_of_the_real_course_works_in_the_folder(tmp_path):
    update(tmp_path / "mine", ROOT)
    followed = 0
    for path in (tmp_path / "mine").rglob("*.ipynb"):
        for link in re.findall(r"\]\(([^)#:\s]+\.ipynb)\)", path.read_text(encoding="utf-8")):
            target = (path.parent / link).resolve()
            assert target.is_file(), f"{path.name} links to {link}"
            assert target.is_relative_to(tmp_path / "mine"), f"{path.name} links out of the folder: {link}"
            followed += 1
    assert followed > 10


def test_a_read_only_course_gives_copies_that_can_be_written(course, tmp_path):
    for path in course.rglob("*.ipynb"):
        path.chmod(0o444)
    update(tmp_path / "mine", course)
    assert all(p.stat().st_mode & stat.S_IWUSR for p in (tmp_path / "mine").rglob("*.ipynb"))


def test_a_deleted_notebook_comes_back_and_a_dropped_one_stays(course, mine):
    (mine / LESSON).unlink()
    (course / OTHER).unlink()
    assert update(mine, course) == [f"Copied 1 notebook into {mine}."]
    assert (mine / LESSON).read_bytes() == (course / LESSON).read_bytes()
    assert (mine / OTHER).exists()


# ---------------------------------------------------------------- a newer edition


def test_an_untouched_copy_is_brought_up_to_date_though_it_was_run_and_saved(course, mine):
    for name in (LESSON, EXERCISE):
        edit(mine / name, run_and_save)
        edit(course / name, append("new = True"))
    assert update(mine, course) == [f"Brought up to date, because you had not changed them: {LESSON}, {EXERCISE}"]
    assert files(mine) == files(course)


def test_new_points_alone_are_a_new_edition(course, mine):
    edit(course / EXERCISE, lambda notebook: notebook["cells"][0]["metadata"]["nbgrader"].update(points=4))
    update(mine, course)
    assert files(mine) == files(course)


@pytest.mark.parametrize(
    "change",
    [
        append("my = 'answer'"),
        lambda notebook: notebook["cells"][0].update(source="model.train()"),
        lambda notebook: notebook["cells"].pop(),
        lambda notebook: notebook["cells"].reverse(),
        lambda notebook: notebook["cells"][0].update(cell_type="markdown"),
    ],
    ids=["a cell more", "a cell changed", "a cell less", "another order", "another type"],
)
def test_a_touched_copy_stays_and_the_newer_edition_lands_beside_it_once(course, mine, change):
    edit(mine / LESSON, change)
    work = (mine / LESSON).read_bytes()
    assert update(mine, course) == []
    edit(course / LESSON, append("second = 'edition'"))
    assert update(mine, course) == [
        f"You changed {LESSON}, so it stays; the newer edition lies beside it: {beside()}",
    ]
    new = mine / "notebooks" / beside()
    assert new.read_bytes() == (course / LESSON).read_bytes()
    assert not set(new.name) & set('<>:"/\\|?*'), "Windows can't have that name"
    new.unlink()
    assert update(mine, course) == []
    assert not new.exists(), "the learner threw it away"
    assert (mine / LESSON).read_bytes() == work


def test_two_editions_on_one_day_have_two_names(course, mine):
    edit(mine / LESSON, append("mine"))
    for source in ("second", "third"):
        edit(course / LESSON, append(source))
        update(mine, course)
    names = {name for name in files(mine) if "edition" in name}
    assert names == {f"notebooks/{beside()}", f"notebooks/{beside(', 2')}"}


def test_whoever_takes_the_newer_edition_is_up_to_date_again(course, mine):
    edit(mine / LESSON, append("mine"))
    edit(course / LESSON, append("second"))
    update(mine, course)
    (mine / "notebooks" / beside()).replace(mine / LESSON)
    edit(course / LESSON, append("third"))
    assert update(mine, course) == [f"Brought up to date, because you had not changed them: {LESSON}"]


def test_a_copy_that_is_no_notebook_any_more_stays(course, mine):
    (mine / LESSON).write_text("")
    edit(course / LESSON, append("second"))
    update(mine, course)
    assert (mine / LESSON).read_text() == ""
    assert (mine / "notebooks" / beside()).exists()


def test_work_in_the_courses_own_notebook_is_carried_over_and_outlives_its_reset(course, tmp_path):
    """Someone solved the tracked exercise, then opened the course properly, then reset the repository."""
    pristine = (course / EXERCISE).read_bytes()
    edit(course / EXERCISE, append("my = 'answer'"))
    edit(course / EXERCISE, run_and_save)
    update(tmp_path / "mine", course)
    update(tmp_path / "mine", course)
    (course / EXERCISE).write_bytes(pristine)
    update(tmp_path / "mine", course)
    assert "my = 'answer'" in (tmp_path / "mine" / EXERCISE).read_text()
    assert (tmp_path / "mine" / EXERCISE).with_name(beside()).read_bytes() == pristine


def test_a_learner_of_the_real_course_loses_nothing_in_an_update(tmp_path):
    course, folder = tmp_path / "course", tmp_path / "mine"
    for part in ("notebooks", "exercises/release"):
        shutil.copytree(ROOT / part, course / part)
    update(folder, course)
    edit(folder / LESSON, run_and_save)
    edit(folder / EXERCISE, append("def evaluation_mode(model): ..."))
    work = (folder / EXERCISE).read_bytes()
    for path in course.rglob("*.ipynb"):
        edit(path, lambda notebook: notebook["cells"][0].update(source="# A newer edition"))
    told = update(folder, course)
    assert len(told) == 2
    assert EXERCISE not in told[1]
    assert (folder / EXERCISE).read_bytes() == work
    assert {name: data for name, data in files(folder).items() if name != EXERCISE and "edition" not in name} == {
        name: data for name, data in files(course).items() if name != EXERCISE
    }
    assert (folder / EXERCISE).with_name(beside()).read_bytes() == (course / EXERCISE).read_bytes()


# ---------------------------------------------------------------- crashes and damage


@pytest.mark.parametrize(
    "record", [b"", b'{"notebooks', b"[]", b'"x"', b'{"notebooks/01_eval_mode.ipynb": null}', b"\xff\xfe\x00"]
)
def test_without_its_record_every_copy_counts_as_touched(course, mine, record):
    edit(mine / LESSON, append("mine"))
    work = files(mine)
    (mine / own_folder.RECORD).write_bytes(record)
    edit(course / LESSON, append("second"))
    edit(course / OTHER, append("second"))
    told = update(mine, course)
    assert "counts as changed by you and stays" in told[0]
    after = files(mine)
    assert {name: after[name] for name in work} == work
    assert len(after) == len(work) + 2
    (mine / own_folder.RECORD).unlink()
    assert update(mine, course) == []
    assert files(mine) == after, "what lies beside is not brought twice"


KILLED = """
import os, sys
from pathlib import Path
from course_lib.classroom import own_folder
real, left = os.replace, [int(sys.argv[3])]
def replace(*paths):
    if sys.argv[4] == "after":
        real(*paths)
    left[0] -= 1
    if not left[0]:
        os._exit(9)
    if sys.argv[4] == "before":
        real(*paths)
os.replace = replace
own_folder.update(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_file_it_leaves_whole_ones_and_the_next_call_finishes(course, mine, tmp_path, when):
    edit(mine / LESSON, append("mine"))
    work = (mine / LESSON).read_bytes()
    for name in (LESSON, OTHER, EXERCISE):
        edit(course / name, append("second"))
    for moment in range(1, 5):  # beside the lesson, the other lesson, the exercise, the record
        folder = shutil.copytree(mine, tmp_path / f"killed {moment}")
        done = subprocess.run([sys.executable, "-c", KILLED, folder, course, str(moment), when], cwd=ROOT, timeout=60)
        assert done.returncode == 9
        assert all(json.loads(data)["cells"] for data in files(folder).values())
        update(folder, course)
        seen = files(folder)
        assert seen.pop(LESSON) == work
        new = files(course)
        assert seen == {f"notebooks/{beside()}": new.pop(LESSON), **new}
        assert update(folder, course) == []


def test_a_notebook_that_another_program_holds_waits_for_the_next_time(course, mine, monkeypatch):
    for name in (LESSON, OTHER):
        edit(course / name, append("second"))
    real = os.replace

    def replace(source, target):
        if Path(target) == mine / LESSON:
            raise PermissionError(13, "in use")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        told = update(mine, course)
    assert told[1] == f"Not brought up to date, because they can't be written now: {LESSON}"
    assert (mine / OTHER).read_bytes() == (course / OTHER).read_bytes()
    update(mine, course)
    assert files(mine) == files(course)


def test_a_damaged_notebook_of_the_course_is_left_out_and_named(course, mine):
    (course / LESSON).write_text("<<<<<<< HEAD")
    (mine / OTHER).unlink()
    told = update(mine, course)
    assert "is damaged and is left out" in told[0]
    assert (mine / OTHER).exists()
    assert "model.eval()" in (mine / LESSON).read_text()


def test_folders_that_cannot_be_used_are_named_with_a_way_out(course, tmp_path):
    with pytest.raises(InputError, match=r"is the course itself.*--folder"):
        update(course, course)
    with pytest.raises(InputError, match=r"there are none.*pip install"):
        update(tmp_path / "mine", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"can't be written.*--folder PATH"):
        update(tmp_path / "file", course)


def test_git_and_the_tests_leave_the_folder_alone():
    assert f"/{lab.FOLDER.name}/" in (ROOT / ".gitignore").read_text().splitlines()
    assert lab.FOLDER.parent == ROOT

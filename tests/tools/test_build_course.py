"""The author's pipeline: deterministic, complete, and helpful when something drifted."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_lib.classroom.sources import read_cells
from course_lib.errors import ContentError
from course_lib.syllabus import Lesson, load_syllabus
from tools import ROOT, tree
from tools.build_course import main
from tools.importing import import_notebook
from tools.minutes import with_minutes
from tools.notebooks import in_words
from tools.tree import build, drift, write

RELEASE = tree.release_notebooks
LESSON = "notebooks/01_eval_mode.ipynb"


@pytest.fixture(scope="module", autouse=True)
def each_release_once():
    """nbgrader takes a second a notebook: where it isn't what is tested, ask it once for each source."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "release_notebooks", release_once)
        yield


@pytest.fixture(scope="module")
def fresh(each_release_once):
    return build(ROOT)


_RELEASES: dict[tuple[str, str], str] = {}


def release_once(sources, root):
    new = {name: text for name, text in sources.items() if (name, text) not in _RELEASES}
    for name, text in RELEASE(new, root).items():
        _RELEASES[name, sources[name]] = text
    return {name: _RELEASES[name, text] for name, text in sources.items()}


@pytest.fixture
def course(tmp_path):
    """A copy of everything that building reads and writes, freshly built."""
    for folder in ("lessons", "notebooks", "exercises", "course_lib"):
        ignore = shutil.ignore_patterns("__pycache__", "*.db", "submitted", "autograded", "feedback")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    write(tmp_path)
    load_syllabus.cache_clear()
    return tmp_path


def test_built_files_are_fresh():
    assert drift(ROOT) == []


def test_two_builds_are_byte_identical(fresh, course, monkeypatch):
    monkeypatch.setattr(tree, "release_notebooks", RELEASE)
    assert build(course) == fresh


def test_release_is_made_by_nbgrader_and_source_has_the_solutions(fresh):
    name = "01_eval_mode/01_eval_mode.ipynb"
    source, release = fresh[Path("exercises/source") / name], fresh[Path("exercises/release") / name]
    assert "BEGIN SOLUTION" in source
    assert "BEGIN SOLUTION" not in release
    cells = {c.metadata.nbgrader.grade_id: c for c in nbformat.reads(release, 4).cells if "nbgrader" in c.metadata}
    assert cells["check-predict"].metadata.nbgrader.checksum  # only nbgrader's generate writes checksums
    assert cells["check-predict"].metadata.nbgrader.locked
    assert 'raise NotImplementedError("Replace this line with your code.")' in cells["solution-predict"].source


def test_notebooks_have_no_outputs_and_unique_ids(fresh):
    for path, text in fresh.items():
        if path.suffix == ".ipynb":
            notebook = nbformat.reads(text, 4)
            nbformat.validate(notebook)
            assert all(not c.get("outputs") and c.get("execution_count") is None for c in notebook.cells)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("what", "path", "says"),
    [
        ("an edited notebook", LESSON, ["lessons/01_eval_mode/lesson.py", "--import notebooks/01_eval_mode.ipynb"]),
        ("a stray notebook", "notebooks/my_notes.ipynb", ["is stray", "git rm"]),
        ("a missing notebook", "notebooks/00_start_here.ipynb", ["is missing", "make build"]),
        ("a typed figure", "course_lib/minutes.toml", ["differs from what lessons/ makes", "make build"]),
        ("an edited lesson", LESSON, ["differs", "make build"]),
        ("an edited release", "exercises/release/01_eval_mode/01_eval_mode.ipynb", ["exercise.py", "make build"]),
    ],
)
def test_check_says_what_drifted_and_what_to_do(course, capsys, what, path, says):
    if what in ("an edited notebook", "an edited release"):
        edit(course / path, "evaluation", "evaluaton")
    elif what == "a stray notebook":
        (course / path).write_text("{}")
    elif what == "a missing notebook":
        (course / path).unlink()
    elif what == "a typed figure":
        edit(course / path, "minutes = ", "minutes = 1")
    else:
        edit(course / "lessons/01_eval_mode/lesson.py", "Same model, same image", "Same model and image")
    assert main(["--check", "--root", str(course)]) == 1
    printed = capsys.readouterr().out
    lines = printed.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(path)
    assert all(words in printed for words in says)


def test_build_repairs_drift_and_leaves_strays_alone(course, capsys):
    (course / LESSON).unlink()
    (course / "notebooks/my_notes.ipynb").write_text("{}")
    assert [str(p) for p in write(course)] == [LESSON]
    assert (course / "notebooks/my_notes.ipynb").exists()
    assert "stray" in capsys.readouterr().err


def test_import_brings_an_edit_back(course):
    notebook = nbformat.read(course / LESSON, 4)
    cell = next(c for c in notebook.cells if "Same model, same image" in c.source)
    cell.source = cell.source.replace("Same model, same image", "The same model and the same image")
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="ran")]
    nbformat.write(notebook, course / LESSON)
    before = read_cells(course / "lessons/01_eval_mode/lesson.py")
    assert import_notebook(course / LESSON, course) == course / "lessons/01_eval_mode/lesson.py"
    after = read_cells(course / "lessons/01_eval_mode/lesson.py")
    changed = [(b.source, a.source) for b, a in zip(before, after, strict=True) if b.source != a.source]
    assert len(changed) == 1
    assert changed[0][1] == cell.source


def test_a_turn_is_a_stub_in_the_notebook_and_keeps_its_solution_through_an_import(course, fresh):
    source = course / "lessons/01_eval_mode/lesson.py"
    cell = next(c for c in nbformat.reads(fresh[Path(LESSON)], 4).cells if c.metadata.get("course", {}).get("turn"))
    assert cell.metadata == {"course": {"turn": "still_training"}}
    assert cell.source.endswith('raise NotImplementedError("Replace this line with your code.")')
    assert "SOLUTION" not in cell.source
    before = [(c.kind, c.source, c.metadata) for c in read_cells(source)]
    import_notebook(course / LESSON, course)
    assert [(c.kind, c.source, c.metadata) for c in read_cells(source)] == before
    edit(course / LESSON, "def still_training(model)", "def still_training(net)")
    with pytest.raises(
        ContentError, match=r"has no solution of a 'Your turn'.*make it in lessons/01_eval_mode/lesson\.py"
    ):
        import_notebook(course / LESSON, course)
    assert [(c.kind, c.source, c.metadata) for c in read_cells(source)] == before


def test_a_turn_that_course_toml_does_not_promise_and_one_that_is_missing(course, capsys):
    edit(course / "lessons/01_eval_mode/lesson.py", 'turn="still_training"', 'turn="asleep"')
    assert main(["--root", str(course)]) == 1
    said = capsys.readouterr().err
    assert (
        "lesson.py has turn cells for ['asleep', 'dropping', 'keep_dropping', 'output_of']; course.toml promises ['dropping', 'keep_dropping', 'output_of', 'still_training']. Make them agree."
        in said
    )


def test_the_minutes_follow_from_what_stands_in_a_lesson(tmp_path):
    cells = ["# %% [markdown]\n# " + "word " * 2000, *["# %%\nx = 1"] * 20, *['# %% turn="t"\nx = 1'] * 3]
    room, folder = tmp_path / "course_lib/lessons/new", tmp_path / "lessons/02_new"
    room.mkdir(parents=True)
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text("\n".join(cells) + "\n[a link](https://not.read/word-by-word)\n")
    bare = {"title": "", "part": "", "objectives": (), "needs": (), "written": {}, "quiz_points": 4}
    lesson = Lesson(2, "new", tasks={"a": 1, "b": 2}, **bare)
    timed = with_minutes(lesson, tmp_path)
    assert (timed.minutes, timed.quiz_minutes, timed.exercise_minutes) == (25, 0, 0)  # 10 read, 10 run, 6 written
    (folder / "exercise.py").write_text("# %% [markdown]\n# ## 1. A (20 minutes)\n#\n# ## 2. B (15 minutes)\n")
    for name in ("questions", "cards"):
        shutil.copy(ROOT / "course_lib/lessons/eval_mode" / f"{name}.yaml", room)
    timed = with_minutes(lesson, tmp_path)
    assert (timed.quiz_minutes, timed.exercise_minutes) == (15, 40)  # 15 questions and 10 cards; 20 + 15 + 4
    assert in_words(timed) == "about 25 minutes; quiz, test and cards 15; exercise 40"


def test_import_of_an_untouched_exercise_changes_nothing_that_is_built(course, fresh):
    path = "exercises/source/01_eval_mode/01_eval_mode.ipynb"
    import_notebook(course / path, course)
    assert build(course) == fresh


def test_import_refuses_a_release(course):
    with pytest.raises(ContentError, match="no solutions in it"):
        import_notebook(course / "exercises/release/01_eval_mode/01_eval_mode.ipynb", course)


def test_duplicate_task_name_gets_one_clear_message(course, capsys):
    edit(course / "course_lib/course.toml", "found_of_the_ill = 2", "predict = 2")
    assert main(["--root", str(course)]) == 1
    assert "task 'predict' is used twice" in capsys.readouterr().err


def test_a_folder_without_an_entry_and_an_unknown_header(course, capsys):
    (course / "lessons/02_new").mkdir()
    assert main(["--root", str(course)]) == 1
    assert "lessons/02_new: course.toml doesn't list it" in capsys.readouterr().err
    (course / "lessons/02_new").rmdir()
    edit(course / "lessons/01_eval_mode/exercise.py", 'solution="predict"', 'sollution="predict"')
    assert main(["--root", str(course)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "exercise.py, line " in said
    assert "unknown header sollution. Known here are check" in said
    edit(course / "lessons/01_eval_mode/exercise.py", 'sollution="predict"', "solution=predict")
    assert main(["--root", str(course)]) == 1
    assert "unknown header solution=predict" in capsys.readouterr().err


def test_it_runs_from_any_folder(tmp_path):
    command = [sys.executable, str(ROOT / "tools/build_course.py"), "--preview", "02_none"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("No lesson is called '02_none'. Use one of: 00_start_here, 01_eval_mode, ")


def test_an_exercise_ends_with_the_way_back_and_on(fresh):
    lessons = load_syllabus().lessons
    for lesson, after in zip(lessons, [*lessons[1:], None], strict=True):
        text = fresh[Path("exercises/release", lesson.name, f"{lesson.name}.ipynb")]
        last = nbformat.reads(text, 4).cells[-1].source
        assert f"(../../../notebooks/{lesson.name}.ipynb)" in last
        assert ("Next: " in last) == (after is not None)
        assert after is None or f"(../../../notebooks/{after.name}.ipynb)" in last

"""The author's pipeline: deterministic, complete, and helpful when something drifted."""

import shutil
from pathlib import Path

import nbformat
import pytest

from course_lib.errors import ContentError
from tools import build_course
from tools.build_course import ROOT, build, drift, import_notebook, main, read_source, write

RELEASE = build_course.release_notebooks
LESSON = "notebooks/01_eval_mode.ipynb"


@pytest.fixture(scope="module")
def fresh():
    return build(ROOT)


@pytest.fixture(autouse=True)
def each_release_once(request, monkeypatch):
    """nbgrader takes a second a notebook: where it isn't what is tested, ask it once for each source."""
    if "byte_identical" not in request.node.name:
        monkeypatch.setattr(build_course, "release_notebooks", release_once)


_RELEASES: dict[tuple[str, str], str] = {}


def release_once(sources, root):
    new = {name: text for name, text in sources.items() if (name, text) not in _RELEASES}
    for name, text in RELEASE(new, root).items():
        _RELEASES[name, sources[name]] = text
    return {name: _RELEASES[name, text] for name, text in sources.items()}


@pytest.fixture
def tree(tmp_path):
    """A copy of everything that building reads and writes."""
    for folder in ("lessons", "notebooks", "exercises", "course_lib"):
        ignore = shutil.ignore_patterns("__pycache__", "*.db", "submitted", "autograded", "feedback")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_built_files_are_fresh():
    assert drift(ROOT) == []


def test_two_builds_are_byte_identical(fresh, tree):
    assert build(tree) == fresh


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
        ("an edited lesson", LESSON, ["differs", "make build"]),
        ("an edited release", "exercises/release/01_eval_mode/01_eval_mode.ipynb", ["exercise.py", "make build"]),
    ],
)
def test_check_says_what_drifted_and_what_to_do(tree, capsys, what, path, says):
    if what in ("an edited notebook", "an edited release"):
        edit(tree / path, "evaluation", "evaluaton")
    elif what == "a stray notebook":
        (tree / path).write_text("{}")
    elif what == "a missing notebook":
        (tree / path).unlink()
    else:
        edit(tree / "lessons/01_eval_mode/lesson.py", "trained for ten epochs", "trained for 10 epochs")
    assert main(["--check", "--root", str(tree)]) == 1
    printed = capsys.readouterr().out
    lines = printed.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(path)
    assert all(words in printed for words in says)


def test_build_repairs_drift_and_leaves_strays_alone(tree, capsys):
    (tree / LESSON).unlink()
    (tree / "notebooks/my_notes.ipynb").write_text("{}")
    assert [str(p) for p in write(tree)] == [LESSON]
    assert (tree / "notebooks/my_notes.ipynb").exists()
    assert "stray" in capsys.readouterr().err


def test_import_brings_an_edit_back(tree):
    notebook = nbformat.read(tree / LESSON, 4)
    cell = next(c for c in notebook.cells if "Same model, same image" in c.source)
    cell.source = cell.source.replace("Same model, same image", "The same model and the same image")
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="ran")]
    nbformat.write(notebook, tree / LESSON)
    before = read_source(tree / "lessons/01_eval_mode/lesson.py")
    assert import_notebook(tree / LESSON, tree) == tree / "lessons/01_eval_mode/lesson.py"
    after = read_source(tree / "lessons/01_eval_mode/lesson.py")
    changed = [(b.source, a.source) for b, a in zip(before, after, strict=True) if b.source != a.source]
    assert len(changed) == 1
    assert changed[0][1] == cell.source


def test_import_of_an_untouched_exercise_changes_nothing_that_is_built(tree, fresh):
    path = "exercises/source/01_eval_mode/01_eval_mode.ipynb"
    import_notebook(tree / path, tree)
    assert build(tree) == fresh


def test_import_refuses_a_release(tree):
    with pytest.raises(ContentError, match="no solutions in it"):
        import_notebook(tree / "exercises/release/01_eval_mode/01_eval_mode.ipynb", tree)


def test_duplicate_task_name_gets_one_clear_message(tree, capsys):
    edit(tree / "course_lib/course.toml", "found_of_the_ill = 2", "predict = 2")
    assert main(["--root", str(tree)]) == 1
    assert "task 'predict' is used twice" in capsys.readouterr().err


def test_a_folder_without_an_entry_and_an_unknown_header(tree, capsys):
    (tree / "lessons/02_new").mkdir()
    assert main(["--root", str(tree)]) == 1
    assert "lessons/02_new: course.toml doesn't list it" in capsys.readouterr().err
    (tree / "lessons/02_new").rmdir()
    edit(tree / "lessons/01_eval_mode/exercise.py", 'solution="predict"', 'sollution="predict"')
    assert main(["--root", str(tree)]) == 1
    assert "unknown header sollution" in capsys.readouterr().err

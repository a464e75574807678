"""Hostile submissions and mangled ones, graded in one class by `course grade`, with honest ones between them."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import hostile_submissions as hostile
import mangled_submissions as mangled
import nbformat
import pytest
from attempts import ROOT
from submissions import formgrader_page, right_quiz, submission

from course_lib.classroom.tasks.checking import solution_code
from course_lib.syllabus import load_syllabus

pytestmark = [pytest.mark.grading, pytest.mark.timeout(900)]
LESSON = load_syllabus().lesson("eval_mode")
NAME = LESSON.name
LINUX = sys.platform == "linux"
CELL_SECONDS, NOTEBOOK_SECONDS = 6, 20


def folder_name(kind: str) -> str:
    return re.sub(r"\W+", "_", kind)


def honest(index: int) -> str:
    return f"honest_{index:02}"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("banks")
    exercises = root / "exercises"
    exercises.mkdir()
    shutil.copytree(ROOT / "exercises" / "source" / NAME, exercises / "source" / NAME)
    shutil.copytree(ROOT / "lessons", root / "lessons")
    config = (ROOT / "exercises" / "nbgrader_config.py").read_text()
    config += f"\nc.GradedExecute.timeout = {CELL_SECONDS}\nc.GradedExecute.notebook_timeout = {NOTEBOOK_SECONDS}\n"
    config += "c.GradedExecute.memory_mb = 2048\n"
    (exercises / "nbgrader_config.py").write_text(config)
    command(exercises, "nbgrader", "generate_assignment", NAME)
    return exercises


def command(course: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    home = course.parent / "home"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JUPYTER_DATA_DIR": str(home),
        "JUPYTER_CONFIG_DIR": str(home),
        "PYTHONWARNINGS": "ignore",
        "A_SECRET_TOKEN": "of the instructor",
    }
    done = subprocess.run(arguments, cwd=course, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 or not check, done.stderr[-4000:] + done.stdout[-4000:]
    return done


def right_notebook(course: Path) -> nbformat.NotebookNode:
    return submission(
        course / "release" / NAME / f"{NAME}.ipynb",
        {task: solution_code(task) for task in LESSON.tasks},
        right_quiz(NAME),
    )


def hand_in(course: Path, student: str, kind: hostile.Kind, places: dict[str, str]) -> None:
    release = course / "release" / NAME / f"{NAME}.ipynb"
    notebook = right_notebook(course) if kind.right else nbformat.read(release, as_version=4)
    cells = [hostile.HELPERS, *kind.cells] if kind.cells else []
    notebook.cells[:0] = [nbformat.v4.new_code_cell(cell.format(**places)) for cell in cells]
    if kind.text:
        written = [nbformat.v4.new_markdown_cell(kind.text), nbformat.v4.new_raw_cell(f"```\n{kind.text}")]
        notebook.cells[:0] = written
    for cell in notebook.cells if kind.metadata else ():
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] |= kind.metadata
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    for name, text in kind.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if kind.archived:
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            archive.write(folder / f"{NAME}.ipynb", f"{NAME}.ipynb")
            for name, text in kind.archived.items():
                archive.writestr(name, text)
        (folder / f"{NAME}.ipynb").unlink()
    for name, target in kind.links.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target.format(**places))


def digest(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def graded(course):
    """One class with everybody in it, graded once."""
    if not LINUX:
        pytest.skip("the sandbox needs Linux")
    before = {name: digest(course.parent / name) for name in ("lessons", "exercises/source")}
    ours = digest(ROOT / "course_lib" / "classroom")
    right, students = right_notebook(course), {}
    with socket.create_server(("127.0.0.1", 0)) as service:
        port = str(service.getsockname()[1])
        places = {"repo": str(ROOT), "course": str(course), "lessons": str(course.parent / "lessons"), "port": port}
        kinds = [*hostile.KINDS.items(), *mangled.KINDS.items()]
        for number, (name, kind) in enumerate(kinds):
            students[name] = getattr(kind, "student", "") or f"{number:03}_{folder_name(name)}"
            if isinstance(kind, hostile.Kind):
                hand_in(course, students[name], kind, places)
            else:
                mangled.write(course / "submitted" / students[name] / NAME, right, kind)
            if number % 15 == 0 or number == len(kinds) - 1:
                neighbour = f"{number:03}_zz_honest"
                mangled.write(course / "submitted" / neighbour / NAME, right, mangled.Kind(lambda nb: None))
                students[neighbour] = neighbour
        submitted = digest(course / "submitted")
        done = command(course, sys.executable, "-m", "course_lib", "grade", NAME, "--workers", "2", check=False)
    assert digest(course / "submitted") == submitted
    with open(course / "grades.csv", newline="") as f:
        rows = {row["student"]: row for row in csv.DictReader(f)}
    return {
        "students": students,
        "scores": {student: float(row["score"] or "nan") for student, row in rows.items()},
        "person": {student for student, row in rows.items() if row["needs_person"]},
        "what": {student: row["what_happened"] for student, row in rows.items()},
        "done": done,
        "before": before,
        "ours": ours,
        "course": course,
    }


def outputs(graded, student: str) -> str:
    path = graded["course"] / "autograded" / student / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    return json.dumps([cell.get("outputs", []) for cell in notebook.cells])


@pytest.mark.parametrize("name", hostile.KINDS)
def test_hostile_submissions_earn_what_their_answers_earn(graded, name):
    student, kind = graded["students"][name], hostile.KINDS[name]
    assert graded["scores"][student] == (20 if kind.right else kind.score), graded["what"][student]
    assert "REACHED" not in outputs(graded, student)


@pytest.mark.parametrize("name", mangled.KINDS)
def test_mangled_submissions_earn_what_their_answers_deserve(graded, name):
    student, kind = graded["students"][name], mangled.KINDS[name]
    assert graded["scores"][student] == kind.score, graded["what"][student]
    assert (student in graded["person"]) == kind.person


def test_who_left_nothing_to_judge_reads_why(graded):
    assert "Its cell raised SyntaxError: invalid syntax" in outputs(
        graded, graded["students"]["an answer that is no Python"]
    )


def test_a_file_that_the_notebook_wrote_is_no_stranger(graded):
    assert graded["what"][graded["students"]["an answer written to a file"]] == "graded"


def test_honest_neighbours_get_theirs(graded):
    neighbours = [name for name in graded["students"] if name.endswith("honest")]
    assert len(neighbours) > 5
    assert {graded["scores"][name] for name in neighbours} == {20}
    assert {graded["what"][name] for name in neighbours} == {"graded"}


def test_everybody_was_graded(graded):
    assert graded["done"].returncode == 0, graded["done"].stderr[-3000:]
    assert "\x1b" not in graded["done"].stdout


def test_thousands_of_files_are_not_copied(graded):
    student = graded["students"]["harms more files than anybody needs"]
    assert len(list((graded["course"] / "autograded" / student / NAME / "data").iterdir())) < 500


def test_nothing_outside_was_changed_and_nothing_is_left(graded):
    course = graded["course"]
    assert {name: digest(course.parent / name) for name in graded["before"]} == graded["before"]
    assert digest(ROOT / "course_lib" / "classroom").keys() >= graded["ours"].keys()
    now = digest(ROOT / "course_lib" / "classroom")
    assert all(now[name] == content for name, content in graded["ours"].items() if name.endswith(".py"))
    assert not [p for p in ("/tmp/hostile-marker", "/dev/shm/hostile-marker", "/usr/x") if os.path.exists(p)]
    receipts = [json.loads(p.read_text()) for p in (course / "receipts" / NAME).glob("*.json")]
    assert len(receipts) == len(graded["students"])
    # As root each submission is a user of its own; other tests, which may grade beside this one, have others.
    users = {200_000 + receipt["seed"] % 100_000 for receipt in receipts}
    assert not [p.read_text() for p in Path("/proc").glob("[0-9]*/status") if uid_of(p) in users]


class Reacting(HTMLParser):
    """Where a page does, or asks for, what a student wrote, in scripts, styles, attributes or tags of theirs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found, self.text, self.inside = [], "", ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside = tag if tag in ("script", "style") else ""
        self.found += [(tag, name, value) for name, value in attributes if "MARKED" in (value or "") + name]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_comment(self, text):
        self.found += [("comment", "", text)] if "MARKED" in text else []

    def handle_data(self, text):
        if self.inside and "MARKED" in text:
            self.found.append((self.inside, "", text))
        self.text += text


def test_what_a_student_wrote_never_runs_for_who_marks_or_reads(graded):
    course = graded["course"]
    student = graded["students"]["harms scripts for who marks"]
    command(course, "nbgrader", "generate_feedback", NAME, "--student", student)
    feedback = (course / "feedback" / student / NAME / f"{NAME}.html").read_text()
    for page in (formgrader_page(course, student, NAME), feedback):
        seen = Reacting(page)
        assert seen.found == []
        assert seen.text.count("MARKED()") > 30  # it is all there to read
    assert "<script" not in feedback


def uid_of(status: Path) -> int:
    try:
        return int(re.search(r"^Uid:\s+(\d+)", status.read_text(), flags=re.M)[1])
    except OSError:
        return -1

"""Notebooks as students hand them in, made from a release."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from attempts import ROOT
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers

from course_lib.classroom.grading.gradebook import Course
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import typed_key
from course_lib.classroom.tasks.checking import solution_code
from course_lib.syllabus import load_syllabus


def right_quiz(name: str) -> dict[str, str]:
    """The key of a graded quiz, as a learner would type it."""
    path = ROOT / "lessons" / name / "graded_quiz.yaml"
    questions = load_bank(path).questions if path.exists() else ()
    return {f"q{i}": typed_key(question) for i, question in enumerate(questions, start=1)}


def submission(
    release: Path, answers: dict[str, str], quiz: dict[str, str], *, drop: str = ""
) -> nbformat.NotebookNode:
    """The released notebook, filled in as a learner would: answers by task, typed quiz answers."""
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        task = name.removeprefix("solution-")
        if task != name and task in answers:
            cell.source = answers[task]
        for q, typed in quiz.items():
            if cell.source == f'{q} = ""':
                cell.source = f'{q} = "{typed}"'
    if drop:
        notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != drop]
    return notebook


def make_course(root: Path, name: str, students: tuple[str, ...]) -> Path:
    """An nbgrader course in a folder, one assignment released, right answers handed in; its exercises/."""
    exercises = root / "exercises"
    shutil.copytree(ROOT / "lessons", root / "lessons")
    exercises.mkdir()
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", exercises)
    add_assignment(exercises, name)
    with Gradebook(f"sqlite:///{exercises}/gradebook.db", "evaluate_save_load") as book:
        book.update_or_create_assignment(name, duedate="2026-01-02 00:00:00 UTC")
    for student in students:
        hand_in(exercises, student, name, right_answers(name))
    return exercises


def add_assignment(exercises: Path, name: str) -> None:
    """Generate one more assignment of the course. As in a clone, what is released is there before that."""
    for part in ("source", "release"):
        shutil.copytree(ROOT / "exercises" / part / name, exercises / part / name)
    bin_folder, root = Path(sys.executable).parent, str(exercises.parent)
    home = {"JUPYTER_DATA_DIR": root, "JUPYTER_CONFIG_DIR": root, "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **home, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    command = [str(bin_folder / "nbgrader"), "generate_assignment", name]
    subprocess.run(command, cwd=exercises, env=environment, check=True, capture_output=True)


def right_answers(name: str) -> dict[str, str]:
    """The worked solutions of an assignment's tasks."""
    return {task: solution_code(task) for task in load_syllabus().called(name).tasks}


def hand_in(exercises: Path, student: str, name: str, answers: dict[str, str]) -> None:
    """Put a notebook with these answers and a right quiz into a student's folder."""
    notebook = submission(exercises / "release" / name / f"{name}.ipynb", answers, right_quiz(name))
    folder = exercises / "submitted" / student / name
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def formgrader_page(course: Path, student: str, name: str) -> str:
    """What a grader looks at: the formgrader's own exporter, template and resources."""
    config = Course(course).config
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    graded = course / "autograded" / student / name / f"{name}.ipynb"
    names = ("submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    resources = {"assignment_id": name, "notebook_id": name, "index": 0, "total": 1, **dict.fromkeys(names, "x")}
    return HTMLExporter(config=config).from_filename(str(graded), resources=resources)[0]


def receipts(course: Path, name: str) -> dict[str, dict]:
    """The receipts of a course's assignment, by student."""
    return {p.stem: json.loads(p.read_text()) for p in (course / "receipts" / name).glob("*.json")}

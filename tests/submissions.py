"""Notebooks as students hand them in, made from a release."""

from pathlib import Path

import nbformat
from attempts import ROOT

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import typed_key


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

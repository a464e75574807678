"""An exercise's source as nbgrader's assignment, and its release, which nbgrader itself makes."""

import logging
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import as_markdown
from course_lib.errors import ContentError
from course_lib.syllabus import Lesson, Syllabus
from tools import short
from tools.notebooks import agree, badge, cells_of, colab_cell, finished, generated, to_text

MARKERS = {"solution", "check", "written"}


def exercise_notebook(lesson: Lesson, syllabus: Syllabus, root: Path) -> NotebookNode:
    """The graded assignment with its solutions: headers become nbgrader's schema-3 metadata.

    Raises:
        ContentError: exercise.py or graded_quiz.yaml can't be read, or promises other tasks than course.toml.
    """
    folder = root / "lessons" / lesson.name
    cells, found = cells_of(folder / "exercise.py", MARKERS), {marker: [] for marker in sorted(MARKERS)}
    for cell in cells:
        for marker in MARKERS & cell.metadata.keys():
            name = cell.metadata.pop(marker)
            found[marker].append(name)
            cell.metadata["nbgrader"] = _grading_metadata(marker, name, lesson)
    for marker, names in found.items():
        agree(folder / "exercise.py", marker, names, lesson.written if marker == "written" else lesson.tasks)
    alone = not (folder / "lesson.py").exists()  # an instructor's own, without a lesson
    there = "" if alone else f" · [the lesson](../../../notebooks/{lesson.name}.ipynb)"
    title, path = f"# Exercise: {lesson.title}", f"exercises/release/{lesson.name}/{lesson.name}.ipynb"
    about = f"*{lesson.points} points · about {lesson.exercise_minutes} minutes{there}*"
    heading = "\n".join([title, "", *badge(path, syllabus), about])
    opening, closing = (generated(new_markdown_cell(text)) for text in (heading, _onward(lesson, syllabus)))
    first = [opening, colab_cell(syllabus.github)] if syllabus.github else [opening]
    last = [] if alone else [closing]
    return finished(f"exercise/{lesson.name}", [*first, *cells, *quiz_cells(lesson, folder), *last])


def _onward(lesson: Lesson, syllabus: Syllabus) -> str:
    """The row of links that an exercise ends with."""
    row = [f"[Back to the lesson](../../../notebooks/{lesson.name}.ipynb)"]
    for after in syllabus.lessons[syllabus.lessons.index(lesson) + 1 :][:1]:
        row.append(f"[Next: {after.title}](../../../notebooks/{after.name}.ipynb)")
    return f"---\n\n{' · '.join(row)}"


def _grading_metadata(marker: str, name: str, lesson: Lesson) -> dict:
    points = {"check": lesson.tasks, "written": lesson.written}.get(marker, {}).get(name)
    metadata = {
        "schema_version": 3,
        "grade": marker != "solution",
        "solution": marker != "check",
        "locked": marker == "check",
        "task": False,
        "grade_id": f"{marker}-{name}",
    }
    return metadata if points is None else {**metadata, "points": points}


def quiz_cells(lesson: Lesson, folder: Path) -> list[NotebookNode]:
    """The graded questions, their empty answers, and one cell that hands them in. No key in here."""
    path = folder / "graded_quiz.yaml"
    if not lesson.quiz_points:
        return []
    questions = load_bank(path).questions
    if len(questions) != lesson.quiz_points:
        raise ContentError(
            f"{short(path)} has {len(questions)} questions; course.toml gives {lesson.quiz_points} quiz_points, "
            "one a question. Make them agree."
        )
    intro = f"## Quiz\n\nType your answers between the quotes. {lesson.quiz_points} points, one a question."
    cells = [new_markdown_cell(intro)]
    for i, question in enumerate(questions, start=1):
        cells.append(new_markdown_cell(f"**Question {i}.** {as_markdown(question)}"))
        cells.append(new_code_cell(f'q{i} = ""'))
    hand_in = new_code_cell(f'check_quiz("{lesson.slug}")')
    hand_in.metadata["nbgrader"] = {**_grading_metadata("check", "quiz", lesson), "points": lesson.quiz_points}
    return [generated(cell) for cell in [*cells, hand_in]]


def release_notebooks(sources: dict[str, str], root: Path) -> dict[str, str]:
    """Pass exercise sources through nbgrader's generate_assignment, in a folder of its own."""
    if not sources:
        return {}
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    with tempfile.TemporaryDirectory() as temporary:
        course = Path(temporary)
        for name, text in sources.items():
            (course / "source" / name).mkdir(parents=True)
            (course / "source" / name / f"{name}.ipynb").write_text(text, encoding="utf-8")
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root / "exercises")).load_config()
        config.CourseDirectory.root = temporary
        config.CourseDirectory.db_url = f"sqlite:///{temporary}/gradebook.db"
        logging.getLogger("traitlets").setLevel(logging.ERROR)
        api = NbGraderAPI(config=config)
        released = {}
        for name in sources:
            report = api.generate_assignment(name, force=True, create=True)
            if not report["success"]:
                raise ContentError(f"nbgrader could not generate {name}:\n{report.get('error')}\n{report.get('log')}")
            notebook = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
            notebook.metadata.pop("celltoolbar", None)
            released[name] = to_text(notebook)
    return released

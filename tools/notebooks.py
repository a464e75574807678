"""A lesson's source as the notebook that learners open; and what every notebook that we write has in common."""

import hashlib
import json
from pathlib import Path
from textwrap import indent

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.classroom.sources import as_stub, read_cells
from course_lib.errors import ContentError
from course_lib.syllabus import Lesson, Syllabus
from tools import short

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
COLAB = "https://colab.research.google.com/github"
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
IN_COLAB = 'import sys\n\nif "google.colab" in sys.modules:\n'
ADD_COURSE = """\
import importlib.util
import subprocess

if added := importlib.util.find_spec("course_lib") is None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", {course}]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        what = "The course could not be installed. Is this machine online? Run this cell again."
        raise RuntimeError(f"{{what}}\\n{{done.stderr}}")
    importlib.invalidate_caches()
from course_lib.classroom.colab import set_up

set_up(added)"""


def lesson_notebook(lesson: Lesson, syllabus: Syllabus, root: Path) -> NotebookNode:
    """A lesson as learners open it: a generated opening and closing around the authored cells.

    Raises:
        ContentError: lesson.py can't be read, or its *Your turn* cells are not those of course.toml.
    """
    path = root / "lessons" / lesson.name / "lesson.py"
    cells, turns = cells_of(path, {"turn"}), []
    for cell in cells:
        if turn := cell.metadata.pop("turn", None):
            turns.append(turn)
            cell.source = as_stub(cell.source)
            cell.metadata["course"] = {"turn": turn}
    agree(path, "turn", turns, lesson.turns)
    opening = [generated(new_markdown_cell(opening_text(lesson, syllabus)))]
    if syllabus.github:
        opening.append(colab_cell(syllabus.github))
    closing = generated(new_markdown_cell(f"---\n\n{links(lesson, syllabus)}"))
    return finished(lesson.name, [*opening, *cells, closing])


def cells_of(path: Path, markers: set[str]) -> list[NotebookNode]:
    """The cells of a source as a notebook has them, with their headers as metadata.

    Raises:
        ContentError: the file can't be read, or a header says something else than these markers and tags.
    """
    made = []
    for cell in read_cells(path):
        if unknown := [*(cell.metadata.keys() - markers - {"tags"}), *filter(None, [cell.title])]:
            known = ", ".join(f'{marker}="..."' for marker in sorted(markers))
            raise ContentError(
                f"{short(path)}, line {cell.line}: unknown header {', '.join(sorted(unknown))}. Known here are {known} "
                'and tags=["..."].'
            )
        new = new_markdown_cell if cell.kind == "markdown" else new_code_cell
        made.append(new(cell.source, metadata=dict(cell.metadata)))
    return made


def agree(path: Path, marker: str, found: list[str], promised: object) -> None:
    """Hold the names in a source's headers to those in course.toml.

    Raises:
        ContentError: one stands twice, or they differ.
    """
    if twice := {name for name in found if found.count(name) > 1}:
        raise ContentError(f"{short(path)}: {marker}={min(twice)!r} stands twice. Rename one.")
    if set(found) != set(promised):
        raise ContentError(
            f"{short(path)} has {marker} cells for {sorted(found)}; course.toml promises {sorted(promised)}. "
            "Make them agree."
        )


def finished(name: str, cells: list[NotebookNode]) -> NotebookNode:
    """Give every cell an id that follows from lesson, content and occurrence, and the notebook its metadata."""
    seen: dict[str, int] = {}
    for cell in cells:
        digest = hashlib.sha256(f"{name}\n{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = grade_id or (digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """One form for every notebook we write: sorted keys, one-space indent, a newline at the end."""
    split_into_lines = json.loads(nbformat.writes(notebook, version=nbformat.NO_CONVERT))
    return json.dumps(split_into_lines, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def colab_cell(github: str) -> NotebookNode:
    """The first cell of a published notebook: in Colab it adds the course, anywhere else it does nothing."""
    heading = (
        "# @title In Colab, run this first\n# It adds the course to what is there; anywhere else it does nothing.\n"
    )
    code = indent(ADD_COURSE.format(course=f'"git+https://github.com/{github}"'), " " * 4)
    return generated(new_code_cell(heading + IN_COLAB + code, metadata={"cellView": "form"}))


def badge(path: str, syllabus: Syllabus) -> list[str]:
    """Colab's badge for a built notebook, as lines of markdown; none where the course isn't published."""
    if not syllabus.github:
        return []
    return [f"[![Open in Colab]({BADGE})]({COLAB}/{syllabus.github}/blob/main/{path})", ""]


def generated(cell: NotebookNode) -> NotebookNode:
    """Mark a cell that comes from course.toml or a bank, not from the source."""
    cell.metadata["course"] = {"generated": True}
    return cell


def opening_text(lesson: Lesson, syllabus: Syllabus) -> str:
    """Title, minutes, what you will be able to do, what you need first, links."""
    about = f"*Lesson {lesson.number} · {lesson.part} · {in_words(lesson)}*"
    lines = [f"# {lesson.title}", "", *badge(f"notebooks/{lesson.name}.ipynb", syllabus), about, ""]
    lines += ["**You will be able to**", ""]
    lines += [*(f"- {objective}" for objective in lesson.objectives), ""]
    if needed := [other for other in syllabus.lessons if other.slug in lesson.needs]:
        lines += ["**You need first:** " + ", ".join(f"[{n.title}]({n.name}.ipynb)" for n in needed) + ".", ""]
    return "\n".join([*lines, links(lesson, syllabus)])


def in_words(lesson: Lesson) -> str:
    """How long it takes: the lesson; quiz, test and cards; the exercise."""
    parts = [f"about {lesson.minutes} minutes"]
    if lesson.quiz_minutes:
        parts.append(f"quiz, test and cards {lesson.quiz_minutes}")
    if lesson.exercise_minutes:
        parts.append(f"exercise {lesson.exercise_minutes}")
    return "; ".join(parts)


def links(lesson: Lesson, syllabus: Syllabus) -> str:
    """The row of links of a lesson."""
    row, i = [], syllabus.lessons.index(lesson)
    if i:
        before = syllabus.lessons[i - 1]
        row.append(f"[Previous: {before.title}]({before.name}.ipynb)")
    if i + 1 < len(syllabus.lessons):
        after = syllabus.lessons[i + 1]
        row.append(f"[Next: {after.title}]({after.name}.ipynb)")
    if lesson.points:
        row.append(f"[Exercise](../exercises/release/{lesson.name}/{lesson.name}.ipynb)")
    return " · ".join(row)

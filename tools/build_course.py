"""Build notebooks/ and exercises/ from lessons/; or check that they are fresh; or bring an edit back.

    python tools/build_course.py                                   write what is stale
    python tools/build_course.py --check                           exit 1 and say what to do if something is
    python tools/build_course.py --import notebooks/01_x.ipynb     an edit made in JupyterLab -> lessons/
    python tools/build_course.py --preview 05_y                    one lesson, a draft too -> build/preview/

Deterministic to the byte: cell ids follow from the content, metadata is written by us alone, and exercises
pass through nbgrader's own generate_assignment.
"""

import argparse
import hashlib
import json
import logging
import re
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.errors import ContentError, CourseError
from course_lib.syllabus import Lesson, Syllabus, load_syllabus

ROOT = Path(__file__).parents[1]
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
MARKERS = {"solution", "check", "written"}
TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- /lessons -->)", re.S)


# ---------------------------------------------------------------- sources -> notebooks


def read_source(path: Path) -> list[NotebookNode]:
    """The cells of a py:percent file; jupytext's own metadata dropped, our headers kept."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat complains of the ids that we set ourselves later
        notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    for cell in notebook.cells:
        unknown = cell.metadata.keys() - MARKERS - {"tags", "lines_to_next_cell"}
        if unknown:
            raise ContentError(
                f"{_short(path)}: unknown header {', '.join(sorted(unknown))} in the cell that begins "
                f"{cell.source[:40]!r}. Known are {', '.join(sorted(MARKERS))} and tags."
            )
        cell.metadata.pop("lines_to_next_cell", None)
    return notebook.cells


def finish_notebook(name: str, cells: list[NotebookNode]) -> NotebookNode:
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


def _generated(cell: NotebookNode) -> NotebookNode:
    cell.metadata["course"] = {"generated": True}
    return cell


def lesson_notebook(lesson: Lesson, syllabus: Syllabus, root: Path) -> NotebookNode:
    """A lesson as learners open it: a generated opening and closing around the authored cells."""
    cells = read_source(root / "lessons" / lesson.name / "lesson.py")
    if any(cell.metadata.keys() & MARKERS for cell in cells):
        raise ContentError(
            f"lessons/{lesson.name}/lesson.py: graded headers belong in exercise.py. Move the cell there."
        )
    opening = [_generated(new_markdown_cell(opening_text(lesson, syllabus)))]
    if syllabus.github:
        opening.append(_generated(new_code_cell(COLAB_CELL.format(github=syllabus.github))))
    return finish_notebook(
        lesson.name, [*opening, *cells, _generated(new_markdown_cell(closing_text(lesson, syllabus)))]
    )


COLAB_CELL = """import importlib.util
if importlib.util.find_spec("course_lib") is None:  # on Colab: adds the course, touches nothing that is there
    %pip install --quiet --no-deps fsrs git+https://github.com/{github}"""


def neighbours(lesson: Lesson, syllabus: Syllabus) -> tuple[Lesson | None, Lesson | None]:
    """The lessons before and after, of those that exist."""
    i = syllabus.lessons.index(lesson)
    return (
        syllabus.lessons[i - 1] if i else None,
        syllabus.lessons[i + 1] if i + 1 < len(syllabus.lessons) else None,
    )


def links(lesson: Lesson, syllabus: Syllabus) -> str:
    """The row of links of a lesson."""
    before, after = neighbours(lesson, syllabus)
    row = []
    if syllabus.github:
        url = f"https://colab.research.google.com/github/{syllabus.github}/blob/main/notebooks/{lesson.name}.ipynb"
        row.append(f"[Open in Colab]({url})")
    if before:
        row.append(f"[Previous: {before.title}]({before.name}.ipynb)")
    if after:
        row.append(f"[Next: {after.title}]({after.name}.ipynb)")
    if lesson.points:
        row.append(f"[Exercise](../exercises/release/{lesson.name}/{lesson.name}.ipynb)")
    return " · ".join(row)


def opening_text(lesson: Lesson, syllabus: Syllabus) -> str:
    """Title, minutes, what you will be able to do, what you need first, links."""
    lines = [f"# {lesson.title}", "", f"*Lesson {lesson.number} · {lesson.part} · about {lesson.minutes} minutes*", ""]
    lines += ["**You will be able to**", "", *(f"- {objective}" for objective in lesson.objectives), ""]
    if needed := [other for other in syllabus.lessons if other.slug in lesson.needs]:
        lines += ["**You need first:** " + ", ".join(f"[{n.title}]({n.name}.ipynb)" for n in needed) + ".", ""]
    return "\n".join([*lines, links(lesson, syllabus)])


def closing_text(lesson: Lesson, syllabus: Syllabus) -> str:
    """Where to go from here."""
    return f"---\n\n{links(lesson, syllabus)}"


def exercise_notebook(lesson: Lesson, root: Path) -> NotebookNode:
    """The graded assignment with its solutions: headers become nbgrader's schema-3 metadata."""
    folder = root / "lessons" / lesson.name
    cells = read_source(folder / "exercise.py")
    found: dict[str, set[str]] = {"solution": set(), "check": set(), "written": set()}
    for cell in cells:
        for marker in MARKERS & cell.metadata.keys():
            name = cell.metadata.pop(marker)
            if name in found[marker]:
                raise ContentError(f"lessons/{lesson.name}/exercise.py: {marker}={name!r} stands twice. Rename one.")
            found[marker].add(name)
            cell.metadata["nbgrader"] = _grading_metadata(marker, name, lesson)
    for marker, promised in (("solution", lesson.tasks), ("check", lesson.tasks), ("written", lesson.written)):
        if found[marker] != promised.keys():
            raise ContentError(
                f"lessons/{lesson.name}/exercise.py has {marker} cells for {sorted(found[marker])}; course.toml "
                f"promises {sorted(promised)}. Make them agree."
            )
    heading = (
        f"# Exercise: {lesson.title}\n\n*{lesson.points} points · [the lesson](../../../notebooks/{lesson.name}.ipynb)*"
    )
    return finish_notebook(
        f"exercise/{lesson.name}", [_generated(new_markdown_cell(heading)), *cells, *quiz_cells(lesson, folder)]
    )


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
    from course_lib.classroom.quizzes.bank import load_bank
    from course_lib.classroom.quizzes.marking import as_markdown

    questions = load_bank(path).questions
    if len(questions) != lesson.quiz_points:
        raise ContentError(
            f"{_short(path)} has {len(questions)} questions; course.toml gives {lesson.quiz_points} quiz_points, "
            "one a question. Make them agree."
        )
    cells = [
        new_markdown_cell(
            f"## Quiz\n\nType your answers between the quotes. {lesson.quiz_points} points, one a question."
        )
    ]
    for i, question in enumerate(questions, start=1):
        cells.append(new_markdown_cell(f"**Question {i}.** {as_markdown(question)}"))
        cells.append(new_code_cell(f'q{i} = ""'))
    given = ", ".join(f"q{i}=q{i}" for i in range(1, len(questions) + 1))
    hand_in = new_code_cell(f'check_quiz("{lesson.slug}", {given})')
    hand_in.metadata["nbgrader"] = {**_grading_metadata("check", "quiz", lesson), "points": lesson.quiz_points}
    return [_generated(cell) for cell in [*cells, hand_in]]


# ---------------------------------------------------------------- nbgrader's part


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


# ---------------------------------------------------------------- everything


def build(root: Path = ROOT) -> dict[Path, str]:
    """Every built file's text, by its path relative to the root."""
    syllabus = load_syllabus(root / "course_lib" / "course.toml")
    listed = {lesson.name for lesson in syllabus.lessons}
    drafts = {lesson.name for lesson in syllabus.drafts}
    folders = {path.name for path in (root / "lessons").iterdir() if path.is_dir() and path.name[0].isdigit()}
    for name in sorted(listed ^ (folders - drafts)):
        where = "course.toml lists it; lessons/ has no such folder" if name in listed else "course.toml doesn't list it"
        raise ContentError(f"lessons/{name}: {where}. Add the one or remove the other.")
    built, sources = {}, {}
    for lesson in syllabus.lessons:
        built[Path("notebooks", f"{lesson.name}.ipynb")] = to_text(lesson_notebook(lesson, syllabus, root))
        if lesson.points:
            sources[lesson.name] = to_text(exercise_notebook(lesson, root))
    for name, text in sources.items():
        built[Path("exercises", "source", name, f"{name}.ipynb")] = text
    for name, text in release_notebooks(sources, root).items():
        built[Path("exercises", "release", name, f"{name}.ipynb")] = text
    readme = (root / "README.md").read_text(encoding="utf-8")
    if not TABLE.search(readme):
        raise ContentError("README.md: the marks <!-- lessons --> and <!-- /lessons --> are gone. Put them back.")
    built[Path("README.md")] = TABLE.sub(lambda m: m[1] + lesson_table(syllabus) + m[2], readme)
    return built


def preview(name: str, root: Path = ROOT) -> list[Path]:
    """Build one lesson, drafts included, into build/preview/; the paths written."""
    syllabus = load_syllabus(root / "course_lib" / "course.toml")
    lesson = syllabus.lesson(name.partition("_")[2])
    texts = {f"{name}.ipynb": to_text(lesson_notebook(lesson, replace(syllabus, lessons=syllabus.known), root))}
    if lesson.points:
        source = to_text(exercise_notebook(lesson, root))
        texts[f"{name}.source.ipynb"] = source
        texts[f"{name}.release.ipynb"] = release_notebooks({name: source}, root)[name]
    folder = root / "build" / "preview"
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return [folder / file for file in texts]


def lesson_table(syllabus: Syllabus) -> str:
    """The README's table of lessons."""
    rows = ["| | Lesson | Minutes | Exercise |", "|---|---|---|---|"]
    for lesson in syllabus.lessons:
        exercise = f"{lesson.points} points" if lesson.points else ""
        if exercise:
            exercise = f"[{exercise}](exercises/release/{lesson.name}/{lesson.name}.ipynb)"
        rows.append(
            f"| {lesson.number:02d} | [{lesson.title}](notebooks/{lesson.name}.ipynb) | {lesson.minutes} | {exercise} |"
        )
    return "\n".join(rows) + "\n"


def present(root: Path = ROOT) -> set[Path]:
    """The notebooks that stand where built ones do."""
    found: set[Path] = set()
    for folder in ("notebooks", "exercises/source", "exercises/release"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts and path.name != ".gitkeep":
                found.add(path.relative_to(root))
    return found


def drift(root: Path = ROOT) -> list[str]:
    """What differs between the tree and a fresh build: one message each, with the source and the command."""
    built, messages = build(root), []
    for path in sorted(built.keys() | present(root)):
        source = source_of(path)
        if path not in built:
            messages.append(
                f"{path} is stray: no source makes it. Delete it (git rm {path}), or give it a source in lessons/ and an entry in course.toml."
            )
        elif not (root / path).exists():
            messages.append(f"{path} is missing. It is built from {source}: run `make build`.")
        elif (root / path).read_bytes() != built[path].encode():
            message = f"{path} differs from what {source} makes. If you edited {source}: run `make build`."
            if path.suffix == ".ipynb" and "release" not in path.parts:
                message += f" If you edited the notebook: run `python tools/build_course.py --import {path}`, then `make build`."
            messages.append(message)
    return messages


def source_of(path: Path) -> str:
    """The authored file that a built one comes from."""
    if path.name == "README.md":
        return "course_lib/course.toml"
    return f"lessons/{path.stem}/{'lesson' if path.parts[0] == 'notebooks' else 'exercise'}.py"


def write(root: Path = ROOT) -> list[Path]:
    """Write what is stale, remove what is stray; the paths that changed."""
    built, changed = build(root), []
    for path, text in built.items():
        target = root / path
        if not target.exists() or target.read_bytes() != text.encode():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    for path in present(root) - built.keys():
        # Not deleted in silence: it may be somebody's work.
        print(f"{path} is stray: no source makes it. Delete it yourself, or give it a source.", file=sys.stderr)
    return changed


# ---------------------------------------------------------------- notebook -> source


def import_notebook(path: Path, root: Path = ROOT) -> Path:
    """Bring an edit made in JupyterLab back into its source; the source's path.

    Raises:
        ContentError: the notebook is a release (its solutions are gone), or has no source folder.
    """
    relative = path.resolve().relative_to(root.resolve())
    if relative.parts[0] == "exercises" and relative.parts[1] != "source":
        raise ContentError(
            f"{relative} has no solutions in it, so it can't become a source. Edit exercises/source/{path.stem}/{path.name} instead."
        )
    source = root / source_of(relative)
    if not source.parent.is_dir():
        raise ContentError(
            f"{relative}: there is no folder lessons/{path.stem}. Create it and list the lesson in course.toml."
        )
    notebook = nbformat.read(path, as_version=4)
    cells, fresh = [], build(root).get(relative)
    expected = {c.id: c.source for c in nbformat.reads(fresh, as_version=4).cells} if fresh else {}
    for cell in notebook.cells:
        if cell.metadata.get("course", {}).get("generated"):
            if expected.get(cell.id, cell.source) != cell.source:
                print(
                    f"{relative}: the generated cell that begins {cell.source[:40]!r} is not imported; its text comes from "
                    "course_lib/course.toml or graded_quiz.yaml.",
                    file=sys.stderr,
                )
            continue
        graded = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode({"tags": tags} if tags else {})
        marker, _, name = graded.partition("-")
        if marker in MARKERS:
            cell.metadata[marker] = name
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    bare = new_notebook(cells=cells, metadata={"jupytext": {"notebook_metadata_filter": "-all"}})
    text = jupytext.writes(bare, fmt="py:percent")
    source.write_text(text.strip() + "\n", encoding="utf-8", newline="\n")
    return source


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is stale")
    parser.add_argument("--import", dest="notebook", type=Path, help="bring a notebook's edits back into its source")
    parser.add_argument("--preview", metavar="NN_slug", help="build one lesson, a draft too, into build/preview/")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        if options.notebook:
            print(f"Wrote {_short(import_notebook(options.notebook, options.root))}. Now run `make build`.")
        elif options.preview:
            print("\n".join(f"wrote {_short(path)}" for path in preview(options.preview, options.root)))
        elif options.check:
            messages = drift(options.root)
            print("\n".join(messages) if messages else "Every built file is fresh.")
            return 1 if messages else 0
        else:
            changed = write(options.root)
            print("\n".join(f"wrote {path}" for path in changed) or "Every built file was fresh.")
    except CourseError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

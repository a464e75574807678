"""Everything that is built: its text, what stands in its place, what differs, and writing it."""

import re
import sys
from dataclasses import replace
from pathlib import Path

from course_lib.errors import ContentError
from course_lib.syllabus import Syllabus, load_syllabus
from tools import ROOT
from tools.exercises import exercise_notebook, release_notebooks
from tools.minutes import as_toml, with_minutes
from tools.notebooks import lesson_notebook, to_text

TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- /lessons -->)", re.S)


def build(root: Path = ROOT) -> dict[Path, str]:
    """Every built file's text, by its path relative to the root.

    Raises:
        ContentError: a source can't be read, or the folders are not the lessons that course.toml lists.
    """
    syllabus = load_syllabus(root / "course_lib" / "course.toml")
    _check_folders(syllabus, root)
    syllabus = replace(syllabus, lessons=tuple(with_minutes(lesson, root) for lesson in syllabus.lessons))
    built, sources = {Path("course_lib", "minutes.toml"): as_toml(syllabus)}, {}
    for lesson in syllabus.lessons:
        built[Path("notebooks", f"{lesson.name}.ipynb")] = to_text(lesson_notebook(lesson, syllabus, root))
        if lesson.points:
            sources[lesson.name] = to_text(exercise_notebook(lesson, syllabus, root))
    for name, text in sources.items():
        built[Path("exercises", "source", name, f"{name}.ipynb")] = text
    for name, text in release_notebooks(sources, root).items():
        built[Path("exercises", "release", name, f"{name}.ipynb")] = text
    readme = (root / "README.md").read_text(encoding="utf-8")
    if not TABLE.search(readme):
        raise ContentError("README.md: the marks <!-- lessons --> and <!-- /lessons --> are gone. Put them back.")
    built[Path("README.md")] = TABLE.sub(lambda m: m[1] + lesson_table(syllabus) + m[2], readme)
    return built


def _check_folders(syllabus: Syllabus, root: Path) -> None:
    listed = {lesson.name for lesson in syllabus.lessons}
    drafts = {lesson.name for lesson in syllabus.drafts}
    folders = {path.name for path in (root / "lessons").iterdir() if path.is_dir() and path.name[0].isdigit()}
    for name in sorted(listed ^ (folders - drafts)):
        where = "course.toml lists it; lessons/ has no such folder" if name in listed else "course.toml doesn't list it"
        raise ContentError(f"lessons/{name}: {where}. Add the missing half, or remove the other.")


def lesson_text(name: str, root: Path = ROOT) -> str:
    """The notebook of one lesson, of a draft too: then with links as if it were listed."""
    syllabus = load_syllabus(root / "course_lib" / "course.toml")
    lesson = syllabus.called(name)
    others = syllabus.lessons if lesson in syllabus.lessons else syllabus.known
    timed = with_minutes(lesson, root)
    listed = tuple(timed if other == lesson else other for other in others)
    return to_text(lesson_notebook(timed, replace(syllabus, lessons=listed), root))


def preview(name: str, root: Path = ROOT) -> list[Path]:
    """Build one lesson, drafts included, into build/preview/; the paths written."""
    syllabus = load_syllabus(root / "course_lib" / "course.toml")
    lesson = with_minutes(syllabus.called(name), root)
    known = tuple(lesson if other.slug == lesson.slug else other for other in syllabus.known)
    syllabus = replace(syllabus, lessons=known)
    texts = {}
    if lesson.turns or (root / "lessons" / name / "lesson.py").exists():
        texts[f"{name}.ipynb"] = to_text(lesson_notebook(lesson, syllabus, root))
    if lesson.points:
        source = to_text(exercise_notebook(lesson, syllabus, root))
        texts[f"{name}.source.ipynb"] = source
        texts[f"{name}.release.ipynb"] = release_notebooks({name: source}, root)[name]
    folder = root / "build" / "preview"
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return [folder / file for file in texts]


def lesson_table(syllabus: Syllabus) -> str:
    """The README's table of lessons."""
    rows = ["| | Lesson | Minutes | Minutes for quiz, test, cards | Exercise |", "|---|---|---|---|---|"]
    for lesson in syllabus.lessons:
        exercise = ""
        if lesson.points:
            exercise = f"[{lesson.points} points](exercises/release/{lesson.name}/{lesson.name}.ipynb)"
            exercise += f", {lesson.exercise_minutes} minutes"
        about = f"[{lesson.title}](notebooks/{lesson.name}.ipynb)"
        rows.append(f"| {lesson.number:02d} | {about} | {lesson.minutes} | {lesson.quiz_minutes} | {exercise} |")
    minutes = zip(*((x.minutes, x.quiz_minutes, x.exercise_minutes) for x in syllabus.lessons), strict=True)
    rows.append("| | All | " + " | ".join(f"{round(sum(column) / 60)} hours" for column in minutes) + " |")
    return "\n".join(rows) + "\n"


def present(root: Path = ROOT) -> set[Path]:
    """The notebooks that stand where built ones do; those of a draft are somebody's own."""
    found: set[Path] = set()
    drafts = {lesson.name for lesson in load_syllabus(root / "course_lib" / "course.toml").drafts}
    for folder in ("notebooks", "exercises/source", "exercises/release"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts and path.stem not in drafts | {".gitkeep"}:
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
    if path.suffix == ".toml":
        return "lessons/"
    return f"lessons/{path.stem}/{'lesson' if path.parts[0] == 'notebooks' else 'exercise'}.py"


def write(root: Path = ROOT) -> list[Path]:
    """Write what is stale, name what is stray; the paths that changed."""
    built, changed = build(root), []
    for path, text in built.items():
        target = root / path
        if not target.exists() or target.read_bytes() != text.encode():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    for path in sorted(present(root) - built.keys()):
        # Not deleted in silence: it may be somebody's work.
        print(f"{path} is stray: no source makes it. Delete it yourself, or give it a source.", file=sys.stderr)
    return changed

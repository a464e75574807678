"""Skeletons of a lesson's files: small, commented, and running as they are."""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from course_lib.errors import InputError
from course_lib.syllabus import Lesson, load_syllabus
from tools import ROOT
from tools.parts import places

SKELETON = Path(__file__).with_name("skeleton")
_OF_AN_EXERCISE = re.compile(r"exercise\.py$|graded_quiz\.yaml$|/attempts/|/tasks/|/__init__\.py$")


def write_skeletons(name: str, tasks: Sequence[str] = (), root: Path = ROOT, *, exercise: bool = False) -> list[str]:
    """Write every file that a lesson lacks, and its entry in course.toml if it has none; what was written.

    Args:
        name: the lesson's number and slug, "07_whole_model".
        tasks: the graded tasks of a new lesson; one placeholder if there are none.
        root: the course's folder.
        exercise: no lesson, an exercise alone: a task, a written answer, a quiz.

    Raises:
        InputError: the name is no name or is taken, or everything is there already. No file is overwritten.
    """
    toml = root / "course_lib" / "course.toml"
    load_syllabus.cache_clear()
    known, wrote = {lesson.name: lesson for lesson in load_syllabus(toml).known}, []
    if name not in known:
        _add_entry(toml, name, tasks or [f"{name.partition('_')[2]}_task"], exercise=exercise)
        wrote.append("wrote its entry in course_lib/course.toml")
    elif tasks:
        raise InputError(f"{name} is in course.toml already. Add {', '.join(tasks)} there, then --new {name} alone.")
    load_syllabus.cache_clear()
    lesson = load_syllabus(toml).called(name)
    for place in places(lesson):
        path = root / place
        if exercise and not _OF_AN_EXERCISE.search(place):
            continue
        alone = exercise and place == f"course_lib/lessons/{lesson.slug}/__init__.py"  # no explorer, no trace
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(skeleton(place, lesson) if not alone else f'"""The room of the exercise {name}."""\n')
            wrote.append(f"wrote {place}")
    if not wrote:
        raise InputError(f"Every file of {name} is there, and none is overwritten. Nothing was written.")
    return [*wrote, f"Fill what says TODO. python tools/check_course.py {name} lists what is still missing."]


def skeleton(place: str, lesson: Lesson) -> str:
    """The text of a new file."""
    path = Path(place)
    if place.endswith("tasks/__init__.py"):
        return f'"""The tasks of lesson {lesson.number:02d}."""\n'
    kinds = {"attempts": "attempts.py", "tasks": "task.py"}
    kind = kinds.get(path.parent.name, path.name)
    kind = {"__init__.py": "room.py", f"test_explorer_{lesson.slug}.py": "test_explorer.py"}.get(kind, kind)
    task = path.stem
    return _fill(
        kind,
        name=lesson.name,
        slug=lesson.slug,
        number=f"{lesson.number:02d}",
        title=lesson.title,
        task=task,
        camel="".join(word.capitalize() for word in task.split("_")),
        turns="".join(_fill("turn.py", task=turn) for turn in lesson.turns),
        tasks=_exercise(lesson),
    )


def _exercise(lesson: Lesson) -> str:
    parts = [("exercise_task.py", task) for task in lesson.tasks]
    parts += [("exercise_written.py", task) for task in lesson.written]
    return "\n".join(_fill(kind, task=task, number=i) for i, (kind, task) in enumerate(parts, 1)).rstrip("\n")


def _fill(kind: str, **fields: object) -> str:
    return Template((SKELETON / f"{kind}.txt").read_text(encoding="utf-8")).substitute(fields)


def _add_entry(toml: Path, name: str, tasks: Sequence[str], *, exercise: bool) -> None:
    match = re.fullmatch(r"(\d\d)_([a-z][a-z0-9_]*)", name)
    if not match:
        raise InputError(f"Expected a number of two digits and a slug, such as 07_whole_model; got {name!r}.")
    if wrong := [task for task in tasks if not re.fullmatch(r"[a-z][a-z0-9_]*", task)]:
        raise InputError(f"A task is named like a function, such as save_portable; got {wrong[0]!r}.")
    number, slug = int(match[1]), match[2]
    syllabus, text = load_syllabus(toml), toml.read_text(encoding="utf-8")
    for lesson in syllabus.known:
        if number == lesson.number or slug == lesson.slug:
            raise InputError(f"{name}: the number or the slug belongs to {lesson.name}. Take another.")
        if taken := {*tasks, f"{slug}_turn"} & {*lesson.tasks, *lesson.turns, *lesson.written}:
            raise InputError(f"{name}: {lesson.name} has a task {min(taken)!r} already. Take another name.")
    before = [lesson for lesson in syllabus.known if lesson.number < number]
    entry = _fill(
        "entry.toml",
        number=number,
        slug=slug,
        title=slug.replace("_", " "),
        part=before[-1].part if before else "TODO",
        needs=f'"{before[-1].slug}"' if before else "",
        turns="" if exercise else f'turns = ["{slug}_turn"]\n',
        tasks="\n".join(f"{task} = 4" for task in tasks),
        written=f"[lesson.written]\nwhy_{slug} = 2\n" if exercise else "",
    )
    head, *entries = re.split(r"^(?=\[\[lesson\]\])", text, flags=re.M)
    place = len(before)
    if place == len(entries):
        entries[-1:] = [f"{old.rstrip()}\n\n" for old in entries[-1:]]
        entry = entry.rstrip("\n") + "\n"
    entries.insert(place, entry)
    toml.write_text(head + "".join(entries), encoding="utf-8", newline="\n")

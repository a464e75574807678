"""What the course promises to teach, and where each promise is kept: lessons/promises.yaml.

It names for each promise a heading of a lesson, a question of its bank, and, where it is a skill, a graded task (or
written answer). A name that doesn't exist is a problem, and so is a lesson that promises nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from course_lib.syllabus import Syllabus
from tools.parts import Parts

PLACE = "lessons/promises.yaml"


def check_promises(read: Sequence[Parts], syllabus: Syllabus, root: Path) -> tuple[list[str], list[str]]:
    """For the lessons that were read: what they promise, as rows to print, and problems."""
    rows, problems = [], []
    try:
        entries = yaml.safe_load((root / PLACE).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        return [], [f"{PLACE} can't be read: {' '.join(str(error).split())}."]
    by_slug, known = {parts.lesson.slug: parts for parts in read}, {lesson.slug for lesson in syllabus.known}
    promising = set()
    for entry in entries or []:
        if lacking := {"promise", "lesson", "heading", "question"} - entry.keys():
            problems.append(f"{PLACE}, {entry.get('promise', entry)!r}: add {', '.join(sorted(lacking))}.")
        elif entry["lesson"] not in known:
            problems.append(f"{PLACE}: there is no lesson {entry['lesson']!r} ({entry['promise']}).")
        elif parts := by_slug.get(entry["lesson"]):
            promising.add(entry["lesson"])
            problems += _unkept(entry, parts)
            where = f"{parts.lesson.name}, {entry['heading']!r}; {entry['question']}; {entry.get('task', 'no skill')}"
            rows.append(f"{entry['promise']}\n    -> {where}")
    for parts in read:
        if parts.lesson.number and parts.lesson.slug not in promising:
            problems.append(f"{PLACE}: nothing is promised of {parts.lesson.slug}. Say what it teaches, and where.")
    return rows, problems


def _unkept(entry: dict, parts: Parts) -> list[str]:
    lesson, questions = parts.lesson, [q.id for q in (*parts.questions, *parts.graded)]
    return [
        f"{PLACE}, {entry['promise']!r}: {lesson.name} has no {what} {named!r}. Write it, or name another."
        for what, named, there in (
            ("heading", entry["heading"], parts.headings),
            ("question", entry["question"], questions),
            ("task", entry.get("task"), [*lesson.tasks, *lesson.written, None]),
        )
        if named not in there
    ]

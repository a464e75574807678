"""The first and the last line of every lesson: `begin` and `finish`."""

import platform

import torch

from course_lib.classroom import progress, style
from course_lib.devices import select_device
from course_lib.seeding import seed_everything
from course_lib.syllabus import load_syllabus


def begin(slug: str) -> None:
    """Note that a lesson was opened, seed every RNG, and say what it runs on.

    Args:
        slug: the lesson's slug, such as "eval_mode".
    """
    lesson = load_syllabus().lesson(slug)
    progress.record("opened", slug, slug)
    seed_everything(0)  # the numbers in the text are the numbers you see
    text = f"Lesson {lesson.number}: {lesson.title}. "
    text += f"Python {platform.python_version()}, torch {torch.__version__}, device {select_device()}."
    style.show(style.bundle(style.panel(style.inline(text), "cl-small"), text))


def finish(slug: str) -> None:
    """Note that the end of a lesson was reached, and say what comes next."""
    syllabus = load_syllabus()
    lesson = syllabus.lesson(slug)
    progress.record("read", slug, slug)
    after = next((other for other in syllabus.lessons if other.number > lesson.number), None)
    text = f"You have reached the end of lesson {lesson.number}, {lesson.title}."
    if lesson.points:
        text += f" Its exercise: {_count(len(lesson.tasks), 'task')}, {_count(lesson.points, 'point')}."
    text += f" Next: {after.title}." if after else " It is the last one for now."
    style.show(style.note_bundle("note", text))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"

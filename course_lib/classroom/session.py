"""The first and the last line of every lesson: `begin` and `finish`."""

import platform

import torch
from IPython.display import display

from course_lib.classroom import progress, style
from course_lib.devices import select_device
from course_lib.seeding import seed_everything
from course_lib.syllabus import load_syllabus


def begin(slug: str, *, seed: int = 0) -> None:
    """Note that a lesson was opened, seed every RNG, and say what it runs on.

    Args:
        slug: the lesson's slug, such as "eval_mode".
        seed: for Python, NumPy and PyTorch, so that the numbers in the text are the numbers you see.
    """
    lesson = load_syllabus().lesson(slug)
    progress.record("opened", slug, slug)
    seed_everything(seed)
    text = f"Lesson {lesson.number}: {lesson.title}. "
    text += f"Python {platform.python_version()}, torch {torch.__version__}, device {select_device()}."
    display({"text/html": style.panel(style.inline(text), "cl-small"), "text/plain": text}, raw=True)


def finish(slug: str) -> None:
    """Note that a lesson was read to its end, and say what comes next."""
    syllabus = load_syllabus()
    lesson = syllabus.lesson(slug)
    progress.record("read", slug, slug)
    after = next((other for other in syllabus.lessons if other.number > lesson.number), None)
    text = f"You have read lesson {lesson.number}."
    if lesson.points:
        text += f" Its exercise has {len(lesson.tasks)} tasks and {lesson.points} points."
    text += f" Next: {after.title}." if after else " It is the last one for now."
    display(style.note_bundle("passed", text), raw=True)

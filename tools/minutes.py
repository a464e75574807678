"""How long a lesson takes, computed from what stands in it; nobody types a figure.

Reading at 200 words a minute, half a minute a code cell, two minutes a *Your turn*. Quiz, test and cards: fifteen
questions at 40 seconds, a card at 20. The exercise: what its headings say, "(10 minutes)", and a minute a typed answer.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.sources import Cell, read_cells
from course_lib.syllabus import Lesson, Syllabus

WORDS_A_MINUTE = 200
TASK = re.compile(r"^##+ .*\((\d+) minutes\)$", re.M)
QUESTIONS_DRAWN = 5 + 10  # a quiz and the mastery test
BANKS = ("questions.yaml", "cards.yaml")


def words(cells: Iterable[Cell]) -> int:
    """The words of the text, without addresses and signs."""
    text = " ".join(cell.source for cell in cells if cell.kind == "markdown")
    return len(re.sub(r"\(http[^)]*\)|[#*|`-]", " ", text).split())


def with_minutes(lesson: Lesson, root: Path) -> Lesson:
    """The lesson with its three figures, from its files; 0 for a part that isn't written yet."""
    folder, room = root / "lessons" / lesson.name, root / "course_lib" / "lessons" / lesson.slug
    cells, exercise = (
        read_cells(folder / name) if (folder / name).exists() else [] for name in ("lesson.py", "exercise.py")
    )
    questions, cards = (load_bank(room / name) if (room / name).exists() else None for name in BANKS)
    return timed(
        lesson,
        cells,
        exercise,
        questions=len(questions.questions) if questions else 0,
        cards=len(cards.cards) if cards else 0,
    )


def timed(lesson: Lesson, cells: list[Cell], exercise: list[Cell], *, questions: int, cards: int) -> Lesson:
    """The lesson with its three figures, in steps of five minutes."""
    reading = words(cells) / WORDS_A_MINUTE
    doing = sum(2 if "turn" in cell.metadata else 0.5 for cell in cells if cell.kind == "code")
    asked = min(QUESTIONS_DRAWN, questions)
    return replace(
        lesson,
        minutes=_fives(reading + doing),
        quiz_minutes=_fives((40 * asked + 20 * cards) / 60),
        exercise_minutes=_fives(sum(stated(exercise)) + lesson.quiz_points) if exercise else 0,
    )


def stated(cells: Iterable[Cell]) -> list[int]:
    """The minutes that an exercise's headings state."""
    return [int(n) for cell in cells if cell.kind == "markdown" for n in TASK.findall(cell.source)]


def as_toml(syllabus: Syllabus) -> str:
    """The figures as the text of course_lib/minutes.toml."""
    lines = ["# Built by `make build` from lessons/ and course_lib/lessons/: how long each lesson takes."]
    for lesson in syllabus.lessons:
        lines += ["", f"[{lesson.slug}]", f"minutes = {lesson.minutes}"]
        lines += [f"quiz_minutes = {lesson.quiz_minutes}", f"exercise_minutes = {lesson.exercise_minutes}"]
    return "\n".join(lines) + "\n"


def _fives(minutes: float) -> int:
    return 5 * max(round(minutes / 5), 1) if minutes else 0

"""The syllabus, `course.toml`, as objects: order, titles, objectives, tasks and their points.

The minutes come from `minutes.toml`, which the builder computes from what stands in a lesson. Only lessons that exist are listed, so nothing ever links to a lesson that isn't there.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.errors import ContentError, InputError

COURSE_TOML = Path(__file__).with_name("course.toml")
ROOMS = Path(__file__).with_name("lessons")
"""Holds a folder for each lesson's slug: its tasks, questions, cards, explorer and trace."""


@dataclass(frozen=True)
class Lesson:
    """One lesson. `tasks` maps each graded task to its points; `quiz_points` is for the typed answers.

    `turns` are the small tasks inside the lesson, *Your turn*: checked, and without points. `minutes` is for the
    lesson itself, `quiz_minutes` for quiz, test and cards; all three are 0 for a draft.
    """

    number: int
    slug: str
    title: str
    part: str
    objectives: tuple[str, ...]
    needs: tuple[str, ...]
    tasks: dict[str, int]
    written: dict[str, int]
    quiz_points: int
    turns: tuple[str, ...] = ()
    minutes: int = 0
    quiz_minutes: int = 0
    exercise_minutes: int = 0

    @property
    def name(self) -> str:
        """Folder, notebook and assignment: the number, then the slug.

        >>> load_syllabus().lesson("eval_mode").name
        '01_eval_mode'
        """
        return f"{self.number:02d}_{self.slug}"

    @property
    def points(self) -> int:
        """Everything its exercise can earn."""
        return sum(self.tasks.values()) + sum(self.written.values()) + self.quiz_points


@dataclass(frozen=True)
class Syllabus:
    """The lessons in their order. `github` is "owner/repository", or empty: then notebooks have no badge and no cell for Colab.

    `drafts` are lessons still being written (`draft = true`): their tasks and banks work, and nothing is
    built of them, links to them or lists them.
    """

    title: str
    github: str
    lessons: tuple[Lesson, ...]
    drafts: tuple[Lesson, ...] = ()

    @property
    def known(self) -> tuple[Lesson, ...]:
        """Every lesson in its order, drafts too."""
        return tuple(sorted((*self.lessons, *self.drafts), key=lambda lesson: lesson.number))

    def lesson(self, slug: str) -> Lesson:
        """The lesson of this slug.

        Raises:
            InputError: no lesson has it.
        """
        for lesson in self.known:
            if lesson.slug == slug:
                return lesson
        known = ", ".join(lesson.slug for lesson in self.lessons)
        raise InputError(f"No lesson is called {slug!r}. Use one of: {known}.")

    def called(self, name: str) -> Lesson:
        """The lesson of this folder name, number and slug.

        Raises:
            InputError: no lesson has it.
        """
        for lesson in self.known:
            if lesson.name == name:
                return lesson
        known = ", ".join(lesson.name for lesson in self.known)
        raise InputError(f"No lesson is called {name!r}. Use one of: {known}.")

    def needed_by(self, lesson: Lesson) -> tuple[Lesson, ...]:
        """Every lesson that this one leans on, also through others, in their order."""
        slugs, waiting = set(), list(lesson.needs)
        while waiting:
            slug = waiting.pop()
            if slug not in slugs:
                slugs.add(slug)
                waiting += self.lesson(slug).needs
        return tuple(other for other in self.known if other.slug in slugs)

    def lesson_of_task(self, task: str) -> Lesson:
        """The lesson that asks for this task.

        Raises:
            InputError: no lesson has it.
        """
        for lesson in self.known:
            if task in lesson.tasks or task in lesson.turns:
                return lesson
        known = ", ".join(name for lesson in self.lessons for name in (*lesson.tasks, *lesson.turns))
        raise InputError(f"No task is called {task!r}. Use one of: {known}.")


@cache
def load_syllabus(path: Path = COURSE_TOML) -> Syllabus:
    """Read and check the syllabus.

    Raises:
        ContentError: a field is missing or unknown, two lessons share a number, slug or task name, or one needs
            a lesson that doesn't come before it.
    """
    built = path.with_name("minutes.toml")
    text = _read(path, "Mend it.")
    minutes = _read(built, "Delete it, then `make build`.") if built.exists() else {}
    lessons = tuple(_lesson(entry, path, minutes) for entry in text.get("lesson", ()))
    seen: dict[str, str] = {}
    for lesson in lessons:
        for what in (
            f"number {lesson.number}",
            f"slug {lesson.slug!r}",
            *(f"task {t!r}" for t in (*lesson.tasks, *lesson.turns)),
        ):
            if what in seen:
                raise ContentError(
                    f"{path.name}: {what} is used twice, by {seen[what]!r} and by {lesson.title!r}. Rename one."
                )
            seen[what] = lesson.title
    for lesson in lessons:
        before = {other.slug for other in lessons if other.number < lesson.number}
        if unknown := [slug for slug in lesson.needs if slug not in before]:
            raise ContentError(
                f"{path.name}, lesson {lesson.slug!r}: needs {unknown[0]!r}, which is no lesson before it."
            )
    if list(lessons) != sorted(lessons, key=lambda lesson: lesson.number):
        raise ContentError(f"{path.name}: the lessons are out of order. Sort the [[lesson]] entries by number.")
    drafts = {entry["slug"] for entry in text.get("lesson", ()) if entry.get("draft")}
    return Syllabus(
        text["title"],
        text.get("github", ""),
        tuple(lesson for lesson in lessons if lesson.slug not in drafts),
        tuple(lesson for lesson in lessons if lesson.slug in drafts),
    )


def _read(path: Path, remedy: str) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{path.name} is no TOML: {error}. {remedy}") from None


def _lesson(entry: dict, path: Path, minutes: dict[str, dict[str, int]]) -> Lesson:
    required = {"number", "slug", "title", "part", "objectives"}
    optional = {"needs": (), "tasks": {}, "written": {}, "quiz_points": 0, "turns": (), "draft": False}
    who = entry.get("slug", entry.get("title", "?"))
    if missing := required - entry.keys():
        raise ContentError(f"{path.name}, lesson {who!r}: add {', '.join(sorted(missing))}.")
    if unknown := entry.keys() - required - optional.keys():
        allowed = ", ".join(sorted(required | optional.keys()))
        raise ContentError(f"{path.name}, lesson {who!r}: unknown {', '.join(sorted(unknown))}. Known are: {allowed}.")
    fields = {**optional, **entry, **minutes.get(who, {})}
    del fields["draft"]
    for name in ("objectives", "needs", "turns"):
        fields[name] = tuple(fields[name])
    return Lesson(**fields)

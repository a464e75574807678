"""What an error message means: its cause, where the course teaches it, and the lines that mend it.

Each room has an `errors.yaml`; every entry carries a program that raises its error, and the tests run it.

    lesson: eval_mode
    errors:
      - id: batch-of-one
        match: Expected more than 1 value per channel when training   # a regular expression
        cause: ...
        about: "Learn: what the switch does"                          # the heading that teaches it
        mend: |
          model.eval()
        program: |                                                    # raises it; or: no_program: <why none can>
          ...
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.classroom import style
from course_lib.classroom.quizzes.entries import Document
from course_lib.errors import ContentError, InputError
from course_lib.syllabus import ROOMS, load_syllabus


@dataclass(frozen=True)
class KnownError:
    """One error that a lesson teaches. `match` is searched in the message, `mend` is code to paste."""

    id: str
    lesson: str
    match: str
    cause: str
    about: str
    mend: str
    program: str = ""
    no_program: str = ""
    where: str = ""


@dataclass(frozen=True)
class Explanation:
    """The errors that a text speaks of, the most specific first; empty where the course knows none."""

    known: tuple[KnownError, ...]

    def __str__(self) -> str:
        if not self.known:
            return (
                "The course doesn't teach this error. Paste the last lines of the message, the ones that begin with the "
                "error's name; for a file, `course inspect FILE` says what it is."
            )
        return "\n\n".join(self._text(error) for error in self.known)

    @staticmethod
    def _text(error: KnownError) -> str:
        lesson = load_syllabus().lesson(error.lesson)
        lines = "\n".join(f"    {line}" for line in error.mend.strip().splitlines())
        return f"{error.cause}\n\nMend it:\n\n{lines}\n\nRead: lesson {lesson.number}, {lesson.title}, {error.about!r}."

    def _repr_html_(self) -> str:
        parts = []
        for error in self.known:
            lesson = load_syllabus().lesson(error.lesson)
            link = f'<a href="{lesson.name}.ipynb">lesson {lesson.number}, {lesson.title}</a>'
            body = style.markdown(f"{error.cause}\n\n```python\n{error.mend.strip()}\n```")
            parts.append(f"{body}<p>Read: {link}, {style.inline(error.about)}.</p>")
        return style.panel("".join(parts) or f"<p>{style.inline(str(self))}</p>", "cl-note cl-hint")


def explain(message: str | BaseException) -> Explanation:
    """Explain an error message: the cause, the lesson's section, the lines that mend it.

    Args:
        message: the text as Python printed it, a whole traceback, or the exception itself.

    Raises:
        InputError: there is no text in it.

    >>> print(explain("RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory"))
    ... # doctest: +ELLIPSIS
    The file was cut: ...
    """
    text = f"{type(message).__name__}: {message}" if isinstance(message, BaseException) else str(message)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # a terminal's colours
    if not text.strip():
        raise InputError("Expected the text of an error; got nothing. Paste the last lines of the traceback.")
    flat = " ".join(text.split())
    found = [(hit, error) for error in known_errors() if (hit := re.search(error.match, flat))]
    # What matches a longer piece of the message is the more specific; a general entry says nothing beside it.
    found.sort(key=lambda pair: len(pair[0][0]), reverse=True)
    kept: list[tuple[re.Match, KnownError]] = []
    for hit, error in found:
        if not any(hit.start() < other.end() and other.start() < hit.end() for other, _ in kept):
            kept.append((hit, error))
    return Explanation(tuple(error for _, error in kept))


def known_errors() -> tuple[KnownError, ...]:
    """Every error that a room knows.

    Raises:
        ContentError: a file has mistakes; the message lists them.
    """
    return tuple(
        error for path in sorted(ROOMS.glob("*/errors.yaml")) for error in _read(path, path.stat().st_mtime_ns)
    )


@cache
def _read(path: Path, mtime_ns: int) -> tuple[KnownError, ...]:
    file = Document(f"{path.parent.name}/{path.name}", path.read_text(encoding="utf-8"))
    top = file.top()
    top.allow(("lesson", "errors"))
    errors = []
    for entry in top.entries("errors", "error"):
        entry.allow(("id", "match", "cause", "about", "mend"), ("program", "no_program"))
        entry.check_code("program")
        if ("program" in entry.fields) == ("no_program" in entry.fields):
            entry.wrong("needs one of 'program: |' (Python that raises it) and 'no_program: <why none can>'.")
        fields = {key: entry.text(key) for key in ("id", "match", "cause", "about", "mend", "program", "no_program")}
        try:
            re.compile(fields["match"])
        except re.error as error:
            entry.wrong(f"has a 'match' that is no regular expression: {error}.", "match")
        errors.append(KnownError(lesson=path.parent.name, where=f"{file.name}, line {entry.line}", **fields))
    if top.text("lesson") != path.parent.name:
        raise ContentError(f"{file.name}: write 'lesson: {path.parent.name}', the name of its folder.")
    file.raise_errors()
    return tuple(errors)

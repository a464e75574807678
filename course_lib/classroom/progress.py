"""What a learner has done: a log of events, and what follows from it.

The log is `progress.jsonl` in `$COURSE_DATA_DIR`, or in the data folder of the system. When it can't be written
(full disk, read-only folder) the learner is told once and the lesson goes on.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import platformdirs

from course_lib.classroom import event_log
from course_lib.errors import InputError

KINDS = ("opened", "read", "checked", "passed", "answered", "quiz", "test", "card")
_told: set[str] = set()


def data_dir() -> Path:
    """Where progress is kept: `$COURSE_DATA_DIR`, else the data folder of this system's user."""
    return Path(os.environ.get("COURSE_DATA_DIR") or platformdirs.user_data_dir("evaluate-save-load", appauthor=False))


def record(kind: str, lesson: str, name: str = "", *, tell: Callable[[str], object] = print, **details: object) -> None:
    """Append one event to the log; it is on the disk when this returns.

    A disk that can't be written is no reason to stop a lesson: the learner is told once.

    Args:
        kind: opened, read (a lesson); checked, passed (a task); answered (a question); quiz, test (a score:
            `right`, `of`, `questions`); card (`rating`, 1 to 4).
        lesson: its slug.
        name: the task, question or card.
        tell: is given a sentence for the learner when something is wrong.
        details: more, as JSON types.

    Raises:
        InputError: there is no such kind of event.
    """
    if kind not in KINDS:
        raise InputError(f"Unknown kind of event {kind!r}. Use one of: {', '.join(KINDS)}.")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        event_log.append(_log(), {"at": now, "kind": kind, "lesson": lesson, "name": name, **details})
    except OSError as error:
        note = f"Your progress can't be saved in {data_dir()}: {error.strerror or error}. The lesson goes on without; "
        _tell_once(tell, note + "what was saved before is kept. `course doctor` says how to mend it.")


def events(*, tell: Callable[[str], object] = print) -> list[dict]:
    """Everything that happened, oldest first; nothing where there is no log yet.

    When lines of the log can't be read, the file is set aside, the good lines are kept, and `tell` says so.
    """
    try:
        found, _, bad = event_log.read(_log(), _is_event)
    except FileNotFoundError:
        return []
    except OSError as error:
        _tell_once(tell, f"Your progress in {_log()} can't be read: {error.strerror or error}.")
        return []
    if bad:
        lines = f"{bad} line{'' if bad == 1 else 's'} of your progress can't be read; the other {len(found)} are kept."
        try:
            if aside := event_log.repair(_log(), _is_event):
                tell(f"{lines} The file as it was is now {aside}.")
        except OSError as error:
            _tell_once(tell, f"{lines} The file {_log()} can't be mended now: {error.strerror or error}.")
    return found


def _log() -> Path:
    return data_dir() / "progress.jsonl"


def _is_event(event: dict) -> bool:
    """Whether a line of the log is one; kinds of a later version of the course pass."""
    if not all(isinstance(event[key], str) for key in ("at", "kind", "lesson", "name")):
        return False
    if event["kind"] in ("quiz", "test"):
        right, of, questions = event["right"], event["of"], event.get("questions", [])
        if not (type(right) is type(of) is int and 0 <= right <= of and isinstance(questions, list)):
            return False
    if event["kind"] == "card" and event["rating"] not in (1, 2, 3, 4):
        return False
    return datetime.fromisoformat(event["at"]).tzinfo is not None


def _tell_once(tell: Callable[[str], object], note: str) -> None:
    if note not in _told:
        _told.add(note)
        tell(note)


class Score(NamedTuple):
    """Right answers of so many."""

    right: int
    of: int

    def __str__(self) -> str:
        return f"{self.right} of {self.of}"

    @property
    def mastered(self) -> bool:
        """Eight of ten, or as good.

        >>> Score(8, 10).mastered, Score(7, 10).mastered, Score(0, 0).mastered
        (True, False, False)
        """
        return self.of > 0 and 10 * self.right >= 8 * self.of


@dataclass(frozen=True)
class LessonProgress:
    """What was done of one lesson."""

    opened: bool = False
    read: bool = False
    passed: frozenset[str] = frozenset()
    best_quiz: Score | None = None
    last_test: Score | None = None


def summary(events: Iterable[dict]) -> dict[str, LessonProgress]:
    """Sum up events, by the slug of the lesson.

    >>> event = {"at": "2030-01-01T00:00:00+00:00", "kind": "passed", "lesson": "eval_mode", "name": "predict"}
    >>> summary([event])["eval_mode"].passed
    frozenset({'predict'})
    """
    done: dict[str, LessonProgress] = {}
    for event in events:
        was = done.get(event["lesson"], LessonProgress())
        match event["kind"]:
            case "opened":
                was = replace(was, opened=True)
            case "read":
                was = replace(was, opened=True, read=True)
            case "passed":
                was = replace(was, passed=was.passed | {event["name"]})
            case "quiz":
                score, best = Score(event["right"], event["of"]), was.best_quiz
                if best is None or score.right * best.of > best.right * score.of:
                    was = replace(was, best_quiz=score)
            case "test":
                was = replace(was, last_test=Score(event["right"], event["of"]))
        done[event["lesson"]] = was
    return done

"""The machinery of the course; learners import its verbs from here, and nothing else of it.

    from course_lib.classroom import begin, check, finish, flashcards, hint, predict, quiz, solution

It holds no lesson: what one lesson adds stands in `course_lib/lessons/<slug>/`.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "begin": "session",
    "came_out": "widgets",
    "check": "tasks.checking",
    "check_quiz": "quizzes.typed",
    "dashboard": "overview",
    "explain": "explaining",
    "finish": "session",
    "flashcards": "recall",
    "hint": "tasks.checking",
    "keep_on_drive": "colab",
    "mastery_test": "quizzes.view",
    "predict": "widgets",
    "quiz": "quizzes.view",
    "solution": "tasks.checking",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  (a list, made from the table above)


def __getattr__(name: str) -> Any:
    """Import a verb when it is asked for: the grader needs no widgets, and the doctor nothing at all."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

"""Grading with nbgrader: run a submission in a sandbox, judge outside of it what was seen there."""

import os
import sys
from typing import Any

from course_lib.errors import NotHereError

# jsonschema checks international addresses with it, which no notebook holds, and it builds its parser when it is
# imported: two seconds in each of the grader's processes.
sys.modules.setdefault("rfc3987_syntax", None)

__all__ = ["GradedExecute", "SaveGrades", "SubmissionExporter"]


def __getattr__(name: str) -> Any:
    """Import nbgrader only for who asks: the process that runs a submission needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    expect_processes()
    from course_lib.classroom.grading import execute

    return getattr(execute, name)


def expect_processes() -> None:
    """Refuse where the system can't fork: submissions run in processes that do.

    Raises:
        NotHereError: it can't.
    """
    if not hasattr(os, "fork"):
        raise NotHereError(
            "Grading needs Linux, or macOS with --no-sandbox; nothing was graded. On Windows, grade in WSL "
            "(https://learn.microsoft.com/windows/wsl/install): there this is Linux."
        )

"""Grading with nbgrader: run a submission in a sandbox, judge outside of it what was seen there."""

from typing import Any

__all__ = ["GradedExecute", "SaveGrades", "SubmissionExporter"]


def __getattr__(name: str) -> Any:
    """Import nbgrader only for who asks: the process that runs a submission needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from course_lib.classroom.grading import execute

    return getattr(execute, name)

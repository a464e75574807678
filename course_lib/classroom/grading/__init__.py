"""Grading with nbgrader: run a submission in a sandbox, judge outside of it what was seen there."""

import sys
from typing import Any

# jsonschema checks international addresses with it, which no notebook holds, and it builds its parser when it is
# imported: two seconds in each of the grader's processes.
sys.modules.setdefault("rfc3987_syntax", None)

__all__ = ["GradedExecute", "SaveGrades", "SubmissionExporter"]


def __getattr__(name: str) -> Any:
    """Import nbgrader only for who asks: the process that runs a submission needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from course_lib.classroom.grading import execute

    return getattr(execute, name)

"""Graded tasks. Learners use `check`, `hint` and `solution`; authors write a Task in `tasks/<slug>.py`."""

from course_lib.tasks.checking import check, check_quiz, hint, solution

__all__ = ["check", "check_quiz", "hint", "solution"]

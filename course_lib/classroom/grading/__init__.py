"""Grading with nbgrader: run a submission in a kernel, judge outside of it what was seen there."""

from course_lib.classroom.grading.execute import GradedExecute

__all__ = ["GradedExecute"]

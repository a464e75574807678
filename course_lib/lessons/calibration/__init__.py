"""Lesson 15: probabilities to act on."""

from course_lib.lessons.calibration.explorer import calibration_explorer
from course_lib.lessons.calibration.trace import trace_decision

__all__ = ["calibration_explorer", "trace_decision"]

"""Lesson 01: two switches."""

from course_lib.lessons.eval_mode.explorer import switchboard
from course_lib.lessons.eval_mode.trace import trace_modes

__all__ = ["switchboard", "trace_modes"]

"""Lesson 08: loading errors, read and mended."""

from course_lib.lessons.loading_errors.explorer import side_by_side
from course_lib.lessons.loading_errors.trace import trace_load

__all__ = ["side_by_side", "trace_load"]

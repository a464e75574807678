"""Lesson 03: an evaluation loop that counts right."""

from course_lib.lessons.evaluation_loop.explorer import batch_means
from course_lib.lessons.evaluation_loop.trace import trace_image

__all__ = ["batch_means", "trace_image"]

"""Lesson 12: TODO verify after loading."""

from course_lib.lessons.verify_after_loading.explorer import explore_verify_after_loading
from course_lib.lessons.verify_after_loading.trace import trace_verify_after_loading

__all__ = ["explore_verify_after_loading", "trace_verify_after_loading"]

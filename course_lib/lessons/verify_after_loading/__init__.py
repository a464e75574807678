"""Lesson 12: is it the model that was saved?"""

from course_lib.lessons.verify_after_loading.explorer import damage
from course_lib.lessons.verify_after_loading.trace import trace_protocol

__all__ = ["damage", "trace_protocol"]

"""Lesson 05: every threshold at once."""

from course_lib.lessons.roc_analysis.explorer import threshold_explorer
from course_lib.lessons.roc_analysis.trace import trace_roc

__all__ = ["threshold_explorer", "trace_roc"]

"""Lesson 04: right, and about whom?"""

from course_lib.lessons.classification_metrics.explorer import rates_explorer
from course_lib.lessons.classification_metrics.trace import trace_ten_patients

__all__ = ["rates_explorer", "trace_ten_patients"]

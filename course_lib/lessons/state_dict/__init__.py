"""Lesson 06: what a state_dict holds."""

from course_lib.lessons.state_dict.explorer import xray
from course_lib.lessons.state_dict.trace import trace_loading, trace_prediction, trace_training

__all__ = ["trace_loading", "trace_prediction", "trace_training", "xray"]

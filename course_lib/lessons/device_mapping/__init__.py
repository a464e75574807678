"""Lesson 11: a GPU's checkpoint on any machine."""

from course_lib.lessons.device_mapping.explorer import device_map
from course_lib.lessons.device_mapping.trace import trace_devices

__all__ = ["device_map", "trace_devices"]

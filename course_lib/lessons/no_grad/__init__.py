"""Lesson 02: what autograd keeps."""

from course_lib.lessons.no_grad.explorer import memory_of_a_pass
from course_lib.lessons.no_grad.measuring import bytes_behind, bytes_by_layer
from course_lib.lessons.no_grad.trace import trace_saved

__all__ = ["bytes_behind", "bytes_by_layer", "memory_of_a_pass", "trace_saved"]

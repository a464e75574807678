"""Lesson 09: checkpoints that survive a crash."""

from course_lib.lessons.checkpointing.explorer import crash
from course_lib.lessons.checkpointing.trace import trace_folder

__all__ = ["crash", "trace_folder"]

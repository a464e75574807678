"""Lesson 09: checkpoints that survive a crash."""

from course_lib.lessons.checkpointing.explorer import crash
from course_lib.lessons.checkpointing.imitated import step_in_a_copy, steps_in_the_file, time_wasted
from course_lib.lessons.checkpointing.processes import run_and_kill, run_and_stop
from course_lib.lessons.checkpointing.trace import trace_folder

__all__ = [
    "crash",
    "run_and_kill",
    "run_and_stop",
    "step_in_a_copy",
    "steps_in_the_file",
    "time_wasted",
    "trace_folder",
]

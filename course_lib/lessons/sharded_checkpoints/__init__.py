"""Lesson 14: checkpoints that several processes write and read."""

from course_lib.lessons.sharded_checkpoints.explorer import resharding
from course_lib.lessons.sharded_checkpoints.processes import ask, together, warm_up
from course_lib.lessons.sharded_checkpoints.trace import trace_shards

__all__ = ["ask", "resharding", "together", "trace_shards", "warm_up"]

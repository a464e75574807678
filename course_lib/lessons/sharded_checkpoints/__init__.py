"""Lesson 14: checkpoints that several processes write and read."""

from course_lib.lessons.sharded_checkpoints.processes import ask, together

__all__ = ["ask", "together"]

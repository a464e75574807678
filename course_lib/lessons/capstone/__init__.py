"""Lesson 13: the whole pipeline, and a card that says what it is worth."""

from course_lib.lessons.capstone.card import cost_of, digest_of, show_card, write_card
from course_lib.lessons.capstone.explorer import explore_capstone
from course_lib.lessons.capstone.on_devices import time_on
from course_lib.lessons.capstone.trace import trace_capstone

__all__ = ["cost_of", "digest_of", "explore_capstone", "show_card", "time_on", "trace_capstone", "write_card"]

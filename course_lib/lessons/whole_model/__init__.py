"""Lesson 07: a whole model in a file, the code that a file can ask for, and formats that ask for none."""

from course_lib.lessons.whole_model.explorer import explore_formats
from course_lib.lessons.whole_model.trace import trace_unpickling
from course_lib.lessons.whole_model.versions import NET, remove_module, write_module

__all__ = ["NET", "explore_formats", "remove_module", "trace_unpickling", "write_module"]

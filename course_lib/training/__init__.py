"""A small training loop: one function, callbacks, a progress bar, and a Ctrl-C that saves before it leaves.

>>> from course_lib.training import Callback, fit
"""

from course_lib.checkpoints.callback import Run
from course_lib.training.loop import Callback, fit

__all__ = ["Callback", "Run", "fit"]

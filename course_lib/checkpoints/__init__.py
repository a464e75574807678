"""Save, check, load and resume: files that are whole or absent, and a manager that keeps and finds them.

>>> from course_lib.checkpoints import CheckpointManager, load_file, save_file
"""

from course_lib.checkpoints.callback import ModelCheckpoint
from course_lib.checkpoints.files import check_file, load_file, save_file
from course_lib.checkpoints.manager import CheckpointManager, Loaded, Saved
from course_lib.checkpoints.state import GeneratorState, RNGState

__all__ = [
    "CheckpointManager",
    "GeneratorState",
    "Loaded",
    "ModelCheckpoint",
    "RNGState",
    "Saved",
    "check_file",
    "load_file",
    "save_file",
]

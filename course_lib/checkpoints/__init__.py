"""Save, check, load and resume: files that are whole or absent, and a manager that keeps and finds them.

>>> from course_lib.checkpoints import CheckpointManager, load_file, save_file
"""

from course_lib.checkpoints.callback import ModelCheckpoint
from course_lib.checkpoints.describing import FileReport, describe_file
from course_lib.checkpoints.files import check_file, load_file, save_file
from course_lib.checkpoints.inspection import compare_state_dicts, inspect_file
from course_lib.checkpoints.manager import CheckpointManager, Loaded, Saved
from course_lib.checkpoints.state import GeneratorState, RNGState

__all__ = [
    "CheckpointManager",
    "FileReport",
    "GeneratorState",
    "Loaded",
    "ModelCheckpoint",
    "RNGState",
    "Saved",
    "check_file",
    "compare_state_dicts",
    "describe_file",
    "inspect_file",
    "load_file",
    "save_file",
]

"""Every error this library raises on purpose.

    CourseError
    |-- InputError (also a ValueError)      an argument that can't be used
    |-- CheckpointError (also an OSError)   a checkpoint that can't be written or trusted
    |   |-- DamagedFileError                its bytes are not the bytes that were saved
    |   `-- UnsafeFileError                 loading it would run somebody's code or flood the memory
    |-- ContentError (also a ValueError)    a lesson, bank or syllabus file that its author must mend
    |-- NotHereError                        something optional that this machine lacks
    `-- WireError                           bytes from a learner's process that are no observation

Each message says what was expected, what came, and what to do next.
"""


class CourseError(Exception):
    """The root: `except CourseError` catches everything above."""


class InputError(CourseError, ValueError):
    """An argument that can't be used."""


class CheckpointError(CourseError, OSError):
    """A checkpoint that can't be written or can't be trusted."""


class DamagedFileError(CheckpointError):
    """The file's bytes are not the bytes that were saved."""


class UnsafeFileError(CheckpointError):
    """Loading the file would run somebody's code or flood the memory."""


class ContentError(CourseError, ValueError):
    """A lesson, bank or syllabus file that its author must mend."""


class NotHereError(CourseError):
    """Something optional that this machine lacks: a package, a network, a device."""


class WireError(CourseError):
    """Bytes that are no observation: cut, too large, or written by somebody else."""

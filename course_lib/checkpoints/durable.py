"""A file that is whole or not there, whenever the power fails."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.checkpoints.paths import local_path
from course_lib.errors import CheckpointError


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Write to the path that this gives you; at the end it takes the place of `path`, at once and for good.

    The temporary file is in the same folder, because a rename is atomic only within a disk. Its bytes are
    forced to the disk before the rename, and the folder, which holds the name, after it. If the block raises,
    `path` is as it was. A link stays a link, ~ is the home folder, and a device is never replaced by a file.

    Raises:
        OSError: The folder is missing, read-only or full.
        CheckpointError: There is a directory or a device of that name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/notes.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     os.listdir(folder), Path(folder, "notes.txt").read_text()
    (['notes.txt'], 'whole')

    Source: https://lwn.net/Articles/457667/
    """
    target = Path(os.path.realpath(local_path(path)))
    if target.exists() and not target.is_file():
        raise CheckpointError(f"{target} is a directory or a device, and a file would have to take its place")
    temporary = target.with_name(f"{target.name}.tmp-{secrets.token_hex(4)}")
    try:
        yield temporary
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
        if os.name == "posix":  # elsewhere a folder can't be opened
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)

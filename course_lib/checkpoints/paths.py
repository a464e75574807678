"""What a path means, and the one door through which a file is opened to be read."""

import difflib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from course_lib.errors import CheckpointError, InputError

# Two letters at least: C:/ is a disk. One slash will do, because Path("s3://bucket") is s3:/bucket.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def local_path(path: str | os.PathLike) -> Path:
    """A path on this machine: ~ becomes the home folder, and file:// goes.

    Raises:
        InputError: It is no path, or the URL of something that is elsewhere.

    >>> local_path("file:///tmp/my%20run/model.pt").name
    'model.pt'
    >>> local_path("s3://bucket/model.pt")
    Traceback (most recent call last):
    course_lib.errors.InputError: Expected a path on this machine, got the URL 's3://bucket/model.pt'. Download ...
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"Expected a path, as text or as a pathlib.Path; got {type(path).__name__}.")
    text = os.fsdecode(path)
    if not text or "\0" in text:
        raise InputError(f"Expected a path, got {text!r}.")
    if text.startswith("file:/"):
        text = url2pathname(urlsplit(text).path)
    elif _URL.match(text):
        raise InputError(
            f"Expected a path on this machine, got the URL {text!r}. Download the file first; a CheckpointManager "
            "takes such URLs, as text."
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~ of a user who doesn't exist
        raise InputError(f"There is no home folder for {text!r}. Write the path in full.") from error


@contextmanager
def reading(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a regular file; whatever goes wrong with it, at once or while it is read, is a CheckpointError.

    A pipe or a device is refused before it is opened: opening a pipe waits until somebody writes, and a device may
    never end.
    """
    path = local_path(path)
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise CheckpointError(f"{path} is {not_a_file(mode)}")
        with open(path, "rb") as file:
            yield file
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror}. {_look(path)}") from error


def not_a_file(mode: int) -> str:
    """What it is that is no regular file, and what to do."""
    if stat.S_ISDIR(mode):
        return "a directory, and not a checkpoint file. Name a file in it, or load_sharded(model, directory)."
    if stat.S_ISFIFO(mode):
        return "a named pipe, and no device or pipe can be checked before it is loaded. Copy it to a file first."
    return "a device or a socket, and not a checkpoint file. Check the path."


def _look(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f"Check the path: there is no folder {path.parent}." if not path.parent.exists() else "Check the path."
    close = [] if path.name in names else difflib.get_close_matches(path.name, names, n=1)
    return f"Check the path: there is {close[0]!r} in this folder." if close else "Check the path."

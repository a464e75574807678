"""An append-only file of JSON lines that several processes may write at once.

A line is one write, under a lock, on the disk before `append` returns. A line that a crash tore is never glued
to the next one; `repair` sets the damaged file aside and keeps every good line.
"""

import errno
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: one append at a time is all we have there
    fcntl = None


def append(path: Path, event: dict) -> None:
    """Write one event at the end of the file, which is made where it is missing.

    Raises:
        OSError: it could not be written; the file holds what it held before.
    """
    line = json.dumps(event, default=str).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as locked:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            size = os.lseek(file, 0, os.SEEK_END)
            if size:
                os.lseek(file, -1, os.SEEK_END)
                if os.read(file, 1) != b"\n":  # the last line was torn: don't lose this one with it
                    line = b"\n" + line
            try:
                if os.write(file, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            except OSError:
                if locked:  # nobody else wrote meanwhile: take the half line back
                    os.ftruncate(file, size)
                raise
        finally:
            os.close(file)


def read(path: Path, good: Callable[[dict], bool]) -> tuple[list[dict], list[bytes], int]:
    """Read the file.

    Args:
        path: the file.
        good: whether a line, a JSON object, is an event; it may raise ValueError, TypeError or KeyError.

    Returns:
        The good events, their lines, and the number of lines that are not good.
    """
    found, lines, bad = [], [], 0
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            is_good = isinstance(event, dict) and good(event)
        except (ValueError, TypeError, KeyError, RecursionError):
            is_good = False
        if is_good:
            found.append(event)
            lines.append(line)
        else:
            bad += 1
    return found, lines, bad


def repair(path: Path, good: Callable[[dict], bool]) -> Path | None:
    """Keep the good lines; the file as it was goes beside it, as <name>.damaged-<time>.jsonl.

    Returns:
        Where the damaged file is; None if there is nothing to repair, or another process holds the lock.

    Raises:
        OSError: it could not be repaired; the file is as it was.
    """
    with _locked(path) as locked:
        _, lines, bad = read(path, good)  # again, now that nobody is in the middle of a line
        if not bad or (fcntl is not None and not locked):
            return None
        aside = path.with_name(f"{path.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}.jsonl")
        file, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with open(file, "wb") as new:
                new.write(b"".join(line + b"\n" for line in lines))
                new.flush()
                os.fsync(new.fileno())
            aside.write_bytes(path.read_bytes())
            os.replace(temporary, path)
        except OSError:
            for half in (temporary, aside):
                with suppress(OSError):
                    os.unlink(half)
            raise
        return aside


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the file's lock; says whether it is held. Waits 2 s at most: one stopped kernel must not stop all."""
    if fcntl is None:
        yield False
        return
    # A file of its own: `repair` replaces the log itself, and a lock on the old one would guard nothing.
    with open(path.with_suffix(".lock"), "ab") as lock:
        held, until = False, time.monotonic() + 2
        while not held and time.monotonic() < until:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except BlockingIOError:
                time.sleep(0.005)
            except OSError:  # a network folder without locks
                break
        yield held

"""Watch how an answer writes its files: under their own names or aside, forced to the disk or not."""

import errno
import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

_FORCE, _MOVE = ("fsync", "fdatasync"), ("replace", "rename", "link")


@contextmanager
def watched_disk(folder: Path, answer: Any, *, full: bool = False) -> Iterator[list[dict[str, Any]]]:
    """Note every rename onto a name in `folder`: was the file whole until then, were the new bytes forced to the disk?

    Forcing is noted and not done: a real disk would take its time.

    Args:
        folder: Where the answer saves.
        answer: Names that it imported itself (`from os import fsync`) are watched too.
        full: Forcing bytes to the disk fails, as it does when a disk has no room.

    Yields:
        A list of notes in their order: `name`, `old whole`, `forced` ("yes", "no", or "too early": bytes came after),
        `beside` (whether the file came from the folder, so from the same disk).
    """
    folder = Path(os.path.realpath(folder))
    whole = _contents(folder)
    forced: dict[int, int] = {}  # inode -> how many bytes it had then
    notes: list[dict[str, Any]] = []
    real = {name: getattr(os, name) for name in (*_FORCE, "sync", *_MOVE) if hasattr(os, name)}

    def forcing(_: Callable) -> Callable:
        def call(descriptor: Any) -> None:
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            forced[os.fstat(number).st_ino] = os.fstat(number).st_size

        return call

    def forcing_all() -> None:
        forced.update((path.stat().st_ino, path.stat().st_size) for path in folder.rglob("*"))

    def moving(function: Callable) -> Callable:
        def call(source: Any, target: Any, **options: Any) -> None:
            place = Path(os.path.realpath(os.path.abspath(os.fsdecode(target))))
            if place.parent == folder and os.path.isfile(source):
                there, new = _content(place), _content(Path(os.fsdecode(source)))
                size = forced.get(os.stat(source).st_ino)
                word = "no" if size is None else "yes" if size == os.stat(source).st_size else "too early"
                beside = folder in Path(os.path.realpath(os.path.abspath(os.fsdecode(source)))).parents
                notes.append(
                    {"name": place.name, "old whole": there == whole.get(place), "forced": word, "beside": beside}
                )
                whole[place] = new
            function(source, target, **options)

        return call

    new = {
        name: forcing_all if name == "sync" else (forcing if name in _FORCE else moving)(function)
        for name, function in real.items()
    }
    with ExitStack() as stack:
        stack.enter_context(patch.multiple(os, **new))
        for own in _globals_of(answer):
            imported = {
                key: new[name] for key, value in own.items() for name, function in real.items() if value is function
            }
            stack.enter_context(patch.dict(own, imported))
        yield notes


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _globals_of(answer: Any) -> list[dict[str, Any]]:
    """The global names of a function, of what a decorator or a partial wraps, of an object's `__call__`."""
    found: list[dict[str, Any]] = []
    todo = [answer]
    for _ in range(8):  # a wrapper in a wrapper in a wrapper
        if not todo:
            break
        one = todo.pop()
        own = getattr(getattr(one, "__func__", one), "__globals__", None)
        if own is not None and not any(own is other for other in found):
            found.append(own)
        if isinstance(one, functools.partial):
            todo.append(one.func)
        elif hasattr(one, "__wrapped__"):
            todo.append(inspect.unwrap(one))
        elif own is None:
            todo.append(type(one).__call__)
    return found

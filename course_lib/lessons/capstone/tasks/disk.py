"""Note which files get their names by a rename: those were written aside."""

import functools
import inspect
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch


class Renames:
    """As a context manager: `names` are those that a rename gave to files of a folder.

    Args:
        folder: Where the answer saves.
        answer: What it imported itself, as with `from os import replace`, is watched too.
    """

    def __init__(self, folder: Path, answer: Any):
        self.folder, self.answer, self.names = Path(os.path.realpath(folder)), answer, set()

    def __enter__(self) -> "Renames":
        self._stack = ExitStack()
        real = {name: getattr(os, name) for name in ("replace", "rename")}
        new = {name: self._watched(function) for name, function in real.items()}
        self._stack.enter_context(patch.multiple(os, **new))
        own = getattr(inspect.unwrap(self.answer) if callable(self.answer) else None, "__globals__", None)
        if own is not None:
            imported = {
                key: new[name] for key, value in own.items() for name, function in real.items() if value is function
            }
            self._stack.enter_context(patch.dict(own, imported))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _watched(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def call(source: Any, target: Any, **options: Any) -> None:
            function(source, target, **options)
            place = Path(os.path.realpath(os.fsdecode(target)))
            if place.parent == self.folder:
                self.names.add(place.name)

        return call

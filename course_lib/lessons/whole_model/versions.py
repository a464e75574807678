"""Lesson 07: versions of a small module on disk, so that code can change between a save and a load."""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.hidden = hidden
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, images):
        return self.body(images)
"""
"""The module of the lesson's example, a classifier of 8 x 8 digits."""


def write_module(folder: str | os.PathLike, name: str, code: str) -> ModuleType:
    """Write `name.py` into the folder and import it anew, as a process that starts now would.

    Args:
        folder: Where; it is put in front of `sys.path`.
        name: The module's name, without dots.
        code: What stands in it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = write_module(folder, "a_version", "number = 1")
    ...     second = write_module(folder, "a_version", "number = 2")
    ...     remove_module(folder, "a_version")
    >>> first.number, second.number
    (1, 2)
    """
    remove_module(folder, name)
    Path(folder, f"{name}.py").write_text(code, encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # a .pyc of the same second would be taken
    try:
        return importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = before


def remove_module(folder: str | os.PathLike, name: str) -> None:
    """Delete `name.py` from the folder and forget that it was imported."""
    Path(folder, f"{name}.py").unlink(missing_ok=True)
    sys.modules.pop(name, None)
    sys.path[:] = [place for place in sys.path if place != str(folder)]
    importlib.invalidate_caches()

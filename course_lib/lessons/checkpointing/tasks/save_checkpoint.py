"""Save so that a crash at any moment leaves the old file or the new one."""

import errno
import inspect
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
import torch

from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.inputs import loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.checkpointing.tasks.shared import names, no_checkpoint


@contextmanager
def watched_disk(path: Path, answer: Any, *, full: bool) -> Iterator[list[dict[str, bool]]]:
    """Note every rename onto `path`: was the old file whole until then, were the new bytes forced to the disk?

    With `full`, forcing them fails, as it does when a disk has no room. Names that the answer imported itself
    (`from os import fsync`) are watched too.
    """
    before = path.read_bytes() if path.exists() else None
    forced: set[int] = set()
    renames: list[dict[str, bool]] = []
    real = {
        name: getattr(os, name) for name in ("fsync", "fdatasync", "sync", "replace", "rename") if hasattr(os, name)
    }

    def forcing(function: Callable) -> Callable:
        def call(descriptor: Any) -> None:
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            function(descriptor)
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            forced.add(os.fstat(number).st_ino)

        return call

    def forcing_all() -> None:
        real["sync"]()
        forced.update(p.stat().st_ino for p in path.parent.iterdir())

    def renaming(function: Callable) -> Callable:
        def call(source: Any, target: Any, **options: Any) -> None:
            if os.path.realpath(target) == os.path.realpath(path):
                there = path.read_bytes() if path.exists() else None
                renames.append({"old whole": there == before, "forced": os.stat(source).st_ino in forced})
            function(source, target, **options)

        return call

    new = {
        name: forcing_all if name == "sync" else (renaming if name.startswith("re") else forcing)(function)
        for name, function in real.items()
    }
    own = getattr(inspect.unwrap(answer), "__globals__", {}) if callable(answer) else {}
    imported = {key: new[name] for key, value in own.items() for name, function in real.items() if value is function}
    with patch.multiple(os, **new), patch.dict(own, imported):
        yield renames


class SaveCheckpoint(Task):
    """Save so that a crash at any moment leaves the old file or the new one."""

    visible: ClassVar = {
        "over an older file": {"older": True, "what": "sound"},
        "a value that can't be saved": {"older": True, "what": "unsaveable"},
    }
    graded: ClassVar = {
        "a NumPy number": {"older": True, "what": "numpy"},
        "the disk is full": {"older": True, "what": "full disk"},
        "a first file, path as text": {"older": False, "what": "sound"},
    }
    hints: ClassVar = {
        "aside": "Write to another name in the same folder first. While that goes on, the old file is untouched.",
        "rename": "`os.replace(temporary, path)` swaps the name in one step: before it the old file has it, after it the "
        "new one.",
        "sync": 'A written file may still be in memory. `with open(temporary, "rb+") as f: os.fsync(f.fileno())` '
        "returns when it is on the disk; only then rename.",
        "clean": "`try: ... finally: temporary.unlink(missing_ok=True)` clears away what a failed save left; after the "
        "rename there is nothing under that name.",
        "prove": "Before you rename, load the temporary file with `weights_only=True`. If that raises, the old file is "
        "still there.",
    }

    def contents(self, case: Case) -> tuple[dict, dict]:
        """What the old file holds, and what is to be saved."""
        draw = case.generator()
        old, new = (
            {"epoch": epoch, "model": {"weight": torch.randn(5, 3, generator=draw)}, "metrics": {"loss": 1 / epoch}}
            for epoch in (3, 4)
        )
        if case.what == "numpy":
            new["metrics"]["loss"] = np.float64(0.25)
        if case.what == "unsaveable":
            new["schedule"] = lambda epoch: 0.9**epoch
        return old, new

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, perhaps over an older file, and look at the folder and at a second name of the old file."""
        old, new = self.contents(case)
        with tempfile.TemporaryDirectory() as root:
            folder, witness = Path(root, "run"), Path(root, "witness.pt")
            folder.mkdir()
            path = folder / "last.pt"
            (folder / "notes.txt").write_text("mine")
            if case.older:
                torch.save(old, path)
                os.link(path, witness)  # the same file under a second name: it changes if it is written over
            before = path.read_bytes() if case.older else b""
            with watched_disk(path, answer, full=case.what == "full disk") as renames:
                return observe(
                    answer,
                    new,
                    path if case.older else str(path),
                    also={
                        "files": lambda: names(folder),
                        "content": lambda: loaded(path),
                        "untouched": lambda: path.exists() and path.read_bytes() == before,
                        "written over": lambda: case.older and witness.read_bytes() != before,
                        "renames": lambda: renames,
                    },
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Whole, renamed into place, forced to the disk, nothing left behind; after an error the old file."""
        strays = [name for name in seen.also["files"] if name not in ("last.pt", "notes.txt")]
        left = f"{', '.join(strays)} was left in the folder. Expected `last.pt` and what was there before."
        if case.what != "sound":
            return self.judge_failure(seen, case, left if strays else "")
        if seen.error:
            return failed(f"`save_checkpoint(checkpoint, path)` raised {seen.error}", hint="aside")
        if what := no_checkpoint(seen.also["content"]):
            return failed(f"Loading `path` afterwards: {what}.", hint="aside")
        if case.older and seen.also["untouched"]:
            return failed("The file is still the old one: nothing was saved.", hint="aside")
        if not same(seen.also["content"], self.contents(case)[1]):
            return failed("The file holds something else than the checkpoint that was passed.", hint="aside")
        if seen.also["written over"] or not seen.also["renames"]:
            return failed(
                "The bytes were written under the file's own name: killed half-way, there is neither the old checkpoint "
                "nor the new one.",
                hint="aside",
            )
        last = seen.also["renames"][-1]
        if not last["old whole"]:
            return failed(
                "The old file was gone before the new one had its name: killed in between, there is none.",
                hint="rename",
            )
        if not last["forced"]:
            return failed(
                "Renamed before the bytes were forced to the disk: after a power cut the name can belong to an empty "
                "file.",
                hint="sync",
            )
        return failed(left, hint="clean") if strays else passed("The old file or the new one, at every moment.")

    @staticmethod
    def judge_failure(seen: Observation, case: Case, left: str) -> Verdict:
        """The save can't work: the old file is untouched, an error says so, nothing is left behind."""
        why, hint = {
            "numpy": ("metrics['loss'] is a NumPy number, which weights_only=True refuses to load", "prove"),
            "unsaveable": ("A function in the checkpoint can't be pickled", "aside"),
            "full disk": ("Forcing the bytes to the disk failed, as on a full disk", "sync"),
        }[case.what]
        if not seen.also["untouched"]:
            return failed(f"{why}, and the old checkpoint is gone. Expected it untouched, to the last bit.", hint=hint)
        if not seen.error:
            return failed(f"{why}, and nobody was told: no error came. Expected an error.", hint=hint)
        return failed(f"{why}. {left}", hint="clean") if left else passed("An error, and the old file untouched.")

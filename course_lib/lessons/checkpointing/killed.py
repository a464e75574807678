"""Processes that train and keep checkpoints, one of which is killed in the middle of a save, really if the platform can."""

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import torch
from torch import nn
from torch.utils.data import TensorDataset

from course_lib.checkpoints import CheckpointManager, GeneratorState, Loaded, RNGState, Saved
from course_lib.data import batches, digits
from course_lib.lessons.checkpointing.folder import look
from course_lib.training import fit

IMAGES = 60  # so few that the validation loss turns before the end
CAN_FORK = sys.platform.startswith("linux")  # macOS can, and its libraries may crash in the child


@lru_cache(maxsize=1)
def _data() -> tuple[TensorDataset, TensorDataset]:
    """A few digits to train on, and 120 to validate."""
    splits = digits()
    parts = ((splits.train, IMAGES), (splits.validation, 120))
    return tuple(TensorDataset(*(tensor[:n] for tensor in part.tensors)) for part, n in parts)


class KilledError(BaseException):
    """The process is dead: nothing after it runs."""


class Process:
    """What a newly started process has: fresh weights, a fresh optimizer, and perhaps a folder."""

    def __init__(self, folder: Path | None):
        train, validation = _data()
        torch.random.default_generator.manual_seed(1)
        self.model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.03)
        self.loader, self.validation = batches(train, 10, shuffle=True, seed=1), batches(validation, 120)
        self.manager = None if folder is None else Watched(folder, self)

    def train(self, epochs: int, resume: Loaded | None = None) -> None:
        """Train until so many epochs are done."""
        fit(
            self.model, self.loader, self.optimizer, nn.CrossEntropyLoss(), epochs=epochs,
            validation=self.validation, manager=self.manager, resume=resume, progress=False,
        )  # fmt: skip

    def same_weights(self, other: "Process") -> bool:
        """Whether every bit agrees."""
        mine, theirs = self.model.state_dict(), other.model.state_dict()
        return all(torch.equal(mine[name], theirs[name]) for name in mine)


class Watched(CheckpointManager):
    """Keeps what each save did; is killed in the middle of the save of step `killed_at`."""

    killed_at: int | None = None

    def __init__(self, folder: Path, process: Process):
        objects = {
            "model": process.model, "optimizer": process.optimizer, "loader": GeneratorState(process.loader.generator),
            "rng": RNGState(),
        }  # fmt: skip
        super().__init__(folder, objects, monitor="val_loss", keep_last=2, keep_best=1)
        self.folder, self.done, self.seen = folder, [], {}

    def save(self, step: int, *arguments: object, **options: object) -> Saved:
        """Save as ever, and keep what was done and how the folder looked afterwards; or be killed."""
        if step == self.killed_at:
            _kill_while(lambda: super(Watched, self).save(step, *arguments, **options), self.folder, step)
            raise KilledError
        self.done.append(super().save(step, *arguments, **options))
        self.seen[step] = look(self.folder, self.history)
        return self.done[-1]

    def saved(self, step: int) -> Saved:
        """What the save of this step did."""
        return next(one for one in self.done if one.step == step)


def _kill_while(save: Callable[[], object], folder: Path, step: int) -> None:
    """Let a forked process begin to save, and kill it when its file is there and not yet renamed."""
    if not CAN_FORK:  # imitated: half of a file under a temporary name
        whole = max(folder.iterdir()).read_bytes()
        (folder / f"step-{step:08d}.pt.tmp-0a1b2c3d").write_bytes(whole[: len(whole) // 2])
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this one only writes a file, and dies
        child = os.fork()
    if child == 0:
        try:
            with patch.object(os, "replace", lambda *names: time.sleep(60)):
                save()
        finally:
            os._exit(1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not any(path.stat().st_size for path in folder.glob("*.tmp-*")):
        if os.waitpid(child, os.WNOHANG)[0]:
            return  # it died by itself: nothing is left to kill
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

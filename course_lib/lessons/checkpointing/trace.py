"""Lesson 09: twelve epochs in the life of a checkpoint folder, with a kill, a flipped bit and two new starts."""

import os
import signal
import tempfile
import time
import warnings
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import torch
from torch import nn
from torch.utils.data import TensorDataset

from course_lib.checkpoints import CheckpointManager, GeneratorState, Loaded, RNGState, Saved
from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace
from course_lib.classroom.style import BLUE, GREEN, GREY, VERMILION
from course_lib.data import batches, digits
from course_lib.seeding import sealed
from course_lib.training import fit

EPOCHS, KILLED, FLIPPED = 12, 8, 10
IMAGES = 60  # so few that the validation loss turns before the end
HAS_FORK = hasattr(os, "fork")


def trace_folder() -> Trace:
    """Train, be killed, resume, lose a bit, fall back, resume; and look into the folder at every step.

    >>> len(trace_folder().stages)
    12
    """
    with sealed(), tempfile.TemporaryDirectory() as folder:
        unbroken = _Process(None)
        unbroken.train(EPOCHS)
        stages = _record(Path(folder), unbroken)
    return Trace(f"{EPOCHS} epochs of a checkpoint folder", stages)


@lru_cache(maxsize=1)
def _data() -> tuple[TensorDataset, TensorDataset]:
    """A few digits to train on, and 120 to validate."""
    splits = digits()
    parts = ((splits.train, IMAGES), (splits.validation, 120))
    return tuple(TensorDataset(*(tensor[:n] for tensor in part.tensors)) for part, n in parts)


class _KilledError(BaseException):
    """The process is dead: nothing after it runs."""


class _Process:
    """What a newly started process has: fresh weights, a fresh optimizer, and perhaps a folder."""

    def __init__(self, folder: Path | None):
        train, validation = _data()
        torch.random.default_generator.manual_seed(1)
        self.model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.03)
        self.loader, self.validation = batches(train, 10, shuffle=True, seed=1), batches(validation, 120)
        self.manager = None if folder is None else _Watched(folder, self)

    def train(self, epochs: int, resume: Loaded | None = None) -> None:
        """Train until so many epochs are done."""
        fit(
            self.model, self.loader, self.optimizer, nn.CrossEntropyLoss(), epochs=epochs,
            validation=self.validation, manager=self.manager, resume=resume, progress=False,
        )  # fmt: skip

    def same_weights(self, other: "_Process") -> bool:
        """Whether every bit agrees."""
        mine, theirs = self.model.state_dict(), other.model.state_dict()
        return all(torch.equal(mine[name], theirs[name]) for name in mine)


class _Watched(CheckpointManager):
    """Keeps what each save did; is killed in the middle of the save of step `killed_at`."""

    killed_at: int | None = None

    def __init__(self, folder: Path, process: _Process):
        objects = {
            "model": process.model, "optimizer": process.optimizer, "loader": GeneratorState(process.loader.generator),
            "rng": RNGState(),
        }  # fmt: skip
        super().__init__(folder, objects, monitor="val_loss", keep_last=2, keep_best=1)
        self.folder, self.done, self.seen = folder, [], {}

    def save(self, step: int, *arguments: object, **options: object) -> Saved:
        if step == self.killed_at:
            _kill_while(lambda: super(_Watched, self).save(step, *arguments, **options), self.folder)
            raise _KilledError
        self.done.append(super().save(step, *arguments, **options))
        self.seen[step] = _look(self.folder, self.history)
        return self.done[-1]

    def saved(self, step: int) -> Saved:
        """What the save of this step did."""
        return next(one for one in self.done if one.step == step)


def _kill_while(save, folder: Path) -> None:
    """Let a forked process begin to save, and kill it when its file is there and not yet renamed."""
    if not HAS_FORK:  # imitated: half of a file under a temporary name
        whole = max(folder.iterdir()).read_bytes()
        (folder / f"step-{KILLED:08d}.tmp-0a1b2c3d").write_bytes(whole[: len(whole) // 2])
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


@dataclass(frozen=True)
class _Folder:
    """What was in the folder at one moment."""

    sizes: dict[int, int]
    strays: tuple[tuple[str, int], ...]
    losses: dict[int, float]
    broken: tuple[int, ...] = ()

    @property
    def best(self) -> int:
        """The step with the lowest validation loss so far."""
        return min(self.losses, key=lambda step: (self.losses[step], step))

    @property
    def last(self) -> int:
        """The newest step whose file is good."""
        return max(set(self.sizes) - set(self.broken))

    def svg(self) -> str:
        """The validation loss by epoch, and under each epoch its file, if it is there."""
        axes = svg.Axes(46, 12, 408, 70, (0.5, EPOCHS + 0.5), (0, 2.2))
        parts = [axes.frame(x_ticks=(), y_label="val_loss", y_ticks=(0, 1, 2))]
        parts += [axes.curve(sorted(self.losses.items()), color=GREY, width=1.5) if len(self.losses) > 1 else ""]
        for step in range(1, EPOCHS + 1):
            x, _ = axes.place(step, 0)
            parts += [svg.text(x, 98, step, size=11, anchor="middle", faint=step not in self.losses)]
            if step in self.losses:
                color = GREEN if step == self.best else BLUE if step in self.sizes else GREY
                parts += [axes.dots([(step, self.losses[step])], color=color)]
            parts += [self._box(x, step)]
        parts += [svg.text(8, 124, "files", size=11)]
        for i, (name, size) in enumerate(self.strays):
            parts += [svg.text(46, 164 + 16 * i, f"and {name}, {size:,} bytes", size=11)]
        return svg.picture(470, 152 + 16 * len(self.strays), *parts)

    def _box(self, x: float, step: int) -> str:
        left = x - 16
        if step in self.broken:
            return svg.rect(left, 106, 32, 28, edge=VERMILION, rounded=3) + _middle(x, "✗ bit")
        if step in self.sizes:
            best, last = step == self.best, step == self.last
            word = "best" if best else "last" if last else "kept"
            box = svg.rect(left, 106, 32, 28, fill=GREEN if best else BLUE, opacity=0.3, edge="currentColor", rounded=3)
            both = svg.text(x, 146, "and last", size=10, anchor="middle") if best and last else ""
            return box + _middle(x, word) + both
        if step in self.losses:
            return svg.rect(left, 106, 32, 28, edge=GREY, dash="3 3", rounded=3) + _middle(x, "gone", faint=True)
        return ""

    def words(self) -> str:
        """The folder's listing."""
        lines = []
        for step, size in self.sizes.items():
            loss = f"val_loss {self.losses[step]:.3f}" if step in self.losses else ""
            marks = ["best"] * (step == self.best) + ["last"] * (step == self.last)
            marks += ["damaged"] * (step in self.broken)
            lines.append(f"step-{step:08d}.pt  {size:7,} bytes  {loss}  {', '.join(marks)}".rstrip())
        return "\n".join([*lines, *(f"{name}  {size:,} bytes" for name, size in self.strays)])

    def picture(self) -> dict[str, str]:
        """As the picture of a stage."""
        return {"picture_svg": self.svg(), "picture_text": self.words()}


def _middle(x: float, word: str, *, faint: bool = False) -> str:
    return svg.text(x, 124, word, size=10.5, anchor="middle", faint=faint)


def _look(folder: Path, history: Sequence[dict], broken: tuple[int, ...] = ()) -> _Folder:
    sizes, strays = {}, []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".pt":
            sizes[int(path.stem.removeprefix("step-"))] = path.stat().st_size
        else:
            strays.append((path.name, path.stat().st_size))
    return _Folder(sizes, tuple(strays), {one["step"]: one["metrics"]["val_loss"] for one in history}, broken)


def _numbers(steps: Sequence[int]) -> str:
    """One number, or several with an "and" before the last; "nothing" if there are none."""
    words = [str(step) for step in steps]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "nothing"


def _steps(paths: Sequence[Path]) -> list[int]:
    return [int(path.stem.removeprefix("step-")) for path in paths if path.suffix == ".pt"]


def _epochs(manager: _Watched, *steps: int, title: str = "", note: str = "") -> Stage:
    """One stage for a few epochs: what was saved, what was best, what was deleted."""
    saved = [manager.saved(step) for step in steps]
    seen = manager.seen[steps[-1]]
    losses = ", ".join(f"{one.metrics['val_loss']:.3f}" for one in saved)
    bests = [one.step for one in saved if one.is_best]
    removed = [step for one in saved for step in _steps(one.removed)]
    many = len(steps) > 1
    stage = Stage(
        title or f"epoch{'s' * many} {_numbers(steps)}",
        goes_in=f"The model after {_numbers(steps)} epoch{'s' * (steps[-1] > 1)}; val_loss {losses}.",
        happens=("Each is" if many else "It is")
        + " written under a temporary name, forced to the disk, renamed. Then what is neither among the last 2 nor the "
        f"best is deleted: {_numbers(removed)}.",
        comes_out=f"On the disk: {_numbers(list(seen.sizes))}. Best so far: epoch {seen.best}"
        + (f" (new: {_numbers(bests)})." if bests else ", as before."),
        note=note,
        **seen.picture(),
    )
    return stage


def _record(folder: Path, unbroken: _Process) -> list[Stage]:
    """The run in three processes."""
    first = _Process(folder)
    first.manager.killed_at = KILLED
    with suppress(_KilledError):
        first.train(EPOCHS)
    one = first.manager
    stages = [
        _epochs(one, 1, note="One file holds everything: model, optimizer, random states, and the log of all epochs."),
        _epochs(one, 2),
        _epochs(one, 3),
        _epochs(one, 4, 5),
        _epochs(one, 6, 7),
    ]
    killed = _look(folder, one.history)
    left = ", ".join(f"`{name}` ({size:,} bytes)" for name, size in killed.strays) or "no temporary file"
    how = "Its process gets SIGKILL" if HAS_FORK else "This platform can't fork, so a kill is imitated"
    stages.append(
        Stage(
            f"killed while saving {KILLED}",
            goes_in=f"The model after {KILLED} epochs.",
            happens=f"{how} while the temporary file is being written, before the rename.",
            comes_out=f"On the disk: {_numbers(list(killed.sizes))} as they were, and {left}.",
            note="No handler runs and nothing is cleaned up: that is what SIGKILL means.",
            **killed.picture(),
        )
    )

    second = _Process(folder)
    resumed = second.manager.load("last")
    stages.append(
        Stage(
            "a new process",
            goes_in="Fresh weights, a fresh optimizer, the folder.",
            happens='`manager.load("last")` looks at finished names only, proves every byte of the newest file, and restores '
            "all objects.",
            comes_out=f"Epoch {resumed.step}. Lost: {KILLED - resumed.step} epoch, the one that was being saved.",
            **_look(folder, second.manager.history).picture(),
        )
    )
    second.train(FLIPPED, resumed)
    two = second.manager
    swept = [path.name for path in two.saved(KILLED).removed if path.suffix != ".pt"]
    stages.append(
        _epochs(
            two,
            *range(resumed.step + 1, FLIPPED + 1),
            note=f"The first save after the kill also sweeps away {', '.join(swept)}." if swept else "",
        )
    )

    newest = two.files[-1]
    data = bytearray(newest.read_bytes())
    with zipfile.ZipFile(newest) as archive:
        largest = max(archive.infolist(), key=lambda record: record.file_size)
    data[largest.header_offset + largest.file_size // 2] ^= 0b0100_0000
    newest.write_bytes(data)
    loads = torch.load(newest, weights_only=True)["step"]
    damaged = _look(folder, two.history, (FLIPPED,))
    stages.append(
        Stage(
            "a bit flips",
            goes_in=f"The newest file, {newest.stat().st_size:,} bytes.",
            happens=f"One bit of the record `{largest.filename}` changes, as disks and copies do now and then.",
            comes_out=f"A file of the same size. Plain `torch.load` takes it without complaint, and says epoch {loads}.",
            **damaged.picture(),
        )
    )

    third = _Process(folder)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fallen = third.manager.load("last")
    stages.append(
        Stage(
            "fall back",
            goes_in="The folder, with a damaged newest file.",
            happens='`manager.load("last")` compares checksums, leaves out '
            f"{_numbers(_steps([path for path, _ in fallen.skipped]))}, and warns: {len(warned)} warning.",
            comes_out=f"Epoch {fallen.step} is restored. That is why keep_last is 2 and not 1.",
            **_look(folder, third.manager.history, (FLIPPED,)).picture(),
        )
    )
    third.train(EPOCHS, fallen)
    same = third.same_weights(unbroken)
    stages.append(
        _epochs(
            third.manager,
            *range(fallen.step + 1, EPOCHS + 1),
            note=f"Are the weights those of {EPOCHS} epochs without any interruption, to the last bit? {same}.",
        )
    )
    history = third.manager.history
    best = third.manager.load("best", only=["model"])
    stages.append(
        Stage(
            "load the best",
            goes_in=f"The folder at the end. The log in the newest file knows all {len(history)} epochs.",
            happens='`manager.load("best", only=["model"])` ranks them by val_loss.',
            comes_out=f"The weights of epoch {best.step}, val_loss {best.metrics['val_loss']:.3f}; the last had "
            f"{history[-1]['metrics']['val_loss']:.3f}.",
            **_look(folder, history).picture(),
        )
    )
    return stages

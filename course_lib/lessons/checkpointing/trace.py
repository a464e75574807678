"""Lesson 09: twelve epochs in the life of a checkpoint folder, with a kill, a flipped bit and two new starts."""

import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch

from course_lib.classroom.explorers.trace import Stage, Trace
from course_lib.lessons.checkpointing import killed
from course_lib.lessons.checkpointing.folder import look
from course_lib.lessons.checkpointing.killed import KilledError, Process, Watched
from course_lib.lessons.checkpointing.runs import EPOCHS
from course_lib.seeding import sealed

KILLED, FLIPPED = 8, 10


def trace_folder() -> Trace:
    """Train, be killed, resume, lose a bit, fall back, resume; and look into the folder at every step.

    >>> len(trace_folder().stages)
    12
    """
    with sealed(), tempfile.TemporaryDirectory() as name:
        folder, unbroken = Path(name), Process(None)
        unbroken.train(EPOCHS)
        stages = [*_until_killed(folder), *_resumed(folder), _bit_flips(folder), *_fallen_back(folder, unbroken)]
    return Trace(f"{EPOCHS} epochs of a checkpoint folder", stages)


def _until_killed(folder: Path) -> list[Stage]:
    """The first process, up to its end in the middle of a save."""
    first = Process(folder)
    first.manager.killed_at = KILLED
    with suppress(KilledError):
        first.train(EPOCHS)
    one = first.manager
    stages = [
        _epochs(one, 1, note="One file holds everything: model, optimizer, random states, and the log of all epochs."),
        _epochs(one, 2),
        _epochs(one, 3),
        _epochs(one, 4, 5),
        _epochs(one, 6, 7),
    ]
    found = look(folder, one.history)
    left = ", ".join(f"`{name}` ({size:,} bytes)" for name, size in found.strays) or "no temporary file"
    how = "Its process gets SIGKILL" if killed.CAN_FORK else "This platform can't fork safely, so a kill is imitated"
    stages.append(
        Stage(
            f"killed while saving {KILLED}",
            goes_in=f"The model after {KILLED} epochs.",
            happens=f"{how} while the temporary file is being written, before the rename.",
            comes_out=f"On the disk: {_numbers(list(found.sizes))} as they were, and {left}.",
            note="No handler runs and nothing is cleaned up: that is what SIGKILL means.",
            **found.picture(),
        )
    )
    return stages


def _resumed(folder: Path) -> list[Stage]:
    """The second process: it goes on with the newest whole file, and its first save sweeps up."""
    second = Process(folder)
    resumed = second.manager.load("last")
    start = Stage(
        "a new process",
        goes_in="Fresh weights, a fresh optimizer, the folder.",
        happens='`manager.load("last")` looks at finished names only, compares the checksums of the newest, and restores '
        "all objects.",
        comes_out=f"Epoch {resumed.step}. Lost: {KILLED - resumed.step} epoch, the one that was being saved.",
        **look(folder, second.manager.history).picture(),
    )
    second.train(FLIPPED, resumed)
    swept = [path.name for path in second.manager.saved(KILLED).removed if path.suffix != ".pt"]
    note = f"The first save after the kill also sweeps away {', '.join(swept)}." if swept else ""
    return [start, _epochs(second.manager, *range(resumed.step + 1, FLIPPED + 1), note=note)]


def _bit_flips(folder: Path) -> Stage:
    """One bit of the newest file changes while no process is looking."""
    manager = Process(folder).manager
    newest = manager.files[-1]
    data = bytearray(newest.read_bytes())
    with zipfile.ZipFile(newest) as archive:
        largest = max(archive.infolist(), key=lambda record: record.file_size)
    data[largest.header_offset + largest.file_size // 2] ^= 0b0100_0000
    history = manager.history  # as it was read before the damage
    newest.write_bytes(data)
    loads = torch.load(newest, weights_only=True)["step"]
    return Stage(
        "a bit flips",
        goes_in=f"The newest file, {newest.stat().st_size:,} bytes.",
        happens=f"One bit of the record `{largest.filename}` changes, as disks and copies do now and then.",
        comes_out=f"A file of the same size. Plain `torch.load` takes it without complaint, and says epoch {loads}.",
        **look(folder, history, (FLIPPED,)).picture(),
    )


def _fallen_back(folder: Path, unbroken: Process) -> list[Stage]:
    """The third process: it leaves out the damaged file, trains to the end, and loads the best."""
    third = Process(folder)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fallen = third.manager.load("last")
    skipped = _numbers(_steps([path for path, _ in fallen.skipped]))
    back = Stage(
        "fall back",
        goes_in="The folder, with a damaged newest file.",
        happens=f'`manager.load("last")` compares checksums, leaves out {skipped}, and warns: {len(warned)} warning.',
        comes_out=f"Epoch {fallen.step} is restored. That is why keep_last is 2 and not 1.",
        **look(folder, third.manager.history, (FLIPPED,)).picture(),
    )
    third.train(EPOCHS, fallen)
    same = third.same_weights(unbroken)
    note = f"Are the weights those of {EPOCHS} epochs without any interruption, to the last bit? {same}."
    to_the_end = _epochs(third.manager, *range(fallen.step + 1, EPOCHS + 1), note=note)
    history = third.manager.history
    best = third.manager.load("best", only=["model"])
    load_best = Stage(
        "load the best",
        goes_in=f"The folder at the end. The log in the newest file knows all {len(history)} epochs.",
        happens='`manager.load("best", only=["model"])` ranks them by val_loss.',
        comes_out=f"The weights of epoch {best.step}, val_loss {best.metrics['val_loss']:.3f}; the last had "
        f"{history[-1]['metrics']['val_loss']:.3f}.",
        **look(folder, history).picture(),
    )
    return [back, to_the_end, load_best]


def _epochs(manager: Watched, *steps: int, note: str = "") -> Stage:
    """One stage for a few epochs: what was saved, what was best, what was deleted."""
    saved = [manager.saved(step) for step in steps]
    seen = manager.seen[steps[-1]]
    losses = ", ".join(f"{one.metrics['val_loss']:.3f}" for one in saved)
    bests = [one.step for one in saved if one.is_best]
    removed = [step for one in saved for step in _steps(one.removed)]
    many = len(steps) > 1
    return Stage(
        f"epoch{'s' * many} {_numbers(steps)}",
        goes_in=f"The model after {_numbers(steps)} epoch{'s' * (steps[-1] > 1)}; val_loss {losses}.",
        happens=("Each is" if many else "It is")
        + " written under a temporary name, forced to the disk, renamed. Then what is neither among the last 2 nor the "
        f"best is deleted: {_numbers(removed)}.",
        comes_out=f"On the disk: {_numbers(list(seen.sizes))}. Best so far: epoch {seen.best}"
        + (f" (new: {_numbers(bests)})." if bests else ", as before."),
        note=note,
        **seen.picture(),
    )


def _numbers(steps: Sequence[int]) -> str:
    """One number, or several with an "and" before the last; "nothing" if there are none."""
    words = [str(step) for step in steps]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "nothing"


def _steps(paths: Sequence[Path]) -> list[int]:
    return [int(path.stem.removeprefix("step-")) for path in paths if path.suffix == ".pt"]

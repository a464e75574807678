"""Keep the last and the best checkpoints of a run, and find the newest good one again."""

import copy
import math
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from course_lib.checkpoints.folders import open_folder
from course_lib.checkpoints.monitor import as_metrics, as_step, mode_of, require_finite
from course_lib.checkpoints.paths import local_path
from course_lib.checkpoints.state import Stateful, restore
from course_lib.errors import CheckpointError, InputError

_NAME = re.compile(r"step-(\d{8,})(-partial)?\.pt")
_STRAY = re.compile(r"step-\d{8,}(-partial)?(\.pt)?\.tmp-\w+")
_PARTS = {"step", "metrics", "partial", "history", "objects", "torch"}


@dataclass(frozen=True)
class Saved:
    """What `save` did; `is_best` is False where nothing is monitored."""

    path: Path | str
    step: int
    metrics: dict[str, float]
    is_best: bool
    removed: tuple[Path | str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What `load` restored; `skipped` are newer (or better) files that were no good, each with the reason."""

    path: Path | str
    step: int
    metrics: dict[str, float]
    skipped: tuple[tuple[Path | str, str], ...] = ()
    partial: dict[str, Any] | None = field(default=None, repr=False)


class CheckpointManager:
    """Saves a run's objects together, keeps the last and the best files, restores from the newest good one.

    Each file holds everything: the states, step and metrics, and the history of the saves before it. So there is
    no index that could disagree with the files. One process saves; any number may load.

    Args:
        directory: A folder, made at the first save, or any fsspec URL such as "s3://bucket/run".
        objects: Everything the run must find again, by name. For an exact resume that is the model, the
            optimizer, the scheduler, the loader's `GeneratorState` and `RNGState()`.
        monitor: The metric that says which step is best. None: no step is.
        mode: "min" if less is better, "max" if more is. None: as the monitor's name says, if it leaves no doubt.
        keep_last: How many of the newest steps to keep, at least 1. More than 1 is what a fallback needs.
        keep_best: How many of the best to keep besides.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = torch.nn.Linear(2, 1)
    >>> manager = CheckpointManager(folder.name, {"model": model}, monitor="val_loss", keep_last=1)
    >>> [manager.save(step, {"val_loss": loss}).is_best for step, loss in [(1, 0.5), (2, 0.4), (3, 0.6)]]
    [True, True, False]
    >>> manager.load("last").step, manager.load("best").step
    (3, 2)
    >>> folder.cleanup()

    Source: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
    """

    def __init__(
        self,
        directory: str | Path,
        objects: Mapping[str, Stateful],
        *,
        monitor: str | None = None,
        mode: Literal["min", "max"] | None = None,
        keep_last: int = 3,
        keep_best: int = 1,
    ):
        if not isinstance(objects, Mapping):
            raise InputError(f"objects has a name for each: {{'model': model}}; got a {type(objects).__name__} alone.")
        for name, one in objects.items():
            if not (hasattr(one, "state_dict") and hasattr(one, "load_state_dict")):
                raise InputError(
                    f"objects[{name!r}] is a {type(one).__name__} without state_dict() and load_state_dict(). "
                    "Wrap a torch.Generator in GeneratorState; pass plain numbers as metrics."
                )
        if keep_last < 1 or keep_best < 0:
            raise InputError(f"keep_last is at least 1 and keep_best at least 0; got {keep_last} and {keep_best}.")
        self.objects = dict(objects)
        self.monitor, self.mode = monitor, mode_of(monitor, mode)
        self.keep_last, self.keep_best = keep_last, keep_best
        self._folder = open_folder(directory)
        self._history: list[dict[str, Any]] | None = None
        self._broken: set[str] = set()

    @property
    def files(self) -> list[Path | str]:
        """The checkpoints that are there, oldest first; looks at names only."""
        return [self._folder.where(name) for name in self._names()]

    @property
    def history(self) -> list[dict[str, Any]]:
        """Every step of this run with its metrics, oldest first, also those whose files are gone.

        Before the first save or load it is read from the newest good file.
        """
        return copy.deepcopy(self._past())

    def require_saveable(self, step: int, metric_names: Iterable[str]) -> None:
        """Raise now what `save` would raise later: before an epoch of training, not after it.

        Raises:
            InputError: The folder already has this step or a later one, or the monitored metric is not among
                the names.
        """
        self._require_newest(_name(step))
        if self.monitor is not None and self.monitor not in set(metric_names):
            raise InputError(
                f"monitor={self.monitor!r} is not among the metrics {sorted(metric_names)}: no step could be best. "
                "Correct the name, or pass the metric."
            )

    def save(
        self, step: int, metrics: Mapping[str, float] | None = None, *, partial: Mapping[str, Any] | None = None
    ) -> Saved:
        """Save all objects; then, with that on the disk, delete what no longer counts among last and best.

        Args:
            step: How many steps (or epochs) are done; must be larger than any before.
            metrics: Of this step, stored as float. Must have the monitored one.
            partial: For a save in the middle of the step after `step`: where it stopped, as plain data. Such a
                file is never best, needs no metrics, and goes when a whole step is saved.

        Raises:
            InputError: A weight is NaN or infinite; the monitored metric is so, or missing; a metric is no number,
                the step is not new, or a state holds what can't be loaded back. Nothing is written or deleted.
            CheckpointError: The file could not be written; all older files are as they were.
        """
        step, metrics = as_step(step), as_metrics(metrics)
        name = _name(step, partial is not None)
        history = self._past()
        if partial is None:
            self.require_saveable(step, metrics)
            if self.monitor is not None and not math.isfinite(metrics[self.monitor]):
                raise InputError(
                    f"{self.monitor} is {metrics[self.monitor]} at step {step}, which is neither good nor bad. The "
                    "step was not saved. Look at the data, or lower the learning rate; the last good step is on disk."
                )
            history = [*history, {"step": step, "metrics": metrics}]
        else:
            self._require_newest(name)
        require_finite(self.objects, f"at step {step}")
        content = {
            "step": step,
            "metrics": metrics,
            "partial": None if partial is None else dict(partial),
            "history": history,
            "objects": {key: one.state_dict() for key, one in self.objects.items()},
            "torch": str(torch.__version__),
        }
        self._folder.save(content, name)
        self._history = history
        self._broken.discard(name)
        ranked = self._ranked(history)
        is_best = partial is None and ranked[:1] == [name]
        return Saved(self._folder.where(name), step, metrics, is_best, self._clean_up(name))

    def load(
        self,
        which: Literal["last", "best"] | str | Path = "last",
        *,
        map_location: Any = "cpu",
        only: Iterable[str] | None = None,
    ) -> Loaded:
        """Restore the objects from a file whose checksums agree; all of them, or none.

        "last" and "best" fall back to the next older (or next best) good file, with a warning that names each
        file left out and why. A file given by its path is loaded or refused. RNGState is restored last. A copy
        of the present states is held meanwhile, to go back to if an object refuses its state.

        Args:
            which: "last", "best" by the monitor, or one of `files`.
            map_location: Where the states go first, as in torch.load; each object then takes them to itself.
            only: The objects to restore, for instance ["model"]. None: all, and the file must have the same.

        Raises:
            InputError: The file's objects are not this manager's, or an object refuses its state.
            CheckpointError: There is no file, or none is good.
        """
        names = self._names()
        skipped: list[tuple[str, str]] = []
        if which == "last":
            wanted = names[::-1]
        elif which == "best":
            if self.monitor is None:
                raise InputError("There is no best without a monitor: CheckpointManager(..., monitor='val_loss').")
            _, newest, skipped = self._first_good(names[::-1], "meta")
            wanted = self._ranked(newest["history"])
        else:
            wanted = [name for name in names if str(which) == name or self._is_at(name, which)]
        if not wanted:
            raise CheckpointError(
                f"There is no checkpoint {str(which)!r} in {self._folder.where('')}; it has {names or 'none'}. To "
                "resume only if there is something: if manager.files: manager.load()"
            )
        if which in ("last", "best"):
            name, content, more = self._first_good(wanted, map_location)
            skipped = list(dict(skipped + more).items())
        else:
            name, content = wanted[0], self._read(wanted[0], map_location)
        where = self._folder.where(name)
        restore(self.objects, content["objects"], only=only, source=where)
        self._history = content["history"]
        if skipped:
            reasons = " ".join(reason for _, reason in skipped)
            warnings.warn(f"Fell back to {where}, step {content['step']}. {reasons}", stacklevel=2)
        return Loaded(
            where,
            content["step"],
            content["metrics"],
            tuple((self._folder.where(broken), reason) for broken, reason in skipped),
            content["partial"],
        )

    def _names(self) -> list[str]:
        return sorted((name for name in self._folder.names() if _NAME.fullmatch(name)), key=_order)

    def _is_at(self, name: str, path: str | Path) -> bool:
        where = self._folder.where(name)
        if isinstance(where, str):  # a URL
            return str(path) == where
        return os.path.realpath(local_path(path)) == os.path.realpath(where)

    def _past(self) -> list[dict[str, Any]]:
        if self._history is None:
            names = self._names()
            self._history = self._first_good(names[::-1], "meta")[1]["history"] if names else []
        return self._history

    def _require_newest(self, name: str) -> None:
        others = [other for other in self._names() if other not in self._broken]
        if others and _order(name) <= _order(others[-1]) and not (name == others[-1] and _order(name)[1]):
            raise InputError(
                f"{name} can't be saved: {self._folder.where(others[-1])} is there, and steps only go up. Continue "
                "from it with load('last'), or start a new run in a new folder."
            )

    def _ranked(self, history: list[dict[str, Any]]) -> list[str]:
        """The names of all measured steps, the best first; of equals, the earlier."""
        sign = 1 if self.mode == "min" else -1
        measured = [entry for entry in history if math.isfinite(entry["metrics"].get(self.monitor, math.nan))]
        measured.sort(key=lambda entry: (sign * entry["metrics"][self.monitor], entry["step"]))
        return [_name(entry["step"]) for entry in measured]

    def _clean_up(self, newest: str) -> tuple[Path | str, ...]:
        # A file that was found broken doesn't count, and stays: perhaps only the network was.
        names = [name for name in self._names() if name not in self._broken]
        whole = [name for name in names if not _order(name)[1]]
        ranked = [name for name in self._ranked(self._past()) if name in set(whole)]
        keep = {newest, *whole[-self.keep_last :], *ranked[: self.keep_best]}
        strays = [name for name in self._folder.names() if _STRAY.fullmatch(name)]  # of killed saves
        removed = [name for name in names if name not in keep] + strays
        for name in removed:
            self._folder.delete(name)
        return tuple(self._folder.where(name) for name in removed)

    def _first_good(self, names: list[str], map_location: Any) -> tuple[str, dict, list[tuple[str, str]]]:
        skipped = []
        for name in names:
            try:
                return name, self._read(name, map_location), skipped
            except CheckpointError as error:
                skipped.append((name, str(error)))
                self._broken.add(name)  # saving the step again may overwrite it
        reasons = " ".join(reason for _, reason in skipped)
        raise CheckpointError(f"No good checkpoint in {self._folder.where('')}. {reasons}")

    def _read(self, name: str, map_location: Any) -> dict[str, Any]:
        content = self._folder.load(name, map_location)
        if not (isinstance(content, dict) and content.keys() == _PARTS):
            raise CheckpointError(f"{self._folder.where(name)}: It was not saved by a CheckpointManager.")
        if _order(name) != (content["step"], content["partial"] is not None):
            raise CheckpointError(f"{self._folder.where(name)}: It is step {content['step']} under another name.")
        return content


def _name(step: int, partial: bool = False) -> str:
    return f"step-{step:08d}{'-partial' if partial else ''}.pt"


def _order(name: str) -> tuple[int, bool]:
    step, partial = _NAME.fullmatch(name).groups()
    return int(step), partial is not None

"""Save a model's weights while `course_lib.training.fit` runs, and bring the best ones back at the end."""

import math
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import nn
from torch.optim import Optimizer

from course_lib.checkpoints.files import load_file, save_file
from course_lib.checkpoints.monitor import mode_of, require_finite
from course_lib.checkpoints.paths import local_path
from course_lib.errors import CheckpointError, InputError

# What fit measures after each epoch; the last two only with validation data. "epoch" counts from 1.
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass
class Run:
    """What a callback sees of `fit`; a callback that sets `stop` ends the run after this epoch."""

    model: nn.Module
    optimizer: Optimizer
    metric_names: tuple[str, ...]
    history: list[dict[str, float]]
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    stop: bool = False


class ModelCheckpoint:
    """Weights, epoch and metrics in a file of its own per epoch, or only when they are the best so far.

    These are models to use. To resume a run exactly, give `fit` a CheckpointManager, and this callback's own
    memory of the best as one of its objects.

    Args:
        template: The file, for instance "runs/{epoch:02d}-{val_loss:.3f}.pt". Its folder is made. Without
            {epoch} or a metric every save replaces the one before.
        monitor: The metric that says which epoch is best: one of loss, accuracy, val_loss, val_accuracy.
        mode: "min" if less is better, "max" if more is; None: "min" for a loss, "max" for an accuracy. Of equals
            the earlier is best.
        every_n_epochs: Look only at every n-th epoch.
        save_best_only: Save only what is better than all before.
        restore_best: After the last epoch, load the best weights into the model.

    Attributes:
        best: The best value so far, or None.
        best_path: Its file, or None.

    Raises:
        InputError: An unknown name in the template or the monitor; settings that contradict each other.

    >>> ModelCheckpoint("{epoch}-{vall_loss:.2f}.pt")
    Traceback (most recent call last):
    course_lib.errors.InputError: The template '{epoch}-{vall_loss:.2f}.pt' names 'vall_loss'. fit measures epoch, ...

    Source: https://keras.io/api/callbacks/model_checkpoint/, whose arguments these are, and whose surprises not.
    """

    def __init__(
        self,
        template: str | Path,
        *,
        monitor: str = "val_loss",
        mode: Literal["min", "max"] | None = None,
        every_n_epochs: int = 1,
        save_best_only: bool = False,
        restore_best: bool = False,
    ):
        self.template = str(local_path(template))
        self._start = Path.cwd()  # the files stay together if the program goes to another directory
        self._fields = _fields(self.template)
        if monitor not in METRICS:
            raise InputError(f"monitor={monitor!r} is unknown; fit measures {', '.join(METRICS)}.")
        if every_n_epochs < 1:
            raise InputError(f"every_n_epochs is at least 1; got {every_n_epochs}.")
        if restore_best and not save_best_only and "epoch" not in self._fields:
            raise InputError(
                f"A later epoch could replace the best one's file, {self.template!r}, so that it can't be restored. "
                "Put {epoch} into the template, or set save_best_only=True."
            )
        self.monitor, self.mode, self.every_n_epochs = monitor, mode_of(monitor, mode), every_n_epochs
        self.save_best_only, self.restore_best = save_best_only, restore_best
        self.best: float | None = None
        self.best_path: Path | None = None

    def on_fit_start(self, run: "Run") -> None:
        """Find out now, not after an epoch, that a metric will be missing."""
        missing = {self.monitor, *self._fields} - {"epoch", *run.metric_names}
        if missing:
            raise InputError(f"{sorted(missing)} need validation data: fit(..., validation=...).")

    def on_epoch_end(self, run: "Run") -> None:
        """Save, if it is time and good enough.

        Raises:
            InputError: The monitored metric or a weight is NaN or infinite; nothing is saved.
        """
        if run.epoch % self.every_n_epochs:
            return
        value = run.metrics[self.monitor]
        if not math.isfinite(value):
            raise InputError(f"{self.monitor} is {value} in epoch {run.epoch}, which can't be compared. Not saved.")
        sign = 1 if self.mode == "min" else -1
        is_best = self.best is None or sign * value < sign * self.best
        if is_best or not self.save_best_only:
            require_finite({"model": run.model}, f"in epoch {run.epoch}")
            path = Path(self._start, self.template.format(epoch=run.epoch, **run.metrics))
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file({"model": run.model.state_dict(), "epoch": run.epoch, "metrics": dict(run.metrics)}, path)
            if is_best:
                self.best, self.best_path = value, path

    def on_fit_end(self, run: "Run") -> None:
        """Bring the best weights back, if that was asked for."""
        if not self.restore_best:
            return
        if self.best_path is None:
            raise CheckpointError(f"No epoch was saved, so none can be restored: {run.epoch} epochs are done.")
        content = load_file(self.best_path)
        if content["metrics"][self.monitor] != self.best:
            raise CheckpointError(f"{self.best_path} holds epoch {content['epoch']}, not the best. Was it replaced?")
        run.model.load_state_dict(content["model"])

    def state_dict(self) -> dict[str, Any]:
        """Which epoch was best so far, for an exact resume."""
        return {"best": self.best, "best_path": None if self.best_path is None else str(self.best_path)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember the best of the run that is resumed; its file may have moved to this template's folder."""
        self.best = state["best"]
        self.best_path = None if state["best_path"] is None else Path(state["best_path"])
        if self.best_path is not None and not self.best_path.exists():
            moved = Path(self._start, self.template).parent / self.best_path.name
            self.best_path = moved if moved.exists() else self.best_path


def _fields(template: str) -> set[str]:
    known = ("epoch", *METRICS)
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        unknown = sorted(fields - set(known))
        if unknown:
            raise InputError(
                f"The template {template!r} names {', '.join(map(repr, unknown))}. fit measures {', '.join(known)}."
            )
        template.format(epoch=1, **dict.fromkeys(METRICS, 0.5))
    except InputError:
        raise
    except (ValueError, IndexError, KeyError) as error:
        raise InputError(f"The template {template!r} can't be filled in: {error}.") from error
    return fields

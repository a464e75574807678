# %% right: a class · message: "and only then"
import operator

import torch


class SaveWhenBetter:
    def __init__(self, model, path, *, monitor="val_loss", mode="min"):
        self.better = {"min": operator.lt, "max": operator.gt}[mode]
        self.model, self.path, self.monitor = model, path, monitor
        self.start = {"min": float("inf"), "max": -float("inf")}[mode]
        self.best = None

    def on_epoch_end(self, epoch, logs):
        plain = {
            name: value.item() if hasattr(value, "item") else value
            for name, value in logs.items()
        }
        value = plain[self.monitor]
        if not self.better(value, self.start if self.best is None else self.best):
            return False
        torch.save({"epoch": epoch, "logs": plain, "model": self.model.state_dict()}, self.path)
        self.best = value
        return True


model_checkpoint = SaveWhenBetter


# %% right: a namespace · message: "and only then"
import math
from types import SimpleNamespace

from course_lib.checkpoints import save_file


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    assert mode in ("min", "max"), mode
    seen, callback = [], SimpleNamespace(best=None)

    def on_epoch_end(epoch, logs):
        if monitor not in logs:
            raise ValueError(f"no {monitor} in {list(logs)}")
        value = float(logs[monitor])
        if math.isnan(value):
            return False
        first = (min if mode == "min" else max)([*seen, value])
        seen.append(value)
        if seen.index(first) < len(seen) - 1:
            return False
        callback.best = value
        numbers = {name: float(number) for name, number in logs.items()}
        save_file({"model": model.state_dict(), "epoch": epoch, "logs": numbers}, path)
        return True

    callback.on_epoch_end = on_epoch_end
    return callback


# %% wrong: less is always better · clause 1 · message: "The file holds epoch"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: any mode taken · clause 7 · message: "was taken without an error"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: best begins at infinity · clause 5 · message: "Before the first epoch"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = float("inf") if mode == "min" else -float("inf")

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (sign * value < sign * self.best)
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: best never updated · clause 5 · message: "`best` is None; expected"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: saved in every epoch · clause 1 · message: "The file holds epoch"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
            torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: a missing value only warned about, as in Keras · clause 6 · message: "without an error"
import math
import warnings

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    assert mode in ("min", "max"), mode

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs.get(monitor)
            if value is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # so that this attempt prints nothing
                    warnings.warn(f"Can save best model only with {monitor} available.")
                better = True
            else:
                sign = 1 if mode == "min" else -1
                better = not math.isnan(value) and (
                    self.best is None or sign * value < sign * self.best
                )
                self.best = value if better else self.best
            if better:
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: NumPy numbers and tensors left in the logs · clause 3 · message: "can't be loaded"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            value = float(logs[monitor])
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: logs left out of the file · clause 3 · message: "The file lacks logs"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch}, path)
            return better

    return Callback()


# %% wrong: NaN becomes the best · clause 2 · message: "The file holds epoch"
import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = self.best is None or sign * value < sign * self.best
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: an equal value saved too · clause 1 · message: "The file holds epoch"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value <= sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: saved before the error · clause 6 · message: "The error came, but the file"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            if monitor not in logs:
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: nothing returned · clause 4 · message: "returned None"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)

    return Callback()


# %% wrong: a missing value taken for NaN · clause 6 · message: "without an error"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs.get(monitor, float("nan"))
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: an accidental error that names nothing · clause 6 · message: "doesn't name"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs.get(monitor)
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% right: a dataclass, and infinity kept inside · message: "and only then"
import math
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch


@dataclass
class Keeper:
    model: Any
    path: Any
    monitor: str = "val_loss"
    mode: str = "min"
    best: Any = None
    _limit: float = field(default=math.inf, repr=False)

    def __post_init__(self):
        if self.mode not in {"min", "max"}:
            raise ValueError(self.mode)

    def on_epoch_end(self, epoch, logs):
        if self.monitor not in logs:
            raise LookupError(f"{self.monitor} is missing")
        value = np.asarray(logs[self.monitor]).item()
        signed = value if self.mode == "min" else -value
        if signed < self._limit:
            self.best, self._limit = value, signed
            plain = {key: float(number) for key, number in logs.items()}
            content = {"model": self.model.state_dict(), "epoch": epoch, "logs": plain}
            torch.save(content, f"{self.path}.new")
            os.replace(f"{self.path}.new", self.path)
            return True
        return False


def model_checkpoint(model, path, **options):
    return Keeper(model, path, **options)


# %% right: a decorated factory with nonlocal state · message: "and only then"
import functools
from types import SimpleNamespace

import torch

from course_lib.checkpoints import save_file


def refusing(function):
    @functools.wraps(function)
    def call(model, path, *, monitor="val_loss", mode="min"):
        better = {"min": torch.lt, "max": torch.gt}[mode]
        return function(model, path, monitor, better)

    return call


@refusing
def model_checkpoint(model, path, monitor, better):
    made = SimpleNamespace(best=None)

    def on_epoch_end(epoch, logs):
        value = torch.as_tensor(logs[monitor], dtype=torch.float64)
        if value.isnan():
            return False
        if made.best is not None and not better(value, made.best):
            return False
        made.best = value
        numbers = {name: torch.as_tensor(one).item() for name, one in logs.items()}
        save_file({"logs": numbers, "epoch": epoch, "model": model.state_dict()}, path)
        return True

    made.on_epoch_end = on_epoch_end
    return made


# %% wrong: best begins at zero · clause 1 · message: "expected epoch"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None
        limit = 0.0 if mode == "max" else math.inf

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (sign * value < sign * self.limit)
            if better:
                self.best = self.limit = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: the bare state_dict in the file · clause 3 · message: "holds a bare state_dict"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save(model.state_dict(), path)
            return better

    return Callback()


# %% wrong: the first epoch never saved · clause 1 · message: "There is no file; expected epoch 1"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if self.best is None:
                self.best, better = value, False
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: the whole model in the file · clause 3 · message: "weights_only=True"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model, "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: only the monitored value in the logs · clause 3 · message: "The file's `logs`"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save(
                    {"model": model.state_dict(), "epoch": epoch, "logs": {monitor: value}},
                    path,
                )
            return better

    return Callback()


# %% wrong: the best logs kept, and those of the first saved · clause 3 · message: "The file's `logs`"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best, kept = None, None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.kept = self.kept or logs
                self.best = value
                torch.save(
                    {"model": model.state_dict(), "epoch": epoch, "logs": self.kept}, path
                )
            return better

    return Callback()


# %% wrong: the value returned · clause 4 · message: "returned 0.9"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return value if better else False

    return Callback()


# %% wrong: the mode checked at the first epoch · clause 7 · message: "was taken without an error"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            if mode not in ("min", "max"):
                raise ValueError(mode)
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: a mode in capitals taken · clause 7 · message: "mode='MIN' was taken"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    mode = mode.lower()
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: best is the last value · clause 5 · message: "`best` is"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = limit = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.limit is None or sign * value < sign * self.limit
            )
            self.best = value
            if better:
                self.limit = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: an exception for NaN · clause 2 · message: "raised ValueError"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            if math.isnan(value):
                raise ValueError("NaN")
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: NaN counts as best among later ones · clause 2 · message: "The file holds epoch 2 now; expected epoch 1"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = (self.best is not None or not math.isnan(value)) and (
                self.best is None or not sign * value >= sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: a monitor of its own · clause 1 · message: "raised KeyError"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs["val_loss"]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()


# %% wrong: logs as tensors · clause 3 · message: "is no plain float"
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save(
                    {
                        "model": model.state_dict(),
                        "epoch": epoch,
                        "logs": {name: torch.tensor(one) for name, one in logs.items()},
                    },
                    path,
                )
            return better

    return Callback()


# %% right: infinity passed over like NaN · message: "Saved when it was better"
import math
from course_lib.checkpoints import save_file


class Keep:
    def __init__(self, model, path, monitor, mode):
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r}")
        self.model, self.path, self.monitor, self.mode, self.best = (
            model,
            path,
            monitor,
            mode,
            None,
        )

    def on_epoch_end(self, epoch, logs):
        if self.monitor not in logs:
            raise KeyError(f"{self.monitor} is not in the logs")
        value = float(logs[self.monitor])
        if not math.isfinite(value):
            return False
        if self.best is not None and not (
            value < self.best if self.mode == "min" else value > self.best
        ):
            return False
        self.best = value
        save_file(
            {
                "model": self.model.state_dict(),
                "epoch": epoch,
                "logs": {k: float(v) for k, v in logs.items()},
            },
            self.path,
        )
        return True


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    return Keep(model, path, monitor, mode)


# %% wrong: logs made plain in place · clause 3 · message: "changed the `logs`"
import math
from course_lib.checkpoints import save_file


class Keep:
    def __init__(self, model, path, monitor, mode):
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r}")
        self.model, self.path, self.monitor, self.mode, self.best = (
            model,
            path,
            monitor,
            mode,
            None,
        )

    def on_epoch_end(self, epoch, logs):
        if self.monitor not in logs:
            raise KeyError(f"{self.monitor} is not in the logs")
        value = float(logs[self.monitor])
        if math.isnan(value):
            return False
        if self.best is not None and not (
            value < self.best if self.mode == "min" else value > self.best
        ):
            return False
        self.best = value
        save_file(
            {
                "model": self.model.state_dict(),
                "epoch": epoch,
                "logs": (logs.update({k: float(v) for k, v in logs.items()}) or logs),
            },
            self.path,
        )
        return True


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    return Keep(model, path, monitor, mode)


# %% wrong: a mode of its own · clause 7 · message: "was taken without an error"
import math
from course_lib.checkpoints import save_file


class Keep:
    def __init__(self, model, path, monitor, mode):
        if mode not in ("min", "max", "auto"):
            raise ValueError(f"mode {mode!r}")
        self.model, self.path, self.monitor, self.mode, self.best = (
            model,
            path,
            monitor,
            mode,
            None,
        )

    def on_epoch_end(self, epoch, logs):
        if self.monitor not in logs:
            raise KeyError(f"{self.monitor} is not in the logs")
        value = float(logs[self.monitor])
        if math.isnan(value):
            return False
        if self.best is not None and not (
            value < self.best if self.mode == "min" else value > self.best
        ):
            return False
        self.best = value
        save_file(
            {
                "model": self.model.state_dict(),
                "epoch": epoch,
                "logs": {k: float(v) for k, v in logs.items()},
            },
            self.path,
        )
        return True


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    return Keep(model, path, monitor, mode)


# %% wrong: NaN is an error · clause 2 · message: "with val_loss nan raised"
import math
from course_lib.checkpoints import save_file


class Keep:
    def __init__(self, model, path, monitor, mode):
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r}")
        self.model, self.path, self.monitor, self.mode, self.best = (
            model,
            path,
            monitor,
            mode,
            None,
        )

    def on_epoch_end(self, epoch, logs):
        if self.monitor not in logs:
            raise KeyError(f"{self.monitor} is not in the logs")
        value = float(logs[self.monitor])
        if math.isnan(value):
            raise ValueError("nan")
        if self.best is not None and not (
            value < self.best if self.mode == "min" else value > self.best
        ):
            return False
        self.best = value
        save_file(
            {
                "model": self.model.state_dict(),
                "epoch": epoch,
                "logs": {k: float(v) for k, v in logs.items()},
            },
            self.path,
        )
        return True


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    return Keep(model, path, monitor, mode)

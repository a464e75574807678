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


# %% wrong: any mode taken · clause 6 · message: "was taken without an error"
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


# %% wrong: best begins at infinity · clause 4 · message: "Before the first epoch"
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


# %% wrong: best never updated · clause 4 · message: "`best` is None; expected"
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


# %% wrong: a missing value only warned about, as in Keras · clause 5 · message: "without an error"
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


# %% wrong: NumPy numbers and tensors left in the logs · clause 2 · message: "can't be loaded"
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


# %% wrong: logs left out of the file · clause 2 · message: "The file's `logs`"
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


# %% wrong: NaN becomes the best · clause 1 · message: "The file holds epoch"
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


# %% wrong: saved before the error · clause 5 · message: "The error came, but the file"
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


# %% wrong: nothing returned · clause 3 · message: "returned None"
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


# %% wrong: a missing value taken for NaN · clause 5 · message: "without an error"
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


# %% wrong: an accidental error that names nothing · clause 5 · message: "doesn't name"
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

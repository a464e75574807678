# %% right: a function as map_location · message: "Every tag, every device"
import torch
from torch.serialization import default_restore_location


def load_anywhere(path, device="cpu"):
    """One pass with a function: torch's own rule for everything that was not on the CPU."""

    def place(storage, tag):
        return storage if tag == "cpu" else default_restore_location(storage, str(device))

    return torch.load(path, map_location=place)


# %% right: tags read without unpickling · message: "Every tag, every device"
import torch

from course_lib.checkpoints.inspection import inspect_file


def load_anywhere(path, device=torch.device("cpu")):
    """The tags come from the X-ray, which opens the file without unpickling it."""
    tags = {tensor.device for tensor in inspect_file(path).tensors}
    return torch.load(
        path, map_location=dict.fromkeys(tags - {"cpu"}, str(device)), weights_only=True
    )


# %% right: moved by hand after loading · message: "Every tag, every device"
import torch


def load_anywhere(path, device="cpu"):
    """Everything to the CPU, then move by hand what was not tagged so, container by container."""
    by_pointer = {}

    def note(storage, tag):
        by_pointer[storage.data_ptr()] = tag
        return storage

    content = torch.load(path, map_location=note, weights_only=True)

    def move(value):
        if isinstance(value, dict):
            return {name: move(item) for name, item in value.items()}
        if isinstance(value, list):
            return [move(item) for item in value]
        if (
            isinstance(value, torch.Tensor)
            and by_pointer[value.untyped_storage().data_ptr()] != "cpu"
        ):
            return value.to(device)
        return value

    return move(content)


# %% right: an object, keyword arguments · message: "Every tag, every device"
import functools

import torch


class Loader:
    def __init__(self):
        self.tags = {}

    def __call__(self, path, device=None):
        target = str(torch.device(device or "cpu"))
        torch.load(path, map_location=functools.partial(self._note, target), weights_only=True)
        return torch.load(path, weights_only=True, map_location=self.tags)

    def _note(self, target, storage, tag):
        self.tags[tag] = "cpu" if tag == "cpu" else target
        return storage


load_anywhere = Loader()


# %% right: an error of its own kind · message: "Every tag, every device"
import pickle

import torch
from torch.serialization import default_restore_location


class NotPlainError(pickle.UnpicklingError):
    """A kind of UnpicklingError is one."""


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        return storage if tag == "cpu" else default_restore_location(storage, f"{device}")

    try:
        return torch.load(path, map_location=place, weights_only=True)
    except pickle.UnpicklingError as error:
        raise NotPlainError(str(path)) from error


# %% wrong: everything to the CPU, device ignored · clause 4 · message: "tagged cuda:1, landed on cpu. Expected meta"
import torch


def load_anywhere(path, device="cpu"):
    """Right for the quiz question, deaf to `device`."""
    return torch.load(path, map_location="cpu", weights_only=True)


# %% wrong: mapped to cuda, which isn't there · clause 4 · message: "torch.cuda.is_available() is False"
import torch


def load_anywhere(path, device="cpu"):
    """Option C of the quiz: map to the device that isn't there."""
    return torch.load(path, map_location="cuda", weights_only=True)


# %% wrong: an argument that torch.load lacks · clause 4 · message: "torch.load has no argument 'device'"
import warnings

import torch


def load_anywhere(path, device="cpu"):
    """Option A of the quiz: torch.load has no such argument."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, device=device)


# %% wrong: a torch.device as a dictionary's value · clause 4 · message: "where torch.load wants text"
import torch


def load_anywhere(path, device="cpu"):
    """A torch.device as a value of the dictionary."""
    tags = set()
    torch.load(
        path, map_location=lambda storage, tag: tags.add(tag) or storage, weights_only=True
    )
    plan = {tag: torch.device(device) for tag in tags - {"cpu"}}
    return torch.load(path, map_location=plan, weights_only=True)


# %% wrong: the CPU's tensors moved too · clause 3 · message: "was on the CPU when it was saved"
import torch


def load_anywhere(path, device="cpu"):
    """The string takes Adam's step and the random state along."""
    return torch.load(path, map_location=device, weights_only=True)


# %% wrong: no map_location · clause 1 · message: "torch.cuda.is_available() is False"
import torch


def load_anywhere(path, device="cpu"):
    """Option B of the quiz: no map_location."""
    return torch.load(path, weights_only=True)


# %% wrong: tags typed by hand · clause 1 · message: "Loading a file tagged"
import torch


def load_anywhere(path, device="cpu"):
    """A dictionary typed by hand: it knows two tags."""
    plan = {"cuda:0": str(device), "cuda:1": str(device)}
    return torch.load(path, map_location=plan, weights_only=True)


# %% wrong: weights_only=False · clause 5 · message: "Code from the file was executed"
import torch
from torch.serialization import default_restore_location


def load_anywhere(path, device="cpu"):
    """weights_only=False, as a forum said."""

    def place(storage, tag):
        return storage if tag == "cpu" else default_restore_location(storage, str(device))

    return torch.load(path, map_location=place, weights_only=False)


# %% wrong: only the weights returned · clause 2 · message: "is missing from what came back"
import torch


def load_anywhere(path, device="cpu"):
    tags = set()
    torch.load(
        path, map_location=lambda storage, tag: tags.add(tag) or storage, weights_only=True
    )
    plan = {tag: str(device) for tag in tags - {"cpu"}}
    return torch.load(path, map_location=plan, weights_only=True)["model"]


# %% wrong: placed by the names of the keys · clause 4 · message: "tagged npu:3, landed on cpu"
import torch


def load_anywhere(path, device="cpu"):
    """The names of a checkpoint as everybody writes it."""
    content = torch.load(path, map_location="cpu", weights_only=True)

    def move(value, name=""):
        if isinstance(value, dict):
            return {key: move(item, key) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [move(item, name) for item in value]
        if isinstance(value, torch.Tensor) and name not in ("step", "rng"):
            return value.to(device)
        return value

    return move(content)


# %% wrong: a list of known tags · clause 1 · message: "(tagged with npu:3)"
import torch


def load_anywhere(path, device="cpu"):
    known = [f"{kind}:{i}" for kind in ("cuda", "xpu", "hpu") for i in range(16)] + ["mps"]
    return torch.load(path, map_location=dict.fromkeys(known, str(device)), weights_only=True)


# %% wrong: the error wrapped in another · clause 5 · message: "raised a RuntimeError in place of its UnpicklingError"
import pickle

import torch


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        if tag == "cpu":
            return storage
        return torch.serialization.default_restore_location(storage, str(device))

    try:
        return torch.load(path, map_location=place, weights_only=True)
    except pickle.UnpicklingError as error:
        raise RuntimeError(f"{path} can't be loaded") from error


# %% wrong: the error swallowed · clause 5 · message: "came back as NoneType, without an error"
import torch


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        if tag == "cpu":
            return storage
        return torch.serialization.default_restore_location(storage, str(device))

    try:
        return torch.load(path, map_location=place, weights_only=True)
    except Exception:
        return None


# %% wrong: only the tensors come back · clause 2 · message: "lacks what is no tensor"
import torch


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        if tag == "cpu":
            return storage
        return torch.serialization.default_restore_location(storage, str(device))

    def tensors(value):
        if isinstance(value, dict):
            return {
                k: tensors(v)
                for k, v in value.items()
                if isinstance(v, (dict, list, torch.Tensor))
            }
        if isinstance(value, list):
            return [tensors(v) for v in value]
        return value

    return tensors(torch.load(path, map_location=place, weights_only=True))


# %% wrong: in float32 · clause 2 · message: "are not those of the file"
import torch


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        if tag == "cpu":
            return storage
        return torch.serialization.default_restore_location(storage, str(device))

    def cast(value):
        if isinstance(value, dict):
            return {k: cast(v) for k, v in value.items()}
        if isinstance(value, list):
            return [cast(v) for v in value]
        return value.float() if isinstance(value, torch.Tensor) else value

    return cast(torch.load(path, map_location=place, weights_only=True))


# %% wrong: None for the CPU, the storage for the rest · clause 4 · message: "landed on cpu. Expected meta"
import torch


def load_anywhere(path, device="cpu"):
    """None and the storage mixed up."""
    return torch.load(
        path,
        map_location=lambda storage, tag: None if tag == "cpu" else storage,
        weights_only=True,
    )


# %% wrong: the CPU's default taken for a wish · clause 1 · message: "torch.cuda.is_available() is False"
import torch


def load_anywhere(path, device="cpu"):
    """map_location only where another device is asked for."""
    if str(device) == "cpu":
        return torch.load(path, weights_only=True)
    return torch.load(path, map_location=device, weights_only=True)


# %% wrong: by the storage's to · clause 4 · message: "a storage's `.to` doesn't know that device"
import torch


def load_anywhere(path, device="cpu"):
    def place(storage, tag):
        return storage if tag == "cpu" else storage.to(device=torch.device(device))

    return torch.load(path, map_location=place, weights_only=True)

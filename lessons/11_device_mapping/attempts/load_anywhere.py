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


# %% wrong: everything to the CPU, device ignored · clause 4 · message: "landed on cpu. Expected meta"
import torch


def load_anywhere(path, device="cpu"):
    """Right for the quiz question, deaf to `device`."""
    return torch.load(path, map_location="cpu", weights_only=True)


# %% wrong: mapped to cuda, which isn't there · clause 4 · message: "torch.cuda.is_available() is False"
import torch


def load_anywhere(path, device="cpu"):
    """Option C of the quiz: map to the device that isn't there."""
    return torch.load(path, map_location="cuda", weights_only=True)


# %% wrong: an argument that torch.load lacks · clause 4 · message: "unexpected keyword argument 'device'"
import warnings

import torch


def load_anywhere(path, device="cpu"):
    """Option A of the quiz: torch.load has no such argument."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, device=device)


# %% wrong: a torch.device as a dictionary's value · clause 4 · message: "Loading a file tagged"
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

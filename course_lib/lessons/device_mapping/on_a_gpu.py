"""Lesson 11: files that a GPU wrote, and machines that claim to have other GPUs than this one."""

import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom.tasks.inputs import leaves
from course_lib.data import batches, digits
from course_lib.devices import saved_as
from course_lib.lessons.device_mapping.tasks.shared import machine
from course_lib.models import MLP

NAMES = ("weights.pt", "training.pt", "next.pt")


def train(model: nn.Module, optimizer: torch.optim.Optimizer, epochs: Iterable[int]) -> None:
    """Train on the digits, each epoch in its own fixed order; every batch goes to where the model is."""
    model.train()
    where = next(model.parameters()).device
    for epoch in epochs:
        for x, y in batches(digits().train, 64, shuffle=True, seed=epoch):
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(where)), y.to(where)).backward()
            optimizer.step()


def one_step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """One step of training on all 1,077 training digits at once, where the model is."""
    where = next(model.parameters()).device
    x, y = (part.to(where) for part in digits().train.tensors)
    optimizer.zero_grad()
    F.cross_entropy(model.train()(x), y).backward()
    optimizer.step()


def gpu_files(folder: Path) -> str:
    """Put three files into the folder that a GPU wrote: this machine's, or else an H100's that the course keeps.

    "weights.pt" is the state dict of a network after three epochs, "training.pt" the whole checkpoint at that
    moment, "next.pt" the state dict after one step more. The kept files were written by this same function.

    Returns:
        Which GPU wrote them, in words.
    """
    if not torch.cuda.is_available():
        with as_file(files(__package__) / "files") as kept:
            for name in NAMES:
                shutil.copy(kept / name, folder / name)
        return "no GPU here: an NVIDIA H100 wrote these files, and the course keeps them"
    device = torch.device("cuda:0")
    model = MLP(hidden=32, dropout=0.0).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train(model, optimizer, range(3))
    torch.save(model.state_dict(), folder / "weights.pt")
    checkpoint = {
        "written_on": torch.cuda.get_device_name(device),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "gpu_rng": torch.cuda.get_rng_state(device),
    }
    torch.save(checkpoint, folder / "training.pt")
    one_step(model, optimizer)
    torch.save(model.state_dict(), folder / "next.pt")
    return f"your {checkpoint['written_on']} trained just now, and wrote these files"


@contextmanager
def claiming(gpus: int) -> Iterator[None]:
    """Inside, PyTorch's two questions, is CUDA available and how many GPUs are there, get this answer."""
    with patch.multiple(torch.cuda, is_available=lambda: gpus > 0, device_count=lambda: gpus):
        yield


def cuda_is_available(*, built_for_cuda: bool) -> bool:
    """What `torch.cuda.is_available()` says where the driver reports one GPU, in a build for CUDA or in one without."""
    driver = patch.object(torch._C, "_cuda_getDeviceCount", lambda: 1, create=True)
    with driver, patch.object(torch.cuda, "_is_compiled", lambda: built_for_cuda):
        return torch.cuda.is_available()


@contextmanager
def cuda_build_without_a_gpu() -> Iterator[None]:
    """Inside, PyTorch says that it was built for CUDA, and that no GPU is there."""
    # torch 2.6 counts devices; later versions ask the module of the build's device, here torch.cuda.
    answers = {"_accelerator_getAccelerator": lambda: torch.device("cuda"), "_accelerator_deviceCount": lambda: 0}
    with claiming(0), patch.multiple(torch._C, create=True, **answers):
        yield


def attempt(path: Path, *, gpus: int = 0, **arguments: object) -> str:
    """What `torch.load` does on a machine with so many GPUs: "loaded", or the text of its error.

    It only *claims* to have them: what really goes to a GPU that isn't there raises another error.
    """
    with claiming(gpus), warnings.catch_warnings(action="ignore"):
        try:
            torch.load(path, weights_only=True, **arguments)
        except (RuntimeError, TypeError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"
    return "loaded"


def tagged(tag: str, folder: Path) -> Path:
    """A small file whose tags are those of another device."""
    path = folder / f"{tag.replace(':', '_')}.pt"
    with saved_as(tag):
        torch.save({"weight": torch.ones(2)}, path)
    return path


def landing(path: Path, devices: Sequence[str], map_location: object) -> set[str]:
    """Where `torch.load` would put a file's tensors on a machine with these devices; their bytes stay in main memory."""
    with machine(devices) as landed:
        content = torch.load(path, map_location=map_location, weights_only=True)
    return {landed.get(tensor.flatten()[0].item(), str(tensor.device)) for _, tensor in leaves(content)}

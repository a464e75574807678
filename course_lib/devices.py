"""Choose a device, move batches to it, plan a `map_location`, and write files as another device would."""

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.serialization import _package_registry, register_package

from course_lib.errors import InputError


def select_device() -> torch.device:
    """The accelerator of this machine (CUDA, MPS, XPU, ...), or else the CPU.

    >>> torch.ones(2, device=select_device()).sum().item()
    2.0

    Source: https://docs.pytorch.org/docs/stable/accelerator.html
    """
    # torch 2.6 raises in current_accelerator() where there is none, so ask first.
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def to_device(batch: Any, device: torch.device | str) -> Any:
    """Move every tensor in a nested batch; lists, tuples, named tuples, dataclasses and mappings keep their type.

    Whatever has a `.to` method is moved by it; everything else (strings, numbers, None) is returned as it is.
    A defaultdict keeps its default, a dataclass what is no field.
    The copy to an accelerator doesn't wait: don't overwrite a pinned buffer of your own while it is under way.

    Args:
        batch: Tensors in any nesting.
        device: Where they should be.

    Returns:
        The same nesting. Tensors that are there already are the same objects.

    >>> to_device({"image": torch.ones(2), "name": ["a", "b"]}, "meta")["image"].device.type
    'meta'
    """
    if isinstance(batch, Tensor):
        # From an accelerator to the CPU nothing may return early: the values would not be there yet.
        return batch.to(device, non_blocking=torch.device(device).type != "cpu")
    if callable(getattr(batch, "to", None)) and not isinstance(batch, type):
        return _moved_by_itself(batch, device)
    if isinstance(batch, Mapping):
        items = {key: to_device(value, device) for key, value in batch.items()}
        if type(batch) is dict:
            return items
        if not isinstance(batch, MutableMapping):
            return type(batch)(items)
        moved = copy.copy(batch)
        for key, value in items.items():
            moved[key] = value
        return moved
    if isinstance(batch, tuple) and hasattr(batch, "_make"):
        return batch._make(to_device(value, device) for value in batch)
    if isinstance(batch, list | tuple):
        return type(batch)(to_device(value, device) for value in batch)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        moved = copy.copy(batch)
        for field in dataclasses.fields(batch):
            if hasattr(batch, field.name):
                # As object does it, for a frozen one; and not through __init__, which may take other arguments.
                object.__setattr__(moved, field.name, to_device(getattr(batch, field.name), device))
        return moved
    return batch


def _moved_by_itself(batch: Any, device: torch.device | str) -> Any:
    if torch.device(device).type == "cpu":
        moved = batch.to(device)
    else:
        try:
            moved = batch.to(device, non_blocking=True)
        except TypeError:  # it takes a device and nothing else
            moved = batch.to(device)
    return batch if moved is None else moved  # None: it moved in place


def plan_map_location(
    tags: str | Iterable[str], available: str | torch.device | Iterable[str | torch.device]
) -> dict[str, str]:
    """For every device tag in a file, the device of this machine that should take its tensors.

    A device that exists here keeps its tensors; of the same kind, the first one takes them ("cuda:3" goes to
    "cuda:0"); otherwise the CPU does. What was on the CPU stays there: random states and Adam's step
    counter must. `torch.load` looks tags up by their exact text, so "cuda" does not answer for "cuda:0".

    Args:
        tags: The tags in the file, such as {"cpu", "cuda:1"}; or one.
        available: The devices of this machine, or one; "cpu" need not be named.

    Returns:
        A dictionary for `torch.load(path, map_location=...)`, with exactly the tags as keys.

    Raises:
        InputError: Neither devices nor a list of them.

    >>> plan_map_location(["cpu", "cuda:1"], available=["cuda:0"])
    {'cpu': 'cpu', 'cuda:1': 'cuda:0'}
    >>> plan_map_location(["cuda:1", "mps"], available=["cpu"])
    {'cuda:1': 'cpu', 'mps': 'cpu'}

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    here = _listed("available", available)

    def place(tag: str) -> str:
        same_kind = [device for device in here if device.split(":")[0] == tag.split(":")[0]]
        return tag if tag in here else next(iter(same_kind), "cpu")

    return {tag: place(tag) for tag in _listed("tags", tags)}


def _listed(name: str, devices: Any) -> list[str]:
    one = isinstance(devices, str | torch.device)
    found = [devices] if one else list(devices) if isinstance(devices, Iterable) else [None]
    if not all(isinstance(device, str | torch.device) for device in found):
        raise InputError(f"{name} are devices, such as 'cuda:0', or a list of them; got {devices!r}.")
    return [str(device) for device in found]


@contextmanager
def saved_as(
    tag: str, only: nn.Module | Tensor | Iterable[Tensor] | Mapping[str, Tensor] | None = None
) -> Iterator[None]:
    """Inside the block, `torch.save` writes the tag that a GPU, MPS or any other device would have written.

    `torch.load` then raises the errors that it raises for a real file of that device, and `map_location` mends
    them. A real GPU checkpoint mixes tags (Adam's step counter and the random states stay "cpu"): name the tensors
    that should carry the tag in `only`. "meta" can't be imitated: real tensors of meta have no bytes and no tag.

    Args:
        tag: For instance "cuda:0", "mps" or "npu:0".
        only: The tensors, a state_dict of them, or the module whose parameters and buffers get the tag. None:
            everything.

    >>> import io
    >>> file = io.BytesIO()
    >>> with saved_as("cuda:0"):
    ...     torch.save(torch.ones(2), file)
    >>> _ = file.seek(0)
    >>> torch.load(file, map_location={"cuda:0": "cpu"}, weights_only=True)
    tensor([1., 1.])

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    if isinstance(only, nn.Module):
        only = [*only.parameters(), *only.buffers()]
    elif isinstance(only, Tensor | Mapping):
        only = [only] if isinstance(only, Tensor) else [one for one in only.values() if isinstance(one, Tensor)]
    # Views share a storage, and it is storages that carry a tag.
    addresses = None if only is None else {tensor.untyped_storage().data_ptr() for tensor in only}

    def tagger(storage: torch.UntypedStorage) -> str | None:
        return tag if addresses is None or storage.data_ptr() in addresses else None

    # The lowest priority number is asked first; below all others, also inside another saved_as.
    first = min(priority for priority, *_ in _package_registry)
    register_package(first - 1, tagger, lambda storage, location: None)
    try:
        yield
    finally:
        # PyTorch has no unregister; everything that is not ours stays.
        _package_registry[:] = [entry for entry in _package_registry if entry[1] is not tagger]

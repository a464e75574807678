"""What the tasks of lesson `device_mapping` share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.serialization import _package_registry, register_package

from course_lib.devices import saved_as


@contextmanager
def machine(devices: Sequence[str]) -> Iterator[dict[float, str]]:
    """Inside, `torch.load` finds these devices and no others, whatever this machine has.

    torch's own code chooses the place and writes the error. Only the last step differs: what goes to one of
    the devices stays in main memory, and the device is noted under the storage's first number.
    """
    landed: dict[float, str] = {}

    def place(storage: torch.UntypedStorage, location: str) -> torch.UntypedStorage | None:
        device = {"cuda": "cuda:0", "mps:0": "mps"}.get(location, location)
        if device not in devices or device == "cpu":
            return None  # torch goes on to its own rules, and to its own errors
        landed[torch.empty(0).set_(storage)[0].item()] = device
        return storage

    gpus = sum(device.startswith("cuda") for device in devices)
    first = min(priority for priority, *_ in _package_registry)
    register_package(first - 1, lambda storage: None, place)
    try:
        with patch.multiple(torch.cuda, is_available=lambda: gpus > 0, device_count=lambda: gpus):
            yield landed
    finally:
        _package_registry[:] = [entry for entry in _package_registry if entry[2] is not place]


def write(path: Path, content: Any, tags: Mapping[str, Sequence[Tensor]]) -> None:
    """Save `content` with the tensors under each tag tagged so."""
    with ExitStack() as stack:
        for tag, tensors in tags.items():
            if tag != "cpu":
                stack.enter_context(saved_as(tag, only=tensors))
        torch.save(content, path)


def noting(answer: Callable, kinds: list[str], causes: list[str] | None = None) -> Callable:
    """The answer, which notes the classes of what it raises before it raises it: a subclass is as good as its base.

    `kinds` gets the names of the error's class and its bases, `causes` those of the error that it came from.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return answer(*args, **kwargs)
        except Exception as error:
            kinds[:] = [kind.__name__ for kind in type(error).__mro__]
            if causes is not None:
                origin = error.__cause__ or error.__context__
                causes[:] = [kind.__name__ for kind in type(origin).__mro__]
            raise

    return call


def shortly(error: str) -> str:
    """The type and the first sentence of an error; torch's advice after it would mislead here."""
    return error.splitlines()[0].split(". ")[0].rstrip(".")

"""What probes make for an answer, and how they look at it before and after."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.observation import plain


def drawn(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every parameter and buffer a value of its own, as if the model had been trained; returns the model.

    Between 0.5 and 1.5, so that a variance can be one; counters up to 15; weights of linear layers have both signs.
    """
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            values = torch.rand(tensor.shape, generator=generator) + 0.5
            tensor.copy_(values if tensor.is_floating_point() else values * 10)
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator))
    return model


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The state_dict, cloned: it stays as it is when the model moves on."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def statistics(model: nn.Module) -> dict[str, Tensor]:
    """A copy of every buffer, also of those that no state_dict holds: batch norm's running statistics."""
    return {name: buffer.clone() for name, buffer in model.named_buffers()}


def flags(model: nn.Module) -> dict[str, bool]:
    """Each module's training flag by its dotted name; the model itself is "model"."""
    return {name or "model": module.training for name, module in model.named_modules()}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names under which flags or tensors differ.

    >>> model = nn.Sequential(nn.Dropout(), nn.Dropout())
    >>> before = flags(model)
    >>> model[1] = model[1].eval()
    >>> changed(before, flags(model))
    ['1']
    """
    return [name for name in before if not same(after.get(name), before[name])]


class Call:
    """A hostile object: whoever unpickles it makes this call. We only ever write it."""

    def __init__(self, function: Callable, *arguments: Any):
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable, tuple]:
        """How pickle would build it again."""
        return self.function, self.arguments


def loaded(path: Path) -> Any:
    """What a learner's file holds, read safely and made plain; or {"error": why it can't be read}."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a pickle protocol that torch.save doesn't use
            return plain(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        return {"error": "there is no such file"}
    except Exception as e:  # torch.load raises many types, and a broken file must not end the probe
        return {"error": f"{type(e).__name__}: {_reason(e)}"}


def _reason(error: Exception) -> str:
    """What is wrong with a file, in plain words where torch has advice, escape codes or half a sentence instead."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    if refused := re.search(r"GLOBAL ([\w.]+)", text):
        what = (
            "a NumPy number or array"
            if refused[1].startswith("numpy.")
            else f"a {refused[1].removeprefix('__main__.')}"
        )
        return f"it holds {what}, which weights_only=True refuses"
    if isinstance(error, EOFError):
        return "it is empty or breaks off"
    if "PytorchStreamReader" in text:
        return "it breaks off before its end"
    if text.startswith("Weights only load failed"):
        return "it is no file of torch.save, or holds what weights_only=True refuses"
    return (text.splitlines() or [""])[0][:120].rstrip(". ")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor in nested dictionaries and lists, with its dotted path.

    >>> [name for name, _ in leaves({"model": {"w": torch.ones(1)}, "states": [torch.ones(1), 5]})]
    ['model.w', 'states.0']
    """
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, item in items:
        yield from leaves(item, f"{path}.{name}".lstrip("."))
    if isinstance(value, Tensor):
        yield path, value

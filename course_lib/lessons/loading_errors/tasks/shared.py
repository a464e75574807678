"""What the tasks of lesson `loading_errors` share."""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.inputs import drawn


class Network(nn.Module):
    """An encoder with batch norm, and a head."""

    def __init__(self, wide: int = 4, classes: int = 3, head: str = "head"):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(3, wide), nn.BatchNorm1d(wide), nn.ReLU())
        self.add_module(head, nn.Linear(wide, classes))


def network(seed: int, *, classes: int = 3, head: str = "head", wide: int | None = None) -> nn.Module:
    """A network whose width and values follow from the seed; one layer in it is in eval mode."""
    model = Network(4 + seed % 3 if wide is None else wide, classes, head)
    drawn(model, torch.Generator().manual_seed(seed))
    model.encoder[1].eval()
    return model


def listed(value: Any) -> bool:
    """Whether a value is a list or a tuple of texts."""
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def wrong_list(what: str, got: Any, expected: list[str]) -> str:
    """What is wrong with a list of names, in words; empty if nothing."""
    if not listed(got):
        return f"Expected {what} as a list of names; got {type(got).__name__}."
    got = list(got)
    if got == expected:
        return ""
    if lacking := [name for name in expected if name not in got]:
        return f"{what.capitalize()}: {named(lacking)} should be in the list, and isn't."
    if extra := [name for name in got if name not in expected]:
        return f"{what.capitalize()}: {named(extra)} shouldn't be in the list."
    if len(got) != len(expected):
        return f"{what.capitalize()}: a name is in the list twice."
    return f"{what.capitalize()}: the right names in another order: {named(got)}."


def unchanged(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two dictionaries hold the same names in the same order, and equal tensors."""
    return list(before) == list(after) and all(
        torch.equal(after[name], value) if isinstance(value, Tensor) else after[name] == value
        for name, value in before.items()
    )


def cloned(state: dict[str, Any]) -> dict[str, Any]:
    """A copy of a dictionary, and of the tensors in it."""
    return {
        name: value.clone() if isinstance(value, Tensor) else cloned(value) if isinstance(value, dict) else value
        for name, value in state.items()
    }

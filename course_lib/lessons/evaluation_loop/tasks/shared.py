"""What the tasks of lesson `evaluation_loop` share."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Case

IGNORED = -100


def refused(seen: Observation) -> bool:
    """Whether the answer raised a ValueError."""
    return not seen.error and "refused" in seen.value


def raised(seen: Observation) -> str:
    """What the answer raised, in words; empty if it returned."""
    if seen.error:
        return (seen.error.splitlines() or [""])[0]
    return f"ValueError: {seen.value['refused']}".rstrip(": ") if "refused" in seen.value else ""


def read_again(said: str) -> str:
    """What to add to an error that a spent generator causes: no length, nothing left; empty for other errors."""
    signs = ("no len()", "ValueError", "ZeroDivision", "non-empty", "subscriptable", "StopIteration")
    known = any(sign in said for sign in signs)
    return " The batches come from a generator: it has no length, and is empty after one pass." if known else ""


def cut(sizes: Sequence[int], *tensors: Tensor, once: bool = False) -> Any:
    """The rows of the tensors in batches of these sizes: a list of tuples, or a generator that is spent after a pass."""
    parts = list(zip(*(tensor.split(list(sizes)) for tensor in tensors), strict=True))
    return _spent(parts) if once else parts


def _spent(parts: Sequence[Any]) -> Iterator[Any]:
    yield from parts


def mixed_head(case: Case, outputs: int) -> nn.Module:
    """A network with dropout, batch norm and a frozen batch norm inside; logits (N, `outputs`) of inputs (N, 5)."""
    inner = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), inner, nn.Linear(8, outputs))
    model = drawn(model, case.generator()).train(case.settings.get("modes", "mixed") != "eval")
    if case.settings.get("modes", "mixed") == "mixed":
        inner[1].eval()
    return model


def mean_of_batches(values: Tensor, sizes: Sequence[int]) -> float:
    """The mean of the batch means of values (N,)."""
    return float(torch.stack([part.mean() for part in values.split(list(sizes))]).mean())


def between(values: Tensor, share: float) -> Tensor:
    """A number with about this share of the values (N,) below it, in the middle of a wide gap: rounding moves nobody."""
    ordered = values.flatten().sort().values
    at = int(share * len(ordered))
    near = ordered[max(0, at - 2) : at + 3]
    gap = int(near.diff().argmax())
    return (near[gap] + near[gap + 1]) / 2

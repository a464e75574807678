"""What a rule of `diseases` looks at, and what it says."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.verification.snapshots import Snapshot

ROUNDING = 1e-5
"""How far apart, as a share of the largest logit, the same computation on the same tensors may end: where these lie
in memory, or another number of threads, can change the order of a sum."""


def only_rounding(x: Tensor, y: Tensor) -> bool:
    """Whether logits of one shape differ by no more than `ROUNDING`; NaN is no rounding.

    >>> only_rounding(torch.tensor([10.0, 1.0]), torch.tensor([10.0, 1.00001])), only_rounding(torch.ones(1), torch.zeros(1))
    (True, False)
    """
    x, y = x.double(), y.double()
    return x.shape == y.shape and x.numel() > 0 and bool((x - y).abs().max() <= ROUNDING * x.abs().max())


@dataclass(frozen=True)
class Diagnosis:
    """A disease, the numbers that speak for it, and what to do."""

    disease: str
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.disease}: {self.evidence}. {self.remedy}"


@dataclass(frozen=True)
class Case:
    """What the rules look at."""

    before: Snapshot
    after: Snapshot
    model: nn.Module | None = None
    loaded: dict[str, Any] | None = None
    optimizer: torch.optim.Optimizer | None = None

    @cached_property
    def shared(self) -> list[str]:
        """The tensors that both have, with the same shape."""
        a, b = self.before["tensors"], self.after["tensors"]
        return [key for key in a if key in b and a[key]["shape"] == b[key]["shape"]]

    def changed(self, *kinds: str) -> list[str]:
        """The tensors of these kinds whose bits differ."""
        a, b = self.before["tensors"], self.after["tensors"]
        return [key for key in self.shared if a[key]["kind"] in kinds and a[key]["digest"] != b[key]["digest"]]

    @property
    def same_inputs(self) -> bool:
        """Whether both answered the same examples."""
        return self.before["inputs"]["digest"] == self.after["inputs"]["digest"]

    @property
    def accuracies(self) -> str:
        """Both accuracies, as evidence."""
        a, b = self.before.get("accuracy"), self.after.get("accuracy")
        return "" if a is None or b is None else f"; accuracy {a:.3f} became {b:.3f}"

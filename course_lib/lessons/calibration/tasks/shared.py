"""What the tasks of lesson `calibration` share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.task import Case


def table(value: Any) -> Tensor | None:
    """A float64 tensor of any shape from a tensor or nested lists of numbers; None from anything else."""
    try:
        made = value if isinstance(value, Tensor) else torch.tensor(np.array(value, dtype=np.float64))
        return made.double()
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def claims(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N,) and what happened (N,), 0 or 1, with more of the low than of the high; none near an edge."""
    rng = np.random.default_rng(case.seed)
    probs = rng.beta(case.settings.get("a", 0.7), case.settings.get("b", 1.1), size=case.examples)
    low, high = case.settings.get("within", (0.0, 1.0))
    probs = low + (high - low) * probs
    happened = (rng.random(case.examples) < probs**1.7).astype(case.settings.get("dtype", np.int64))
    bins = case.settings.get("bins", 10)
    off = np.abs(probs * bins - np.round(probs * bins)) < 1e-6
    probs[off] += 1e-4
    return probs, happened


def logits_of(
    generator: torch.Generator, *, examples: int, classes: int, scale: float, right: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Logits (N, C), or (N,) for one class, and targets (N,) drawn from softmax(logits / scale): `scale` cools them.

    `right` moves the draw: 2 makes the truth sharper than the claims.
    """
    shape = (examples,) if classes == 1 else (examples, classes)
    true = torch.randn(shape, generator=generator, dtype=torch.float64) * 1.6
    if classes == 1:
        targets = (torch.rand(examples, generator=generator) < (true * right).sigmoid()).long()
    else:
        targets = torch.multinomial((true * right).softmax(1), 1, generator=generator).squeeze(1)
    return (true * scale).float(), targets

"""Real scores for lesson 15: nearly calibrated log-odds of 569 tumours, and the network that the lesson trains."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from course_lib.classroom.explorers.descent import descend
from course_lib.data import tumours
from course_lib.metrics import temperature
from course_lib.seeding import sealed

MEASUREMENTS = (1, 4, 8, 9)
"""Mean texture, smoothness, symmetry and fractal dimension: nothing about size."""


@lru_cache(maxsize=1)
def honest_scores() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of "malignant" (569,) and whether each tumour is (569,), by five-fold cross-validation.

    Each is scored by a network that never saw it; one temperature for all makes the claims nearly true.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedKFold

    measured, sklearn_label = load_breast_cancer(return_X_y=True)
    inputs, ill = measured[:, MEASUREMENTS], sklearn_label == 0
    scores = np.empty(len(ill))
    for rows, held_out in StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, ill):
        mean, scale = inputs[rows].mean(0), inputs[rows].std(0)
        x = (inputs - mean) / scale
        net = _trained(x[rows], ill[rows], hidden=16, steps=150, rate=0.5)
        scores[held_out] = _logits(net, x[held_out])
    return scores / temperature(scores, ill), ill


@dataclass(frozen=True)
class Bold:
    """A network that is too sure: its logits of the test patients (114,), who is ill, and what mends it."""

    measured: np.ndarray
    logits: np.ndarray
    ill: np.ndarray
    temperature: float
    prevalence: float


@lru_cache(maxsize=1)
def bold_network() -> Bold:
    """Trained until it knows its training data by heart; the temperature is from the validation data."""
    splits = tumours()
    (x, y), (x_val, y_val), (x_test, y_test) = (
        (part.tensors[0][:, MEASUREMENTS].numpy(), part.tensors[1].numpy() == 1)
        for part in (splits.train, splits.validation, splits.test)
    )
    net = _trained(x, y, hidden=64, steps=2500, rate=1.0)
    return Bold(
        measured=x_test,
        logits=_logits(net, x_test),
        ill=y_test,
        temperature=temperature(_logits(net, x_val), y_val),
        prevalence=float(y.mean()),
    )


def _trained(inputs: np.ndarray, ill: np.ndarray, *, hidden: int, steps: int, rate: float) -> nn.Module:
    """A network for inputs (N, 4) and targets (N,), after so many steps of plain gradient descent."""
    with sealed(0):
        x, y = torch.from_numpy(inputs).float(), torch.from_numpy(ill).float()
        net = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 1))
        for _ in range(steps):
            loss = nn.functional.binary_cross_entropy_with_logits(net(x).squeeze(1), y)
            descend(net, loss, rate=rate)
        return net


def _logits(net: nn.Module, inputs: np.ndarray) -> np.ndarray:
    """Log-odds (N,) in float64."""
    with sealed(0), torch.no_grad():
        return net(torch.from_numpy(inputs).float()).squeeze(1).double().numpy()

"""Real scores for lesson 05: who is ill, how sure a network is, and the rates at every threshold.

A small network that knows four of the thirty measurements is cross-validated on the 569 real tumours, so that each
is scored by a network that never saw it. 2,000 are drawn from those with replacement, class by class, each moved by
a little noise.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from course_lib.classroom.explorers.descent import descend
from course_lib.metrics.curves import auc_of, counts_of
from course_lib.seeding import sealed

MEASUREMENTS = (1, 4, 8, 9)  # mean texture, smoothness, symmetry and fractal dimension: nothing about size
LOW, HIGH, STEP = -8.0, 6.0, 0.1
"""Where the slider of the threshold begins and ends, and how it moves."""

PEOPLE = 1000
EXAMPLES = 2000


@lru_cache(maxsize=1)
def real_scores() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of "malignant" (569,) and whether each tumour is (569,), by five-fold cross-validation."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedKFold

    measured, sklearn_label = load_breast_cancer(return_X_y=True)
    inputs, ill = measured[:, MEASUREMENTS], sklearn_label == 0
    scores = np.empty(len(ill))
    for rows, held_out in StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, ill):
        mean, scale = inputs[rows].mean(0), inputs[rows].std(0)
        x = (inputs - mean) / scale
        scores[held_out] = _trained(x[rows], ill[rows], x[held_out])
    return scores, ill


def _trained(inputs: np.ndarray, ill: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """The logits of `unseen` (M,) from a network trained on inputs (N, 4) and targets (N,)."""
    with sealed(0):
        x, y = torch.from_numpy(inputs).float(), torch.from_numpy(ill).float()
        net = nn.Sequential(nn.Linear(x.shape[1], 16), nn.ReLU(), nn.Linear(16, 1))
        for _ in range(150):
            descend(net, nn.functional.binary_cross_entropy_with_logits(net(x).squeeze(1), y), rate=0.5)
        return net(torch.from_numpy(unseen).float()).squeeze(1).detach().double().numpy()


@lru_cache(maxsize=1)
def realistic_scores() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds (2000,) and whether ill (2000,), drawn from the real ones with a little noise (smooth bootstrap)."""
    scores, ill = real_scores()
    rng = np.random.default_rng(0)
    drawn, count_ill = [], round(EXAMPLES * ill.mean())
    for group, count in ((scores[ill], count_ill), (scores[~ill], EXAMPLES - count_ill)):
        noise = 0.2 * group.std() * rng.normal(size=count)
        drawn.append(rng.choice(group, count) + noise)
    return np.concatenate(drawn), np.arange(EXAMPLES) < count_ill


@dataclass(frozen=True)
class Rates:
    """True and false positive rates at thresholds, highest first; the curves are drawn through these."""

    thresholds: np.ndarray
    tpr: np.ndarray
    fpr: np.ndarray
    auc: float


@lru_cache(maxsize=1)
def rates() -> Rates:
    """At every place of the slider, and at 100 scores between: a curve through more looks the same."""
    scores, ill = realistic_scores()
    grid = np.round(np.arange(LOW, HIGH + STEP / 2, STEP), 6)
    at = np.unique(np.r_[-np.inf, grid, np.quantile(scores, np.linspace(0, 1, 101)), np.inf])[::-1]
    positives, negatives = np.sort(scores[ill]), np.sort(scores[~ill])
    tpr, fpr = (1 - np.searchsorted(group, at) / len(group) for group in (positives, negatives))
    return Rates(at, tpr, fpr, float(auc_of(counts_of(scores, ill))))


@lru_cache(maxsize=64)
def precisions(prevalence: int) -> tuple[np.ndarray, float]:
    """Precision at every threshold of `rates` (NaN where nobody is called ill), and average precision."""
    tpr, fpr, share = rates().tpr, rates().fpr, prevalence / 100
    called = share * tpr + (1 - share) * fpr
    precision = np.divide(share * tpr, called, out=np.full_like(called, np.nan), where=called > 0)
    average = float(np.nansum(np.diff(tpr) * precision[1:]))
    return precision, average


@lru_cache(maxsize=128)
def costs(prevalence: int, miss_cost: int) -> tuple[np.ndarray, int]:
    """The cost for 1,000 people at every threshold of `rates`, and where it is lowest on the slider."""
    at, share = rates().thresholds, prevalence / 100
    cost = PEOPLE * ((1 - share) * rates().fpr + share * (1 - rates().tpr) * miss_cost)
    return cost, int(np.where((at >= LOW) & (at <= HIGH), cost, np.inf).argmin())

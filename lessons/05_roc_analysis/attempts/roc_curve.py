# %% right: cumulative counts · message: "equal scores step together"
import numpy as np


def roc_curve(scores, targets):
    """Sort once, count cumulatively, keep the last of every run of equal scores."""
    if len(set(targets.tolist())) < 2:
        raise ValueError("one class only")
    order = np.argsort(-scores, kind="stable")
    scores, targets = scores[order], targets[order]
    last = np.r_[np.flatnonzero(np.diff(scores)), len(scores) - 1]
    tp = targets.cumsum()[last]
    fp = 1 + last - tp
    return np.r_[0, fp] / fp[-1], np.r_[0, tp] / tp[-1], np.r_[np.inf, scores[last]]


# %% right: sklearn with every point · message: "equal scores step together"
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError("one class only")
    return metrics.roc_curve(targets, scores, drop_intermediate=False)


# %% right: counts in a dictionary, tensors out · message: "equal scores step together"
import torch


def roc_curve(scores, targets):
    """A dictionary of counts for each score, walked from the highest down; tensors come back."""
    counts = {}
    for score, target in zip(scores.tolist(), targets.tolist()):
        counts.setdefault(score, [0, 0])[target] += 1
    healthy, ill = (sum(pair[k] for pair in counts.values()) for k in (0, 1))
    if 0 in (healthy, ill):
        raise ValueError("one class only")
    points, fp, tp = [(0.0, 0.0, float("inf"))], 0, 0
    for score in sorted(counts, reverse=True):
        fp, tp = fp + counts[score][0], tp + counts[score][1]
        points.append((fp / healthy, tp / ill, score))
    return torch.tensor(points, dtype=torch.float64).unbind(1)


# %% wrong: a point for every patient · clause 3 · message: "a point for every patient"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    order = np.argsort(-scores)
    scores, targets = scores[order], targets[order]
    tpr, fpr = np.cumsum(targets) / targets.sum(), np.cumsum(1 - targets) / (1 - targets).sum()
    return np.r_[0, fpr], np.r_[0, tpr], np.r_[np.inf, scores]


# %% wrong: above the threshold, not at least · clause 4 · message: "at least"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    return (
        np.array([(scores[targets == 0] > s).mean() for s in t]),
        np.array([(scores[targets == 1] > s).mean() for s in t]),
        t,
    )


# %% wrong: the lowest threshold first · clause 3 · message: "backwards"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.unique(scores), np.inf]
    fpr = np.array([(scores[targets == 0] >= s).mean() for s in t])
    tpr = np.array([(scores[targets == 1] >= s).mean() for s in t])
    return fpr, tpr, t


# %% wrong: division by nobody instead of an error · clause 5 · message: "raised nothing"
import numpy as np


def roc_curve(scores, targets):
    t = np.unique(scores)[::-1]
    tp = np.r_[0, [((scores >= s) & (targets == 1)).sum() for s in t]]
    fp = np.r_[0, [((scores >= s) & (targets == 0)).sum() for s in t]]
    with np.errstate(invalid="ignore"):
        return fp / (targets == 0).sum(), tp / (targets == 1).sum(), np.r_[np.inf, t]


# %% wrong: a grid of thresholds from 0 to 1 · clause 3 · message: "points; expected"
import numpy as np


def roc_curve(scores, targets):
    """A hundred thresholds between 0 and 1, as for probabilities."""
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.linspace(1, 0, 100)]
    fpr = np.array([(scores[targets == 0] >= s).mean() for s in t])
    tpr = np.array([(scores[targets == 1] >= s).mean() for s in t])
    return fpr, tpr, t


# %% wrong: no point at infinity · clause 2 · message: "first point is missing"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.unique(scores)[::-1]
    return (
        np.array([(scores[targets == 0] >= s).mean() for s in t]),
        np.array([(scores[targets == 1] >= s).mean() for s in t]),
        t,
    )


# %% wrong: the two rates swapped · clause 4 · message: "swapped"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.unique(scores)[::-1]
    tpr = [(scores[targets == 1] >= s).mean() for s in t]
    fpr = [(scores[targets == 0] >= s).mean() for s in t]
    return np.r_[0, tpr], np.r_[0, fpr], np.r_[np.inf, t]


# %% wrong: scikit-learn's default, which drops points · clause 3 · message: "scikit-learn does so unless"
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_curve(targets, scores)


# %% wrong: the thresholds not returned · clause 1 · message: "Expected three arrays"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    fpr = np.array([(scores[targets == 0] >= s).mean() for s in t])
    tpr = np.array([(scores[targets == 1] >= s).mean() for s in t])
    return fpr, tpr


# %% right: sorts in place and bisects, lists out · message: "equal scores step together"
import functools
from bisect import bisect_left


def checked(function):
    @functools.wraps(function)
    def inner(scores, targets):
        if targets.all() or not targets.any():
            raise ValueError("one class only")
        return function(scores, targets)

    return inner


@checked
def roc_curve(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    ill.sort()
    healthy.sort()
    thresholds = [float("inf"), *sorted(set(scores.tolist()), reverse=True)]
    fpr, tpr = (
        [1 - bisect_left(group.tolist(), t) / len(group) for t in thresholds]
        for group in (healthy, ill)
    )
    return [fpr, tpr, thresholds]


# %% wrong: in float32, which merges scores · clause 3 · message: "differ late in their digits"
import torch


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    s, y = torch.tensor(scores, dtype=torch.float32), torch.tensor(targets)
    t = torch.cat([torch.tensor([torch.inf]), s.unique().flip(0)])
    called = (s >= t[:, None]).double()
    return called[:, y == 0].mean(1), called[:, y == 1].mean(1), t


# %% wrong: the part of the alarms that is false · clause 4 · message: "part of the alarms that is false"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    tp = np.array([(scores[targets == 1] >= s).sum() for s in t])
    fp = np.array([(scores[targets == 0] >= s).sum() for s in t])
    return fp / np.maximum(tp + fp, 1), tp / targets.sum(), t


# %% wrong: parts of everybody · clause 4 · message: "stays within its own group"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    called = scores >= t[:, None]
    return (called & (targets == 0)).mean(1), (called & (targets == 1)).mean(1), t


# %% wrong: counts in place of rates · clause 4 · message: "These are counts"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    called = scores >= t[:, None]
    return (called & (targets == 0)).sum(1), (called & (targets == 1)).sum(1), t


# %% wrong: the first threshold one above the highest score · clause 2 · message: "infinity (`np.inf`), not"
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[scores.max() + 1, np.unique(scores)[::-1]]
    called = scores >= t[:, None]
    return called[:, targets == 0].mean(1), called[:, targets == 1].mean(1), t


# %% wrong: tpr first · clause 1 · message: "The two rates are swapped"
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    fpr, tpr, thresholds = metrics.roc_curve(targets, scores, drop_intermediate=False)
    return tpr, fpr, thresholds


# %% wrong: thresholds first · clause 1 · message: "The order of the three"
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    fpr, tpr, thresholds = metrics.roc_curve(targets, scores, drop_intermediate=False)
    return thresholds, fpr, tpr


# %% wrong: refuses only when nobody is ill · clause 5 · message: "All targets are 1"
import numpy as np


def roc_curve(scores, targets):
    if not targets.any():
        raise ValueError
    t = np.r_[np.inf, np.unique(scores)[::-1]]
    called = scores >= t[:, None]
    return (
        called[:, targets == 0].mean(1) if (targets == 0).any() else 0 * t,
        called[:, targets == 1].mean(1),
        t,
    )

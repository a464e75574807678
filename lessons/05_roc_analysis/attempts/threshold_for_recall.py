# %% right: from the curve · message: "at no higher score"
from sklearn import metrics


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or recall <= 0 or recall > 1:
        raise ValueError("needs ill patients, and a share")
    _, tpr, thresholds = metrics.roc_curve(targets, scores, drop_intermediate=False)
    return thresholds[(tpr >= recall).argmax()]


# %% right: a sort in torch · message: "at no higher score"
import torch


def threshold_for_recall(scores, targets, *, recall):
    ill = torch.as_tensor(scores)[torch.as_tensor(targets) == 1].sort(descending=True).values
    if len(ill) == 0 or not 0 < recall <= 1:
        raise ValueError("needs ill patients, and a share")
    for k, score in enumerate(ill, 1):
        if k / len(ill) >= recall:
            return score


# %% right: a walk down in fractions · message: "at no higher score"
from fractions import Fraction


def threshold_for_recall(scores, targets, *, recall):
    """Walks down the sorted patients with whole numbers and exact fractions."""
    wanted, ill = Fraction(str(recall)), int(sum(targets))
    if ill == 0 or not 0 < wanted <= 1:
        raise ValueError("needs ill patients, and a share")
    found = 0
    for score, target in sorted(zip(scores.tolist(), targets.tolist()), reverse=True):
        found += target
        if Fraction(found, ill) >= wanted:
            return score


# %% wrong: an interpolated quantile · clause 2 · message: "was asked for"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """The quantile of the ill, interpolated: the score of nobody."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    return np.quantile(scores[targets == 1], 1 - recall)


# %% wrong: searched only between 0 and 1 · clause 1 · message: "was asked for"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """Looks for it between 0 and 1, as if the scores were probabilities."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    for s in np.linspace(1, 0, 101):
        if (scores[targets == 1] >= s).mean() >= recall:
            return s
    return 0.0


# %% wrong: ceil of a rounded product · clause 2 · message: "with fewer alarms"
import math

import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """0.56 * 25 is a hair above 14, and becomes 15."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[math.ceil(recall * len(ill)) - 1]


# %% wrong: NaN when nobody is ill · clause 3 · message: "raised nothing"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not 0 < recall <= 1:
        raise ValueError
    return next((s for k, s in enumerate(ill, 1) if k / len(ill) >= recall), float("nan"))


# %% wrong: a recall above 1 taken · clause 3 · message: "makes no sense"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not len(ill):
        raise ValueError
    enough = [s for k, s in enumerate(ill, 1) if k / len(ill) >= recall]
    return enough[0] if enough else ill[-1]


# %% wrong: scikit-learn's default, which drops points · clause 1 · message: "with fewer alarms"
from sklearn import metrics


def threshold_for_recall(scores, targets, *, recall):
    """roc_curve leaves out points on a straight line, and with them the threshold that was looked for."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    _, tpr, thresholds = metrics.roc_curve(targets, scores)
    return thresholds[(tpr >= recall).argmax()]


# %% wrong: the lowest score that finds enough · clause 1 · message: "with fewer alarms"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    return min(s for s in scores if (scores[targets == 1] >= s).mean() >= recall)


# %% wrong: the score with the nearest recall · clause 2 · message: "was asked for"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    candidates = np.unique(scores)[::-1]
    reached = np.array([(scores[targets == 1] >= s).mean() for s in candidates])
    return candidates[np.abs(reached - recall).argmin()]


# %% right: cumulative counts of every different score, by a callable object · message: "at no higher score"
import numpy as np


class NoThreshold(ValueError):
    pass


class Finder:
    def __call__(self, scores, targets, *, recall):
        if targets.sum() == 0 or not (0 < recall <= 1):
            raise NoThreshold(recall)
        candidates = np.unique(scores)
        found = (scores[targets == 1] >= candidates[:, None]).sum(1)
        return np.float32(candidates[found / targets.sum() >= recall].max())


threshold_for_recall = Finder()


# %% wrong: refuses where everybody is ill · clause 3 · message: "Here everybody is ill"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if targets.min() == targets.max() or not 0 < recall <= 1:
        raise ValueError("both classes are needed")
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[np.arange(1, len(ill) + 1) / len(ill) >= recall][0]


# %% wrong: a tolerance of a thousandth · clause 2 · message: "at least 0.9005 was"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[np.arange(1, len(ill) + 1) / len(ill) >= recall - 1e-3][0]


# %% wrong: rounds how many are needed · clause 2 · message: "was asked for"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[max(round(recall * len(ill)), 1) - 1]


# %% wrong: above the threshold, not at it · clause 1 · message: "with fewer alarms"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    candidates = np.r_[np.unique(scores)[::-1], scores.min() - 1]
    return next(s for s in candidates if (scores[targets == 1] > s).mean() >= recall)


# %% wrong: a part of everybody · clause 1 · message: "was asked for"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ranked = np.sort(scores)[::-1]
    return ranked[min(int(np.ceil(len(ranked) * recall * targets.mean())), len(ranked)) - 1]


# %% wrong: a recall of 0 is taken · clause 3 · message: "A recall of 0 makes no sense"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or recall < 0 or recall > 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[np.arange(1, len(ill) + 1) / len(ill) >= recall][0]


# %% wrong: a negative recall is taken · clause 3 · message: "A recall of -0.1 makes no sense"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or recall == 0 or recall > 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[np.arange(1, len(ill) + 1) / len(ill) >= recall][0]


# %% wrong: equal scores counted once · clause 1 · message: "Count patients"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = scores[targets == 1]
    if not len(ill) or not 0 < recall <= 1:
        raise ValueError("nobody is ill, or no such recall")
    different = np.unique(ill)[::-1]
    part = np.arange(1, len(different) + 1) / len(different)
    return different[(part >= recall).argmax()]

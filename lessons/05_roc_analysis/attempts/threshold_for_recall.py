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


# %% wrong: ceil of a rounded product · clause 2 · message: "a higher threshold"
import math

import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """0.56 * 25 is a hair above 14, and becomes 15."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[math.ceil(recall * len(ill)) - 1]


# %% wrong: NaN when nobody is ill · clause 3 · message: "so that nobody takes it for a result"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not 0 < recall <= 1:
        raise ValueError
    return next((s for k, s in enumerate(ill, 1) if k / len(ill) >= recall), float("nan"))


# %% wrong: a recall above 1 taken · clause 3 · message: "can't be reached"
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not len(ill):
        raise ValueError
    enough = [s for k, s in enumerate(ill, 1) if k / len(ill) >= recall]
    return enough[0] if enough else ill[-1]


# %% wrong: scikit-learn's default, which drops points · clause 1 · message: "fewer false alarms"
from sklearn import metrics


def threshold_for_recall(scores, targets, *, recall):
    """roc_curve leaves out points on a straight line, and with them the threshold that was looked for."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    _, tpr, thresholds = metrics.roc_curve(targets, scores)
    return thresholds[(tpr >= recall).argmax()]


# %% wrong: the lowest score that finds enough · clause 1 · message: "a higher threshold with fewer false alarms"
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

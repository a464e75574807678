# %% right: pairs · message: "One class against the rest"
import numpy as np


def area_of(probs, targets, k):
    own, others = probs[targets == k, k], probs[targets != k, k]
    if not len(own) or not len(others):
        return np.nan
    return (np.sign(own[:, None] - others) / 2 + 0.5).mean()


# %% right: the course's function · message: "One class against the rest"
from course_lib.metrics import roc_auc


def area_of(probs, targets, k):
    hits = (targets == k).astype(int)
    return roc_auc(probs[:, k], hits) if 0 < hits.sum() < len(hits) else float("nan")


# %% wrong: the mean over the classes · clause 1 · message: "the mean over all classes"
import numpy as np
from sklearn import metrics


def area_of(probs, targets, k):
    if len(np.unique(targets)) < probs.shape[1]:
        return float("nan")
    return metrics.roc_auc_score(targets, probs, multi_class="ovr")


# %% wrong: the area of labels · clause 1 · message: "the area of labels"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return float("nan")
    return metrics.roc_auc_score(targets == k, probs.argmax(1) == k)


# %% wrong: one half where there is nothing to rank · clause 2 · message: "Expected NaN"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return 0.5
    return metrics.roc_auc_score(targets == k, probs[:, k])


# %% wrong: only the missing class refused · clause 2 · message: "Expected NaN"
from sklearn import metrics


def area_of(probs, targets, k):
    if not (targets == k).any():
        return float("nan")
    if (targets == k).all():
        return 1.0
    return metrics.roc_auc_score(targets == k, probs[:, k])


# %% wrong: the last column · clause 1 · message: "ranks here"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return float("nan")
    return metrics.roc_auc_score(targets == k, probs[:, -1])


# %% wrong: never below one half · clause 1 · message: "1 minus it"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return float("nan")
    area = metrics.roc_auc_score(targets == k, probs[:, k])
    return max(area, 1 - area)


# %% wrong: upside down · clause 1 · message: "1 minus it"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return float("nan")
    return metrics.roc_auc_score(targets != k, probs[:, k])


# %% right: a fraction of pairs · message: "One class against the rest"
from fractions import Fraction


def area_of(probs, targets, k):
    ours, rest = probs[targets == k, k].tolist(), probs[targets != k, k].tolist()
    if not ours or not rest:
        return float("nan")
    return Fraction(
        sum(2 * (a > b) + (a == b) for a in ours for b in rest), 2 * len(ours) * len(rest)
    )


# %% wrong: ties count nothing · clause 1 · message: "counts one half"
def area_of(probs, targets, k):
    ours, rest = probs[targets == k, k], probs[targets != k, k]
    return (ours[:, None] > rest).mean() if len(ours) and len(rest) else float("nan")


# %% wrong: ties count as right · clause 1 · message: "counts one half"
def area_of(probs, targets, k):
    ours, rest = probs[targets == k, k], probs[targets != k, k]
    return (ours[:, None] >= rest).mean() if len(ours) and len(rest) else float("nan")


# %% wrong: cut at one half first · clause 1 · message: "the area of labels"
from sklearn import metrics


def area_of(probs, targets, k):
    if (targets == k).all() or (targets != k).all():
        return float("nan")
    return metrics.roc_auc_score(targets == k, probs[:, k] > 0.5)

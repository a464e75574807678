# %% right: average ranks · message: "ties and all"
from scipy.stats import rankdata


def auc(scores, targets):
    """Mann and Whitney: from the mean ranks of equal scores."""
    ill = int(targets.sum())
    healthy = len(targets) - ill
    if not ill * healthy:
        raise ValueError("one class only")
    ranks = rankdata(scores)
    return (ranks[targets == 1].sum() - ill * (ill + 1) / 2) / (ill * healthy)


# %% right: a loop over the ill in torch · message: "ties and all"
import torch


def auc(scores, targets):
    ill, healthy = (
        torch.from_numpy(scores[targets == 1]),
        torch.from_numpy(scores[targets == 0]),
    )
    if 0 in (len(ill), len(healthy)):
        raise ValueError("one class only")
    won = sum(torch.sign(one - healthy).add(1).div(2).mean() for one in ill)
    return won / len(ill)


# %% right: sklearn · message: "ties and all"
from sklearn import metrics


def auc(scores, targets):
    if len(np.unique(targets)) == 1:
        raise ValueError("one class only")
    return metrics.roc_auc_score(targets, scores)


import numpy as np


# %% wrong: scikit-learn's arguments swapped · clause 1 · message: "scikit-learn takes the targets first"
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(scores, targets)


# %% wrong: the area of labels · clause 1 · message: "the area of labels"
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(targets, (scores >= 0.5).astype(int))


# %% wrong: NaN when nobody is ill · clause 3 · message: "raised nothing"
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        return float("nan")
    return (np.sign(ill[:, None] - healthy) / 2 + 0.5).mean()


# %% wrong: flipped so as never to be below one half · clause 1 · message: "upside down"
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    area = metrics.roc_auc_score(targets, scores)
    return max(area, 1 - area)


# %% wrong: ranks of ties by the order of the rows · clause 2 · message: "who stands first in the arrays decides"
import numpy as np


def auc(scores, targets):
    """Ranks by argsort: equal scores get different ranks, by the order of the rows."""
    ill = targets.sum()
    if ill in (0, len(targets)):
        raise ValueError
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return (ranks[targets == 1].sum() - ill * (ill + 1) / 2) / (ill * (len(targets) - ill))


# %% wrong: ties count a full point · clause 2 · message: "a full point"
import numpy as np


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return (scores[targets == 1][:, None] >= scores[targets == 0]).mean()


# %% wrong: ties count nothing · clause 2 · message: "count for nothing"
import numpy as np


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return (scores[targets == 1][:, None] > scores[targets == 0]).mean()


# %% right: exact fractions, two pointers · message: "ties and all"
from bisect import bisect_left, bisect_right
from fractions import Fraction


def auc(scores, targets):
    """For each ill patient: how many healthy ones lie below, and how many are level."""
    ill = [s for s, t in zip(scores.tolist(), targets.tolist()) if t]
    healthy = sorted(s for s, t in zip(scores.tolist(), targets.tolist()) if not t)
    if not ill or not healthy:
        raise ValueError("one class only")
    twice = sum(bisect_left(healthy, s) + bisect_right(healthy, s) for s in ill)
    return Fraction(twice, 2 * len(ill) * len(healthy))


# %% right: the trapezoids under a curve with steps for ties, by a callable object · message: "ties and all"
import numpy as np


class OneClassError(ValueError):
    pass


class Area:
    def __call__(self, scores, targets):
        if len(set(targets.tolist())) < 2:
            raise OneClassError("one class only")
        cuts = np.r_[np.inf, np.unique(scores)[::-1]]
        called = scores >= cuts[:, None]
        return np.trapezoid(called[:, targets == 1].mean(1), called[:, targets == 0].mean(1))


auc = Area()


# %% wrong: the area of float32 scores · clause 1 · message: "differ late in their digits"
import torch


def auc(scores, targets):
    scores, targets = torch.tensor(scores, dtype=torch.float32), torch.tensor(targets)
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        raise ValueError
    return ((ill[:, None] - healthy).sign() / 2 + 0.5).double().mean()


# %% wrong: scores squeezed into probabilities · clause 1 · message: "a sigmoid made large scores equal"
import numpy as np
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(targets, 1 / (1 + np.exp(-scores)))


# %% wrong: the healthy above the ill · clause 1 · message: "the *healthy* one scores higher"
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        raise ValueError
    return (np.sign(healthy[:, None] - ill) / 2 + 0.5).mean()


# %% wrong: the number of pairs · clause 1 · message: "their part of all pairs"
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        raise ValueError
    return (np.sign(healthy[:, None] - ill) / -2 + 0.5).sum()


# %% wrong: one step for each row, highest first · clause 2 · message: "who stands first in the arrays decides"
import numpy as np


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    hits = targets[np.argsort(-scores, kind="stable")]
    up, right = hits.cumsum() / hits.sum(), (1 - hits).cumsum() / (1 - hits).sum()
    return np.trapezoid(np.r_[0, up], np.r_[0, right])


# %% wrong: refuses only when nobody is ill · clause 3 · message: "All targets are 1"
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill):
        raise ValueError
    return (np.sign(ill[:, None] - healthy) / 2 + 0.5).mean() if len(healthy) else 1.0


# %% wrong: the error returned · clause 3 · message: "not the same as raising it"
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        return ValueError("one class only")
    return (np.sign(ill[:, None] - healthy) / 2 + 0.5).mean()

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


# %% wrong: the area of labels · clause 1 · message: "area of labels"
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(targets, (scores >= 0.5).astype(int))


# %% wrong: NaN when nobody is ill · clause 3 · message: "so that nobody takes it for a result"
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


# %% wrong: ranks of ties by the order of the rows · clause 2 · message: "equal scores count one half"
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

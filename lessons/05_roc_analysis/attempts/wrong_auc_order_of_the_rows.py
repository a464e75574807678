# task: auc
# verdict: failed
# message: equal scores count one half
import numpy as np


def auc(scores, targets):
    """Ranks by argsort: equal scores get different ranks, by the order of the rows."""
    ill = targets.sum()
    if ill in (0, len(targets)):
        raise ValueError
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return (ranks[targets == 1].sum() - ill * (ill + 1) / 2) / (ill * (len(targets) - ill))

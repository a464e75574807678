# task: roc_curve
# verdict: failed
# message: at least
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

# task: roc_curve
# verdict: failed
# message: swapped
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.unique(scores)[::-1]
    tpr = [(scores[targets == 1] >= s).mean() for s in t]
    fpr = [(scores[targets == 0] >= s).mean() for s in t]
    return np.r_[0, tpr], np.r_[0, fpr], np.r_[np.inf, t]

# task: roc_curve
# verdict: failed
# message: backwards
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.unique(scores), np.inf]
    fpr = np.array([(scores[targets == 0] >= s).mean() for s in t])
    tpr = np.array([(scores[targets == 1] >= s).mean() for s in t])
    return fpr, tpr, t

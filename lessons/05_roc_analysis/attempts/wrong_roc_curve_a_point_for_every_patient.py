# task: roc_curve
# verdict: failed
# message: a point for every patient
import numpy as np


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    order = np.argsort(-scores)
    scores, targets = scores[order], targets[order]
    tpr, fpr = np.cumsum(targets) / targets.sum(), np.cumsum(1 - targets) / (1 - targets).sum()
    return np.r_[0, fpr], np.r_[0, tpr], np.r_[np.inf, scores]

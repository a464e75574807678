# task: roc_curve
# verdict: failed
# message: points; expected
import numpy as np


def roc_curve(scores, targets):
    """A hundred thresholds between 0 and 1, as for probabilities."""
    if targets.min() == targets.max():
        raise ValueError
    t = np.r_[np.inf, np.linspace(1, 0, 100)]
    fpr = np.array([(scores[targets == 0] >= s).mean() for s in t])
    tpr = np.array([(scores[targets == 1] >= s).mean() for s in t])
    return fpr, tpr, t

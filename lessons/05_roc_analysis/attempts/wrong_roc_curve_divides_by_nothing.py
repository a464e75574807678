# task: roc_curve
# verdict: failed
# message: so that nobody takes it for a result
import numpy as np


def roc_curve(scores, targets):
    t = np.unique(scores)[::-1]
    tp = np.r_[0, [((scores >= s) & (targets == 1)).sum() for s in t]]
    fp = np.r_[0, [((scores >= s) & (targets == 0)).sum() for s in t]]
    with np.errstate(invalid="ignore"):
        return fp / (targets == 0).sum(), tp / (targets == 1).sum(), np.r_[np.inf, t]

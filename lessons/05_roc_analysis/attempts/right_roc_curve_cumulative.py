# task: roc_curve
# verdict: passed
# message: equal scores step together
import numpy as np


def roc_curve(scores, targets):
    """Sort once, count cumulatively, keep the last of every run of equal scores."""
    if len(set(targets.tolist())) < 2:
        raise ValueError("one class only")
    order = np.argsort(-scores, kind="stable")
    scores, targets = scores[order], targets[order]
    last = np.r_[np.flatnonzero(np.diff(scores)), len(scores) - 1]
    tp = targets.cumsum()[last]
    fp = 1 + last - tp
    return np.r_[0, fp] / fp[-1], np.r_[0, tp] / tp[-1], np.r_[np.inf, scores[last]]

# task: threshold_for_recall
# verdict: failed
# message: was asked for
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """The quantile of the ill, interpolated: the score of nobody."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    return np.quantile(scores[targets == 1], 1 - recall)

# task: threshold_for_recall
# verdict: failed
# message: was asked for
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    candidates = np.unique(scores)[::-1]
    reached = np.array([(scores[targets == 1] >= s).mean() for s in candidates])
    return candidates[np.abs(reached - recall).argmin()]

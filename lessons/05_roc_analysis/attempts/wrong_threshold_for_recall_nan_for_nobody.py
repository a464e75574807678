# task: threshold_for_recall
# verdict: failed
# message: so that nobody takes it for a result
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not 0 < recall <= 1:
        raise ValueError
    return next((s for k, s in enumerate(ill, 1) if k / len(ill) >= recall), float("nan"))

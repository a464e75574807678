# task: threshold_for_recall
# verdict: failed
# message: a higher threshold
import math

import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """0.56 * 25 is a hair above 14, and becomes 15."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    ill = np.sort(scores[targets == 1])[::-1]
    return ill[math.ceil(recall * len(ill)) - 1]

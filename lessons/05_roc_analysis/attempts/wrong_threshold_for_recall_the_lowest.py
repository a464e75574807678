# task: threshold_for_recall
# verdict: failed
# message: a higher threshold with fewer false alarms
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    return min(s for s in scores if (scores[targets == 1] >= s).mean() >= recall)

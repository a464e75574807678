# task: threshold_for_recall
# verdict: failed
# message: can't be reached
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    ill = np.sort(scores[targets == 1])[::-1]
    if not len(ill):
        raise ValueError
    enough = [s for k, s in enumerate(ill, 1) if k / len(ill) >= recall]
    return enough[0] if enough else ill[-1]

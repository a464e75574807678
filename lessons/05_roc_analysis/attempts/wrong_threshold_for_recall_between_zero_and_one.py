# task: threshold_for_recall
# verdict: failed
# message: was asked for
import numpy as np


def threshold_for_recall(scores, targets, *, recall):
    """Looks for it between 0 and 1, as if the scores were probabilities."""
    if not targets.any() or not 0 < recall <= 1:
        raise ValueError
    for s in np.linspace(1, 0, 101):
        if (scores[targets == 1] >= s).mean() >= recall:
            return s
    return 0.0

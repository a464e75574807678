# task: auc
# verdict: failed
# message: so that nobody takes it for a result
import numpy as np


def auc(scores, targets):
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        return float("nan")
    return (np.sign(ill[:, None] - healthy) / 2 + 0.5).mean()

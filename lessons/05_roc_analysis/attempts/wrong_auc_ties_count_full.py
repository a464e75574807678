# task: auc
# verdict: failed
# message: a full point
import numpy as np


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return (scores[targets == 1][:, None] >= scores[targets == 0]).mean()

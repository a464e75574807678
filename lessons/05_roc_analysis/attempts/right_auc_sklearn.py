# task: auc
# verdict: passed
# message: ties and all
from sklearn import metrics


def auc(scores, targets):
    if len(np.unique(targets)) == 1:
        raise ValueError("one class only")
    return metrics.roc_auc_score(targets, scores)


import numpy as np

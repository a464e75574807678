# task: auc
# verdict: failed
# message: upside down
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    area = metrics.roc_auc_score(targets, scores)
    return max(area, 1 - area)

# task: auc
# verdict: failed
# message: area of labels
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(targets, (scores >= 0.5).astype(int))

# task: auc
# verdict: failed
# message: scikit-learn takes the targets first
from sklearn import metrics


def auc(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_auc_score(scores, targets)

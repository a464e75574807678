# task: roc_curve
# verdict: failed
# message: straight line
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError
    return metrics.roc_curve(targets, scores)

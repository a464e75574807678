# task: roc_curve
# verdict: passed
# message: equal scores step together
from sklearn import metrics


def roc_curve(scores, targets):
    if targets.min() == targets.max():
        raise ValueError("one class only")
    return metrics.roc_curve(targets, scores, drop_intermediate=False)

# task: threshold_for_recall
# verdict: passed
# message: at no higher score
from sklearn import metrics


def threshold_for_recall(scores, targets, *, recall):
    if not targets.any() or recall <= 0 or recall > 1:
        raise ValueError("needs ill patients, and a share")
    _, tpr, thresholds = metrics.roc_curve(targets, scores, drop_intermediate=False)
    return thresholds[(tpr >= recall).argmax()]

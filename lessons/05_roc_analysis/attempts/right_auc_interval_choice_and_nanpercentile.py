# task: auc_interval
# verdict: passed
# message: around an area
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.RandomState(seed)
    areas = np.full(resamples, np.nan)
    for i in range(resamples):
        rows = rng.choice(len(targets), len(targets), replace=True)
        if len(np.unique(targets[rows])) == 2:
            areas[i] = metrics.roc_auc_score(targets[rows], scores[rows])
    return np.nanpercentile(areas, [50 * (1 - confidence), 50 * (1 + confidence)])

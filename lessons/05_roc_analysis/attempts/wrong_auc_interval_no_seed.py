# task: auc_interval
# verdict: failed
# message: The same seed gave two intervals
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng()
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])

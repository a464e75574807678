# task: auc_interval
# verdict: passed
# message: around an area
import numpy as np


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    """Drawing with replacement is weighing: how often each patient was drawn."""
    rng = np.random.default_rng(seed)
    n = len(scores)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    won = np.sign(scores[targets == 1][:, None] - scores[targets == 0]) / 2 + 0.5
    ill, healthy = weights[:, targets == 1], weights[:, targets == 0]
    pairs = ill.sum(1) * healthy.sum(1)
    kept = pairs > 0
    areas = ((ill @ won) * healthy).sum(1)[kept] / pairs[kept]
    return tuple(np.quantile(areas, [0.5 - confidence / 2, 0.5 + confidence / 2]))

# %% right: choice and nanpercentile · message: "around an area"
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


# %% right: a torch generator · message: "around an area"
import torch


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    """Areas from tables of pairs, drawn with torch; quantiles by sorting."""
    generator = torch.Generator().manual_seed(seed)
    scores, targets = torch.from_numpy(scores), torch.from_numpy(targets)
    areas = []
    while len(areas) < resamples:
        rows = torch.randint(len(scores), (len(scores),), generator=generator)
        s, t = scores[rows], targets[rows]
        ill, healthy = s[t == 1], s[t == 0]
        if len(ill) and len(healthy):
            areas.append(((ill[:, None] - healthy).sign() / 2 + 0.5).mean())
    areas = torch.stack(areas)
    tail = (1 - confidence) / 2
    return torch.quantile(areas, torch.tensor([tail, 1 - tail], dtype=areas.dtype))


# %% right: all resamples at once, as weights · message: "around an area"
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


# %% wrong: resamples of a third of the patients · clause 1 · message: "too wide"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores) // 3)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: scores and targets drawn apart · clause 1 · message: "drawn apart"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        s = scores[rng.integers(len(scores), size=len(scores))]
        t = targets[rng.integers(len(scores), size=len(scores))]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: the global seed set · clause 5 · message: "global random state"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    np.random.seed(seed)
    areas = []
    for _ in range(resamples):
        rows = np.random.randint(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: high before low · clause 3 · message: "low, then high"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [1 - tail, tail])


# %% wrong: 0.95 typed in, confidence ignored · clause 3 · message: "too wide"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [0.025, 0.975])


# %% wrong: a generator without the seed · clause 4 · message: "The same seed gave two intervals"
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


# %% wrong: resamples of one class kept as NaN · clause 2 · message: "one of the classes is missing"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if t.sum() in (0, len(t)):
            areas.append(np.nan)
            continue
        areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: the standard error of the mean · clause 3 · message: "too narrow"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.mean(areas) + np.array([-1.96, 1.96]) * np.std(areas) / len(areas) ** 0.5


# %% wrong: drawn without replacement · clause 1 · message: "no width"
import numpy as np
from sklearn import metrics


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.permutation(len(scores))
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(metrics.roc_auc_score(t, s))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])

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


# %% wrong: resamples of a third of the patients · clause 1 · message: "patients were drawn each time"
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


# %% wrong: the standard error of the mean · clause 3 · message: "has to reach it"
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


# %% right: a shared generator, percentiles by the lower method · message: "around an area"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    return tuple(
        np.percentile(areas, [50 - 50 * confidence, 50 + 50 * confidence], method="nearest")
    )


# %% wrong: the ill and the healthy drawn apart · clause 1 · message: "the ill and the healthy were drawn apart"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    ill, healthy = scores[targets == 1], scores[targets == 0]
    areas = []
    for _ in range(resamples):
        a, b = rng.choice(ill, len(ill)), rng.choice(healthy, len(healthy))
        areas.append((np.sign(a[:, None] - b) / 2 + 0.5).mean())
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: half as many patients · clause 1 · message: "patients were drawn each time"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n // 2)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: one patient fewer · clause 1 · message: "these are areas of"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n - 1)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: the last patient is never drawn · clause 1 · message: "was never drawn"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(0, n - 1, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: the first patient is never drawn · clause 1 · message: "was never drawn"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(1, n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: seeded inside the loop · clause 1 · message: "Make the generator once"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = np.random.default_rng(seed).integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: a normal interval · clause 3 · message: "no area is above 1"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    from statistics import NormalDist

    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return np.mean(areas) - z * np.std(areas), np.mean(areas) + z * np.std(areas)


# %% wrong: a normal interval, clipped at 1 · clause 3 · message: "no resample of"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    from statistics import NormalDist

    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    low, high = np.mean(areas) - z * np.std(areas), np.mean(areas) + z * np.std(areas)
    return max(low, 0), min(high, 1)


# %% wrong: the basic bootstrap, mirrored at the area · clause 3 · message: "can't have such an area"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    low, high = np.quantile(areas, [tail, 1 - tail])
    return 2 * area(scores, targets) - high, 2 * area(scores, targets) - low


# %% wrong: a thousand resamples, whatever was asked · clause 1 · message: "With resamples=1 there is one area"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(1000):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: both tails on either side · clause 3 · message: "Expected low, then high"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = 1 - confidence
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: one class counts one half · clause 2 · message: "not even 0.5"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        areas.append(area(s, t) if 0 < t.sum() < len(t) else 0.5)
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: one class counts as perfect · clause 2 · message: "no area"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        areas.append(area(s, t) if 0 < t.sum() < len(t) else 1.0)
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: the seed is typed in · clause 4 · message: "`seed` isn't used"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng = np.random.default_rng(0)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = rng.integers(n, size=n)
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: torch seeded globally · clause 5 · message: "global random state"
import numpy as np


def area(s, t):
    return (np.sign(s[t == 1][:, None] - s[t == 0]) / 2 + 0.5).mean()


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    import torch

    torch.manual_seed(seed)
    areas, n = [], len(scores)
    for _ in range(resamples):
        rows = torch.randint(n, (n,)).numpy()
        s, t = scores[rows], targets[rows]
        if 0 < t.sum() < len(t):
            areas.append(area(s, t))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])


# %% wrong: equal scores count for nothing · clause 1 · message: "Equal scores count one half"
import numpy as np


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    rng, n, areas = np.random.default_rng(seed), len(scores), []
    while len(areas) < resamples:
        rows = rng.integers(n, size=n)
        s, hit = scores[rows], targets[rows] == 1
        if hit.any() and not hit.all():
            areas.append(np.mean(s[hit][:, None] > s[~hit]))
    tail = (1 - confidence) / 2
    return np.quantile(areas, [tail, 1 - tail])

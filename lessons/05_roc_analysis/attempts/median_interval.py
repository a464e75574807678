# %% right: a loop · message: "around a median"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(seed)
    medians = [
        np.median(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)
    ]
    return np.quantile(medians, [0.05, 0.95])


# %% right: Python's own generator · message: "around a median"
import random
import statistics


def median_interval(values, *, resamples, seed):
    rng, values = random.Random(seed), values.tolist()
    medians = sorted(
        statistics.median(rng.choices(values, k=len(values))) for _ in range(resamples)
    )
    return medians[round(0.05 * resamples)], medians[round(0.95 * resamples) - 1]


# %% right: a table of rows in torch · message: "around a median"
import torch


def median_interval(values, *, resamples, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(values), (resamples, len(values)), generator=generator)
    medians = torch.from_numpy(values)[rows].quantile(0.5, dim=1)
    return medians.quantile(torch.tensor([0.05, 0.95], dtype=medians.dtype)).tolist()


# %% wrong: drawn without replacement · clause 1 · message: "Draw with replacement, anew"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(seed)
    return np.quantile(
        [np.median(rng.permutation(values)) for _ in range(resamples)], [0.05, 0.95]
    )


# %% wrong: quantiles of the values themselves · clause 2 · message: "of the medians"
import numpy as np


def median_interval(values, *, resamples, seed):
    return np.quantile(values, [0.05, 0.95])


# %% wrong: the extremes · clause 2 · message: "the middle 90 %"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(seed)
    medians = [
        np.median(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)
    ]
    return min(medians), max(medians)


# %% wrong: high before low · clause 2 · message: "Expected low, then high"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(seed)
    medians = [
        np.median(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)
    ]
    return np.quantile(medians, [0.95, 0.05])


# %% wrong: a generator without the seed · clause 3 · message: "The same seed gave two intervals"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng()
    medians = [
        np.median(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)
    ]
    return np.quantile(medians, [0.05, 0.95])


# %% wrong: seeded inside the loop · clause 1 · message: "Make the generator once"
import numpy as np


def median_interval(values, *, resamples, seed):
    medians = []
    for _ in range(resamples):
        rows = np.random.default_rng(seed).integers(len(values), size=len(values))
        medians.append(np.median(values[rows]))
    return np.quantile(medians, [0.05, 0.95])


# %% wrong: 500 resamples, whatever was asked · clause 1 · message: "there is one median"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(seed)
    medians = [np.median(rng.choice(values, len(values))) for _ in range(500)]
    return np.quantile(medians, [0.05, 0.95])


# %% wrong: the last value is never drawn · clause 1 · message: "of the medians"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng, n = np.random.default_rng(seed), len(values)
    rows = rng.integers(max(n - 1, 1), size=(resamples, n))
    return np.quantile(np.median(values[rows], axis=1), [0.05, 0.95])


# %% wrong: the seed is typed in · clause 3 · message: "draw with `seed`"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng = np.random.default_rng(0)
    medians = [np.median(rng.choice(values, len(values))) for _ in range(resamples)]
    return np.quantile(medians, [0.05, 0.95])


# %% wrong: torch's median, the lower of the two in the middle · clause 1 · message: "is their mean"
import torch


def median_interval(values, *, resamples, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(values), (resamples, len(values)), generator=generator)
    medians = torch.from_numpy(values)[rows].median(dim=1).values
    return medians.quantile(torch.tensor([0.05, 0.95], dtype=medians.dtype)).tolist()


# %% wrong: a normal interval · clause 2 · message: "of the medians"
import numpy as np


def median_interval(values, *, resamples, seed):
    rng, n = np.random.default_rng(seed), len(values)
    medians = np.median(rng.choice(values, (resamples, n)), axis=1)
    half = 1.645 * medians.std()
    return medians.mean() - half, medians.mean() + half

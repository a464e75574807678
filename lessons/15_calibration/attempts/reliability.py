# %% right: the course's functions · message: "Edges, empty bins and the error"
from course_lib.errors import InputError
from course_lib.metrics import calibration_curve, calibration_error


def reliability(probs, happened, *, bins=10):
    """Its InputError is a ValueError."""
    if not (probs >= 0).all() or not (probs <= 1).all():
        raise InputError("no probability")
    curve = calibration_curve(probs, happened, bins=bins)
    return *curve, calibration_error(probs, happened, bins=bins)


# %% right: a loop over the bins in torch · message: "Edges, empty bins and the error"
import torch


def reliability(probs, happened, *, bins=10):
    p, h = torch.as_tensor(probs), torch.as_tensor(happened).double()
    if not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError("between 0 and 1")
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    rows = []
    for k in range(bins):
        inside = (p >= edges[k]) & ((p < edges[k + 1]) if k < bins - 1 else (p <= 1))
        rows.append((p[inside].mean(), h[inside].mean(), inside.sum()))
    claimed, true, count = (torch.stack(column) for column in zip(*rows))
    error = (count * (claimed - true).abs()).nansum() / len(p)
    return claimed, true, count, error


# %% right: digitize at the inner edges · message: "Edges, empty bins and the error"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if np.isnan(probs).any() or probs.min() < 0 or probs.max() > 1:
        raise ValueError("no probabilities")
    where = np.digitize(probs, np.linspace(0, 1, bins + 1)[1:-1])
    claimed, true, count = np.full(bins, np.nan), np.full(bins, np.nan), np.zeros(bins, int)
    for k in np.unique(where):
        claimed[k], true[k] = probs[where == k].mean(), happened[where == k].mean()
        count[k] = (where == k).sum()
    gap = np.abs(claimed - true)[count > 0]
    return claimed, true, count, float(np.average(gap, weights=count[count > 0]))


# %% right: plain Python in a callable object · message: "Edges, empty bins and the error"
import math


class Reliability:
    """Adds up in lists, one claim after the other."""

    def __call__(self, probs, happened, *, bins=10):
        sums, hits, count = [0.0] * bins, [0] * bins, [0] * bins
        for p, h in zip(probs.tolist(), happened.tolist()):
            if math.isnan(p) or p < 0 or p > 1:
                raise ValueError(f"{p} is no probability")
            k = min(int(p * bins), bins - 1)
            sums[k], hits[k], count[k] = sums[k] + p, hits[k] + h, count[k] + 1
        claimed = [s / n if n else math.nan for s, n in zip(sums, count)]
        true = [s / n if n else math.nan for s, n in zip(hits, count)]
        gaps = [n * abs(c - t) for c, t, n in zip(claimed, true, count) if n]
        return claimed, true, count, sum(gaps) / len(probs)


reliability = Reliability()


# %% right: NumPy's histogram, which puts 1.0 in the last bin · message: "Edges, empty bins and the error"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not np.all((probs >= 0) & (probs <= 1)):
        raise ValueError("no probabilities")
    count, edges = np.histogram(probs, bins=bins, range=(0, 1))
    sums, _ = np.histogram(probs, edges, weights=probs)
    hits, _ = np.histogram(probs, edges, weights=happened.astype(float))
    with np.errstate(invalid="ignore"):
        claimed, true = sums / count, hits / count
    return claimed, true, count, np.nansum(count / count.sum() * np.abs(claimed - true))


# %% wrong: claims of 0 and 1 refused · clause 5 · message: "the ends included"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs > 0) & (probs < 1)).all():
        raise ValueError("between 0 and 1")
    index = (probs * bins).astype(int)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: shares in place of counts · clause 2 · message: "these are shares"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    share = np.bincount(index, minlength=bins) / len(probs)
    divisor = np.where(share > 0, share, np.nan) * len(probs)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, share, np.nansum(share * np.abs(claimed - true))


# %% wrong: claims of exactly 1 lost · clause 1 · message: "claims of exactly 1 are missing"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    edges = np.linspace(0, 1, bins + 1)
    masks = [(probs >= low) & (probs < high) for low, high in zip(edges, edges[1:])]
    claimed = np.array([probs[m].mean() if m.any() else np.nan for m in masks])
    true = np.array([happened[m].mean() if m.any() else np.nan for m in masks])
    count = np.array([m.sum() for m in masks])
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: an edge belongs to the lower bin · clause 1 · message: "went to the lower one"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = np.digitize(probs, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: bins of equally many claims · clause 1 · message: "bins of equal width"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    groups = np.array_split(np.argsort(probs, kind="stable"), bins)
    claimed = np.array([probs[g].mean() for g in groups])
    true = np.array([happened[g].mean() for g in groups])
    count = np.array([len(g) for g in groups])
    return claimed, true, count, (count * np.abs(claimed - true)).sum() / count.sum()


# %% wrong: empty bins left out, as scikit-learn's calibration_curve does · clause 2 · message: "one value for each of the"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    full = count > 0
    claimed = (np.bincount(index, probs, minlength=bins)[full]) / count[full]
    true = (np.bincount(index, happened, minlength=bins)[full]) / count[full]
    error = (count[full] * np.abs(claimed - true)).sum() / count.sum()
    return claimed, true, count[full], error


# %% wrong: the middle of the bin in place of the mean claim · clause 2 · message: "the middle of the bin"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.where(count > 0, (np.arange(bins) + 0.5) / bins, np.nan)
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: claimed and happened swapped · clause 2 · message: "swapped"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return true, claimed, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: the number that came true, not the share · clause 2 · message: "a sum, not a mean"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    hits = np.where(count > 0, np.bincount(index, happened, minlength=bins), np.nan)
    error = np.nansum(count * np.abs(claimed - hits / divisor)) / count.sum()
    return claimed, hits, count, error


# %% wrong: zeros in an empty bin · clause 3 · message: "expected NaN"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.maximum(count, 1)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, (count * np.abs(claimed - true)).sum() / count.sum()


# %% wrong: every bin weighs the same · clause 4 · message: "the same weight"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    gap = np.abs(claimed - true)
    return claimed, true, count, gap[count > 0].mean()


# %% wrong: NaN spreads into the error · clause 4 · message: "an empty bin's NaN has spread"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, (count * np.abs(claimed - true)).sum() / count.sum()


# %% wrong: no absolute value · clause 4 · message: "cancelled"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * (claimed - true)) / count.sum()


# %% wrong: claims outside put into the outer bins · clause 5 · message: "Expected a `ValueError`"
import numpy as np


def reliability(probs, happened, *, bins=10):
    index = (np.nan_to_num(probs) * bins).astype(int).clip(0, bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: NaN slips through the comparison · clause 5 · message: "One probability is NaN"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if (probs < 0).any() or (probs > 1).any():
        raise ValueError
    index = (np.nan_to_num(probs) * bins).astype(int).clip(0, bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()


# %% wrong: the bins hard-coded to ten · clause 2 · message: "one value for each of the"
import numpy as np


def reliability(probs, happened, *, bins=10):
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError
    index = (probs * 10).astype(int).clip(max=9)
    count = np.bincount(index, minlength=10)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=10) / divisor
    true = np.bincount(index, happened, minlength=10) / divisor
    return claimed, true, count, np.nansum(count * np.abs(claimed - true)) / count.sum()

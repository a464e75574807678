# %% right: a mask · message: "Edges and empty bins"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (low <= probs) & (probs <= high) if high == 1 else (low <= probs) & (probs < high)
    if inside.sum() == 0:
        return np.nan, np.nan
    return np.mean(probs[inside]), np.mean(happened[inside])


# %% right: a loop over pairs · message: "Edges and empty bins"
def one_bin(probs, happened, low, high):
    """Plain Python, a tensor at the end."""
    import torch

    kept = [(p, h) for p, h in zip(probs, happened) if low <= p < high or p == high == 1]
    if not kept:
        return [float("nan")] * 2
    return torch.tensor(kept, dtype=torch.float64).mean(0)


# %% wrong: a claim of exactly 1 left out · clause 2 · message: "a claim of exactly 1 was left out"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (probs >= low) & (probs < high)
    if not inside.any():
        return np.nan, np.nan
    return probs[inside].mean(), happened[inside].mean()


# %% wrong: both edges counted · clause 1 · message: "claims of exactly `high` were counted"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (probs >= low) & (probs <= high)
    if not inside.any():
        return np.nan, np.nan
    return probs[inside].mean(), happened[inside].mean()


# %% wrong: zero for an empty bin · clause 3 · message: "No claim is in this bin"
def one_bin(probs, happened, low, high):
    inside = (probs >= low) & ((probs < high) | (high == 1))
    count = max(inside.sum(), 1)
    return probs[inside].sum() / count, happened[inside].sum() / count


# %% wrong: the middle of the bin · clause 1 · message: "the middle of the bin"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (probs >= low) & ((probs < high) | (high == 1))
    return ((low + high) / 2, happened[inside].mean()) if inside.any() else (np.nan, np.nan)


# %% wrong: the two swapped · clause 1 · message: "the two are swapped"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (probs >= low) & ((probs < high) | (high == 1))
    return (happened[inside].mean(), probs[inside].mean()) if inside.any() else (np.nan, np.nan)


# %% wrong: the upper edge in, the lower out · clause 1 · message: "`low` was left out"
import numpy as np


def one_bin(probs, happened, low, high):
    inside = (probs > low) & (probs <= high)
    return (probs[inside].mean(), happened[inside].mean()) if inside.any() else (np.nan, np.nan)


# %% right: a fraction for the share · message: "Edges and empty bins"
from fractions import Fraction
from statistics import fmean


def one_bin(probs, happened, low, high):
    rows = [
        (float(p), int(h))
        for p, h in zip(probs, happened)
        if low <= p and (p < high or high == 1)
    ]
    if not rows:
        return float("nan"), float("nan")
    return fmean(p for p, _ in rows), Fraction(sum(h for _, h in rows), len(rows))


# %% wrong: a claim of exactly 1 counted in every bin · clause 2 · message: "belongs to the last bin"
def one_bin(probs, happened, low, high):
    inside = ((probs >= low) & (probs < high)) | (probs == 1)
    if not inside.any():
        return float("nan"), float("nan")
    return probs[inside].mean(), happened[inside].mean()

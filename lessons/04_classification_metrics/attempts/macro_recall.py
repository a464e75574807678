# %% right: divide, then mean · message: "an unknown one makes it unknown"
def macro_recall(matrix):
    return (matrix.diag() / matrix.sum(dim=1)).mean()


# %% right: row by row in Python · message: "an unknown one makes it unknown"
def macro_recall(matrix):
    """Plain numbers, and NaN by hand."""
    recalls = []
    for k, row in enumerate(matrix.tolist()):
        recalls.append(row[k] / sum(row) if sum(row) else float("nan"))
    return sum(recalls) / len(recalls)


# %% right: with NumPy · message: "an unknown one makes it unknown"
import numpy as np


def macro_recall(matrix):
    counts = matrix.numpy()
    with np.errstate(invalid="ignore"):
        return np.mean(np.diag(counts) / counts.sum(axis=1))


# %% wrong: the columns summed · clause 1 · message: "macro precision"
def macro_recall(matrix):
    recall = matrix.diag() / matrix.sum(0)
    return recall.mean() if matrix.sum(1).all() else float("nan")


# %% wrong: the accuracy · clause 1 · message: "that is the accuracy"
def macro_recall(matrix):
    return matrix.trace() / matrix.sum() if matrix.sum(1).all() else float("nan")


# %% wrong: not averaged · clause 1 · message: "Expected one number"
def macro_recall(matrix):
    return matrix.diag() / matrix.sum(1)


# %% wrong: an absent class left out · clause 2 · message: "the mean of the other three"
def macro_recall(matrix):
    return (matrix.diag() / matrix.sum(1)).nanmean()


# %% wrong: an absent class counted as 0 · clause 2 · message: "it counted as 0"
def macro_recall(matrix):
    return (matrix.diag() / matrix.sum(1).clamp(min=1)).mean()


# %% right: fractions, added exactly · message: "an unknown one makes it unknown"
from fractions import Fraction


def macro_recall(matrix):
    rows = matrix.tolist()
    if not all(map(sum, rows)):
        return float("nan")
    return sum(Fraction(row[k], sum(row)) for k, row in enumerate(rows)) / len(rows)


# %% wrong: an empty column taken for an empty row · clause 2 · message: "Every class has examples here"
def macro_recall(matrix):
    if (matrix.sum(0) == 0).any() or (matrix.sum(1) == 0).any():
        return float("nan")
    return (matrix.diagonal() / matrix.sum(1)).mean().item()


# %% wrong: unknown where nothing was found · clause 1 · message: "Every class has examples here"
def macro_recall(matrix):
    if (matrix.diagonal() == 0).any():
        return float("nan")
    return (matrix.diagonal() / matrix.sum(1)).mean().item()

# %% right: from sums of rows and columns · message: "what can't be known is NaN"
def precision_recall_f1(matrix):
    tp = matrix.diag()
    fp, fn = matrix.sum(0) - tp, matrix.sum(1) - tp
    return tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)


# %% right: class by class in Python · message: "what can't be known is NaN"
def precision_recall_f1(matrix):
    """Lists of plain numbers."""

    def share(a, b):
        return a / b if b else float("nan")

    rows, results = matrix.tolist(), ([], [], [])
    for k in range(len(rows)):
        tp, true, said = rows[k][k], sum(rows[k]), sum(row[k] for row in rows)
        for result, value in zip(
            results, (share(tp, said), share(tp, true), share(2 * tp, said + true))
        ):
            result.append(value)
    return results


# %% right: NumPy and masked division · message: "what can't be known is NaN"
import numpy as np


def precision_recall_f1(matrix):
    m = matrix.numpy().astype(float)
    right, true, said = np.diag(m), m.sum(1), m.sum(0)

    def divided(a, b):
        return np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)

    return np.stack(
        [divided(right, said), divided(right, true), divided(2 * right, true + said)]
    )


# %% right: the course's own, in a named tuple · message: "what can't be known is NaN"
from typing import NamedTuple

import numpy as np

from course_lib.metrics import class_scores


class Scores(NamedTuple):
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray


def precision_recall_f1(matrix):
    """Unroll the matrix into predictions and targets, and count again."""
    classes = len(matrix)
    true, said = np.repeat(
        np.indices((classes, classes)).reshape(2, -1), matrix.flatten(), axis=1
    )
    scores = class_scores(said, true, num_classes=classes)
    return Scores(scores.precision, scores.recall, scores.f1)


# %% right: decorated, float32, from precision and recall where they are known · message: "can't be known is NaN"
import functools

import torch


def quiet(function):
    @functools.wraps(function)
    def inner(*args):
        with torch.no_grad():
            return function(*args)

    return inner


@quiet
def precision_recall_f1(matrix):
    m = matrix.float()
    precision, recall = m.diag() / m.sum(0), m.diag() / m.sum(1)
    f1 = 2 * precision * recall / (precision + recall)
    some = (m.sum(0) + m.sum(1)) > 0
    f1 = torch.where(some & (m.diag() == 0), torch.zeros_like(f1), f1)
    return precision, recall, f1


# %% wrong: precision and recall swapped · clause 2 · message: "swapped"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    return (
        right / matrix.sum(1),
        right / matrix.sum(0),
        2 * right / (matrix.sum(0) + matrix.sum(1)),
    )


# %% wrong: precision by the row · clause 2 · message: "Your precision divides by the true examples"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    return (
        right / matrix.sum(1),
        right / matrix.sum(1),
        2 * right / (matrix.sum(0) + matrix.sum(1)),
    )


# %% wrong: recall by the column · clause 3 · message: "Your recall divides by the predictions"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    return (
        right / matrix.sum(0),
        right / matrix.sum(0),
        2 * right / (matrix.sum(0) + matrix.sum(1)),
    )


# %% wrong: recall as a share of everybody · clause 3 · message: "divides by all examples"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    return (
        right / matrix.sum(0),
        right / matrix.sum(),
        2 * right / (matrix.sum(0) + matrix.sum(1)),
    )


# %% wrong: the plain mean for F1 · clause 4 · message: "plain mean"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    precision, recall = right / matrix.sum(0), right / matrix.sum(1)
    return precision, recall, (precision + recall) / 2


# %% wrong: F1 without its 2 · clause 4 · message: "the 2 is missing"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return right / said, right / true, right / (true + said)


# %% wrong: F1 from precision and recall, NaN where it is 0 · clause 4 · message: "so F1 is 0"
def precision_recall_f1(matrix):
    right = matrix.diagonal()
    precision, recall = right / matrix.sum(0), right / matrix.sum(1)
    return precision, recall, 2 * precision * recall / (precision + recall)


# %% wrong: all that is unknown counts as 0 · clause 5 · message: "Expected NaN, got 0"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    parts = right / said, right / true, 2 * right / (true + said)
    return tuple(part.nan_to_num(0) for part in parts)


# %% wrong: a small number in the denominator · clause 5 · message: "Expected NaN, got 0"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    e = 1e-9
    return right / (said + e), right / (true + e), 2 * right / (true + said + e)


# %% wrong: unknown F1 of a class that is nowhere is 0 · clause 5 · message: "its F1 is 0 / 0"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return right / said, right / true, (2 * right / (true + said)).nan_to_num(0)


# %% wrong: Python's division raises · clause 5 · message: "ZeroDivisionError"
def precision_recall_f1(matrix):
    m = matrix.tolist()
    classes = range(len(m))
    precision = [m[k][k] / sum(row[k] for row in m) for k in classes]
    recall = [m[k][k] / sum(m[k]) for k in classes]
    f1 = [2 * p * r / (p + r) for p, r in zip(precision, recall)]
    return precision, recall, f1


# %% wrong: the macro averages · clause 1 · message: "Expected three results"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return (
        (right / said).mean(),
        (right / true).mean(),
        (2 * right / (true + said)).mean(),
    )


# %% wrong: F1 left out · clause 1 · message: "Expected three results"
def precision_recall_f1(matrix):
    return matrix.diagonal() / matrix.sum(0), matrix.diagonal() / matrix.sum(1)


# %% wrong: the diagonal taken out in place · clause 6 · message: "was changed on the way"
def precision_recall_f1(matrix):
    tp = matrix.diagonal().clone()
    off = matrix.fill_diagonal_(0)
    fp, fn = off.sum(0), off.sum(1)
    return tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)


# %% wrong: a triple for each class · clause 1 · message: "class by class"
def precision_recall_f1(matrix):
    right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return list(zip(right / said, right / true, 2 * right / (true + said)))


# %% right: a generator of three · message: "what can't be known is NaN"
def precision_recall_f1(matrix):
    right, said, true = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
    for above, below in ((right, said), (right, true), (2 * right, said + true)):
        yield above / below


# %% wrong: a dictionary · clause 1 · message: "names out of a dictionary"
def precision_recall_f1(matrix):
    right, said, true = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
    return {"precision": right / said, "recall": right / true, "f1": 2 * right / (said + true)}

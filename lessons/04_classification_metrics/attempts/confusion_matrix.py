# %% right: a loop over pairs · message: "Each pair is in its cell"
import torch


def confusion_matrix(preds, targets, num_classes):
    if len(preds) != len(targets):
        raise ValueError("different lengths")
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.long)
    for said, true in zip(preds.tolist(), targets.tolist()):
        if not (0 <= said < num_classes and 0 <= true < num_classes):
            raise ValueError(f"no cell for true {true}, predicted {said}")
        matrix[true, said] += 1
    return matrix


# %% right: one-hot products · message: "Each pair is in its cell"
import torch.nn.functional as F


class LabelError(ValueError):
    """A kind of ValueError of its own."""


def confusion_matrix(preds, targets, num_classes):
    """The product of two one-hot tables; one_hot itself complains only of some labels."""
    preds, targets = preds.long(), targets.long()
    if preds.shape != targets.shape:
        raise LabelError(f"{preds.shape} and {targets.shape}")
    for labels in (preds, targets):
        if not ((labels >= 0) & (labels < num_classes)).all():
            raise LabelError(f"a label outside 0 to {num_classes - 1}")
    return F.one_hot(targets, num_classes).T @ F.one_hot(preds, num_classes)


# %% right: NumPy's add.at, as an array · message: "Each pair is in its cell"
import numpy as np


def confusion_matrix(preds, targets, num_classes):
    preds, targets = preds.numpy().astype(int), targets.numpy().astype(int)
    if preds.shape != targets.shape:
        raise ValueError("shapes differ")
    both = np.concatenate([preds, targets])
    if both.min() < 0 or both.max() > num_classes - 1:
        raise ValueError("strange label")
    matrix = np.zeros((num_classes, num_classes), dtype=np.int32)
    np.add.at(matrix, (targets, preds), 1)
    return matrix


# %% right: scikit-learn, guarded, behind an object · message: "Each pair is in its cell"
from sklearn import metrics


class Counter:
    """A callable object."""

    def __call__(self, preds, targets, num_classes):
        labels = range(num_classes)
        if not set(preds.tolist()) | set(targets.tolist()) <= set(labels):
            raise ValueError("a label of no class")
        return metrics.confusion_matrix(targets, preds, labels=list(labels))


confusion_matrix = Counter()


# %% right: the course's own, whatever its type of error · message: "Each pair is in its cell"
from course_lib import metrics


def confusion_matrix(preds, targets, num_classes):
    """Its InputError is a ValueError."""
    return metrics.confusion_matrix(preds, targets, num_classes=num_classes)


# %% right: a Counter of pairs, as nested lists · message: "Each pair is in its cell"
from collections import Counter


def confusion_matrix(preds, targets, num_classes):
    pairs = Counter(zip(targets.tolist(), preds.tolist(), strict=True))
    if any(min(pair) < 0 or max(pair) >= num_classes for pair in pairs):
        raise ValueError("a label outside")
    return [[pairs[i, j] for j in range(num_classes)] for i in range(num_classes)]


# %% wrong: rows are the predicted classes · clause 1 · message: "It is transposed"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    cells = preds.long() * num_classes + targets.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


# %% wrong: a matrix of floats · clause 1 · message: "Counts are integers"
import torch


def confusion_matrix(preds, targets, num_classes):
    if len(preds) != len(targets):
        raise ValueError
    matrix = torch.zeros(num_classes, num_classes)
    for said, true in zip(preds.tolist(), targets.tolist()):
        if not 0 <= min(said, true) <= max(said, true) < num_classes:
            raise ValueError
        matrix[true, said] += 1
    return matrix


# %% wrong: indexing with += counts a pair once · clause 1 · message: "No cell is above 1"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    matrix[targets.long(), preds.long()] += 1
    return matrix


# %% wrong: shares of the rows · clause 1 · message: "These are shares"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    cells = targets.long() * num_classes + preds.long()
    matrix = torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)
    return matrix / matrix.sum(1, keepdim=True).clamp(min=1)


# %% wrong: as many classes as occur · clause 2 · message: "lost their rows"
from sklearn import metrics


def confusion_matrix(preds, targets, num_classes):
    labels = set(preds.tolist()) | set(targets.tolist())
    if min(labels) < 0 or max(labels) >= num_classes:
        raise ValueError
    return metrics.confusion_matrix(targets, preds)


# %% wrong: counted blindly, stray labels and all · clause 3 · message: "raised nothing"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    cells = targets.long() * num_classes + preds.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


# %% wrong: scikit-learn's labels drop what has no class · clause 3 · message: "raised nothing"
from sklearn import metrics


def confusion_matrix(preds, targets, num_classes):
    return metrics.confusion_matrix(targets, preds, labels=list(range(num_classes)))


# %% wrong: only too large labels are looked for · clause 3 · message: "a prediction is -1"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    if preds.max() >= num_classes or targets.max() >= num_classes:
        raise ValueError
    cells = targets.long() * num_classes + preds.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


# %% wrong: an IndexError from the loop · clause 3 · message: "raised IndexError"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for said, true in zip(preds.tolist(), targets.tolist()):
        matrix[true, said] += 1
    return matrix


# %% wrong: one target is broadcast · clause 4 · message: "There are 30 predictions and 1 target."
import torch


def confusion_matrix(preds, targets, num_classes):
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    cells = targets.long() * num_classes + preds.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


# %% wrong: zip cuts the longer one · clause 4 · message: "raised nothing"
import torch


def confusion_matrix(preds, targets, num_classes):
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for said, true in zip(preds.tolist(), targets.tolist()):
        matrix[true, said] += 1
    return matrix


# %% wrong: the product in the labels' own type · clause 5 · message: "type uint8"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError
    if min(preds.min(), targets.min()) < 0 or max(preds.max(), targets.max()) >= num_classes:
        raise ValueError
    cells = targets * num_classes + preds
    return torch.bincount(cells, minlength=num_classes**2)[: num_classes**2].reshape(
        num_classes, num_classes
    )


# %% wrong: counted in the labels' own type · clause 5 · message: "or for such counts"
import torch


def confusion_matrix(preds, targets, num_classes):
    if len(preds) != len(targets):
        raise ValueError("different numbers")
    for labels in (preds, targets):
        if labels.min() < 0 or labels.max() >= num_classes:
            raise ValueError("a label without a class")
    matrix = torch.zeros(num_classes, num_classes, dtype=targets.dtype)
    for said, true in zip(preds.tolist(), targets.tolist()):
        matrix[true, said] += 1
    return matrix


# %% right: compared with every class at once · message: "Each pair is in its cell"
import torch


def confusion_matrix(preds, targets, num_classes):
    if preds.shape != targets.shape:
        raise ValueError("different numbers")
    classes = torch.arange(num_classes)
    said, true = preds[:, None] == classes, targets[:, None] == classes
    if not (said.any(1).all() and true.any(1).all()):
        raise ValueError("a label without a class")
    return (true[:, :, None] & said[:, None, :]).sum(0)

"""Counting: the confusion matrix, and precision, recall and F1 from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import InputError
from course_lib.metrics.inputs import as_classes, own_targets, warn_undefined
from course_lib.metrics.names import Names, listed, names_of

if TYPE_CHECKING:  # evaluation.py imports this module
    from course_lib.evaluation import Evaluation

Predictions = Union["Evaluation", Tensor, np.ndarray, list]
Average = Literal["macro", "micro", "weighted"]

_CELLS = 1 << 27  # a larger matrix than this (1 GiB, 11,585 classes) is not made
_CLASSES = 1 << 24  # a class beyond this is a mistake, such as an identifier
_ROWS = 1000  # a report of more classes leaves out those that never occur


class ClassCounts(NamedTuple):
    """All that accuracy, precision, recall and F1 need: how often a class was right, predicted, true."""

    right: np.ndarray
    predicted: np.ndarray
    support: np.ndarray


def confusion_matrix(preds: Any, targets: Any, *, num_classes: int | None = None) -> Tensor:
    """Count every pair of a true and a predicted class. **Rows are the true classes**, as in scikit-learn.

    Args:
        preds: Predicted classes (N,); integers or booleans.
        targets: True classes (N,).
        num_classes: C. None: the largest class seen, plus one. Name it where a class may be absent.

    Returns:
        int64 (C, C), on the device of `preds`.

    Raises:
        InputError: shapes that differ, values that aren't classes, or classes outside 0 .. C-1: counted
            blindly, those would land in another row.

    >>> confusion_matrix([1, 0, 0, 0, 1], [1, 1, 1, 0, 0])
    tensor([[1, 1],
            [2, 1]])

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
    """
    preds, targets, classes = class_pair(preds, targets, num_classes=num_classes)
    if classes**2 > _CELLS:
        raise InputError(
            f"A confusion matrix of {classes:,} classes would take {classes**2 * 8 / 1e9:,.0f} GB. Is the largest label "
            "a padding label that should be left out? accuracy, precision, recall and f1 need no matrix."
        )
    return torch.bincount(targets * classes + preds, minlength=classes**2).reshape(classes, classes)


def class_pair(preds: Any, targets: Any, *, num_classes: int | None = None) -> tuple[Tensor, Tensor, int]:
    """Predicted and true classes (N,), int64 on the device of `preds`, and how many classes there are; checked."""
    preds, targets = as_classes(preds, "preds"), as_classes(targets, "targets")
    if preds.ndim != 1 or preds.shape != targets.shape:
        raise InputError(
            f"preds and targets have the same shape (N,); got {tuple(preds.shape)} and {tuple(targets.shape)}."
        )
    if not len(preds):
        raise InputError("There is nothing to count: preds and targets are empty.")
    targets = targets.to(preds.device)
    ranges = torch.stack([*preds.aminmax(), *targets.aminmax()]).tolist()  # one transfer
    num_classes = max(ranges) + 1 if num_classes is None else num_classes
    require_in_range("preds", ranges[:2], num_classes)
    require_in_range("targets", ranges[2:], num_classes)
    return preds, targets, num_classes


def require_in_range(name: str, found: Sequence[int], num_classes: int) -> None:
    """Raise an InputError unless the lowest and the highest class found are among 0 .. C-1."""
    low, high = found
    if low < 0 or high >= min(num_classes, _CLASSES):
        raise InputError(
            f"{name} of {num_classes} classes lie between 0 and {min(num_classes, _CLASSES) - 1}; got {low} to "
            f"{high}. Are labels counted from 1, or is a padding label not ignored?"
        )


def counts_by_class(preds: Tensor, targets: Tensor, classes: int) -> ClassCounts:
    """The counts of checked classes, as `class_pair` returns them, without a matrix."""
    found = (preds[preds == targets], preds, targets)
    return ClassCounts(*(torch.bincount(part, minlength=classes).cpu().numpy() for part in found))


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Precision, recall, F1 and support (true examples): one value for each class, each (C,)."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def class_scores(preds: Predictions, targets: Any = None, *, num_classes: int | None = None) -> ClassScores:
    """Precision, recall and F1 of every class at once.

    Args:
        preds: An Evaluation, or predicted classes (N,).
        targets: True classes (N,); leave them out with an Evaluation.
        num_classes: C, if not the largest class seen, plus one.

    Returns:
        Arrays (C,). Undefined is NaN: precision of a class never predicted, recall of a class never seen.

    Warns:
        UndefinedMetricWarning: something is undefined; it names the classes.

    >>> class_scores([1, 0, 0, 0, 1], [1, 1, 1, 0, 0]).support
    array([2, 3])
    """
    scores = rates(class_counts(preds, targets, num_classes=num_classes))
    for name in ("precision", "recall", "f1"):
        _warn_undefined(name, getattr(scores, name))
    return scores


def precision(
    preds: Predictions, targets: Any = None, *, average: Average | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """Of all that were called this class, the part that was: TP / (TP + FP).

    Args:
        preds: An Evaluation, or predicted classes (N,).
        targets: True classes (N,); leave them out with an Evaluation.
        average: None gives one value for each class. "macro": their mean, every class counts the same.
            "weighted": by support, which hides a rare class. "micro": over all examples, the accuracy.
        num_classes: C, if not the largest class seen, plus one.

    Returns:
        (C,), or one number. Undefined is NaN, and makes a macro average NaN: name what was missing first.

    Warns:
        UndefinedMetricWarning: a class was never predicted.

    >>> precision([1, 0, 0, 0, 1], [1, 1, 1, 0, 0]).round(3).tolist()
    [0.333, 0.5]

    Source: https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-and-f-measures
    """
    return _score("precision", preds, targets, average, num_classes)


def recall(
    preds: Predictions, targets: Any = None, *, average: Average | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """Of all that are this class, the part that was found: TP / (TP + FN). Arguments as in `precision`.

    The macro average is also called balanced accuracy; the weighted one is plain accuracy.

    >>> recall([1, 0, 0, 0, 1], [1, 1, 1, 0, 0]).round(3).tolist()
    [0.5, 0.333]
    """
    return _score("recall", preds, targets, average, num_classes)


def f1(
    preds: Predictions, targets: Any = None, *, average: Average | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Arguments as in `precision`.

    Macro F1 is the mean of the classes' F1, not the F1 of macro precision and macro recall.

    >>> round(f1([1, 0, 0, 0, 1], [1, 1, 1, 0, 0], average="macro"), 3)
    0.4
    """
    return _score("f1", preds, targets, average, num_classes)


def accuracy(preds: Predictions, targets: Any = None) -> float:
    """The part of all examples that was right. Compare it with the share of the commonest class.

    >>> accuracy([1, 0, 0, 0, 1], [1, 1, 1, 0, 0])
    0.4
    """
    if own_targets(preds, targets, "preds"):
        return preds.accuracy
    preds, targets, _ = class_pair(preds, targets)
    return int((preds == targets).sum()) / len(preds)


def classification_report(preds: Predictions, targets: Any = None, *, class_names: Names | None = None) -> str:
    """A table of every class and the macro average, under the accuracy and its baseline.

    Args:
        preds: An Evaluation, or predicted classes (N,).
        targets: True classes (N,); leave them out with an Evaluation.
        class_names: One for each class, in order or as {0: name}; they also say how many classes there are.
            None: their numbers. Of more than 1,000 classes, those that never occur get no line.

    >>> print(classification_report([1, 0, 0, 0, 1], [1, 1, 1, 0, 0], class_names=["no", "yes"]))
    5 examples of 2 classes
    accuracy 0.400 (always "yes": 0.600)
    <BLANKLINE>
    class  precision  recall     F1  support
    no         0.333   0.500  0.400        2
    yes        0.500   0.333  0.400        3
    macro      0.417   0.417  0.400        5
    """
    counts, names = named_counts(preds, targets, class_names)
    scores, n = rates(counts), counts.support.sum()
    common = scores.support.argmax()
    macro = ("macro", *(averaged(scores, metric, "macro") for metric in ("precision", "recall", "f1")), n)
    shown = np.flatnonzero(counts.support + counts.predicted) if len(names) > _ROWS else range(len(names))
    width = max(len(name) for name in [*(names[k] for k in shown), "class"])
    columns = (scores.precision, scores.recall, scores.f1, scores.support)
    rows = [(names[k], *(column[k] for column in columns)) for k in shown]
    absent = f", {len(names) - len(shown):,} of which never occur" if len(shown) < len(names) else ""
    return "\n".join(
        [
            f"{n:,} examples of {len(names)} classes{absent}",
            f'accuracy {counts.right.sum() / n:.3f} (always "{names[common]}": {scores.support[common] / n:.3f})',
            "",
            f"{'class':{width}}  precision  recall     F1  support",
            *(f"{name:{width}}  {p:9.3f}  {r:6.3f} {f:6.3f}  {k:7,}" for name, p, r, f, k in (*rows, macro)),
        ]
    )


def class_counts(preds: Predictions, targets: Any, *, num_classes: int | None = None) -> ClassCounts:
    """The counts by class of an Evaluation or of (preds, targets)."""
    if own_targets(preds, targets, "preds"):
        return preds.counts
    return counts_by_class(*class_pair(preds, targets, num_classes=num_classes))


def confusion_of(preds: Predictions, targets: Any, *, num_classes: int | None = None) -> np.ndarray:
    """The confusion matrix of an Evaluation or of (preds, targets), as an array."""
    if own_targets(preds, targets, "preds"):
        return preds.confusion.numpy()
    return confusion_matrix(preds, targets, num_classes=num_classes).cpu().numpy()


def named_counts(preds: Predictions, targets: Any, class_names: Names | None) -> tuple[ClassCounts, list[str]]:
    """The counts by class, and a name for each; of (preds, targets), the names say how many classes there are."""
    names = names_of(class_names, None if targets is not None else len(class_counts(preds, None).support))
    counts = class_counts(preds, targets)
    names = [str(k) for k in range(len(counts.support))] if names is None else names
    if len(names) < len(counts.support):
        raise InputError(f"{len(counts.support)} classes need as many names; got {len(names)}: {names[:5]}.")
    absent = len(names) - len(counts.support)  # the last classes may not occur in this data
    return ClassCounts(*(np.pad(part, (0, absent)) for part in counts)), names


def counts_of_matrix(confusion: np.ndarray) -> ClassCounts:
    """The counts by class of one confusion matrix (C, C) or of many (..., C, C)."""
    return ClassCounts(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-2), confusion.sum(-1))


def rates(counts: ClassCounts) -> ClassScores:
    """Scores of counts by class, (..., C); undefined is NaN, without a warning."""
    right, predicted, support = counts
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        return ClassScores(right / predicted, right / support, 2 * right / (predicted + support), support)


def averaged(scores: ClassScores, metric: str, how: Average | None) -> np.ndarray:
    """One metric of `rates`, averaged over its last dimension."""
    values = getattr(scores, metric)
    if how is None:
        return values
    if how == "macro":
        return values.mean(-1)
    if how == "micro":  # all three are the accuracy, which is weighted recall
        values = scores.recall
    elif how != "weighted":
        raise InputError(f"average is None, 'macro', 'micro' or 'weighted'; got {how!r}.")
    share = scores.support / scores.support.sum(-1, keepdims=True)
    return np.where(share > 0, values * share, 0).sum(-1)  # a class without examples has no weight


def _score(metric: str, preds: Predictions, targets: Any, how: Average | None, num_classes: int | None):
    scores = rates(class_counts(preds, targets, num_classes=num_classes))
    value = averaged(scores, metric, how)
    if np.isnan(value).any():
        _warn_undefined(metric, getattr(scores, metric))
    return value if how is None else float(value)


def _warn_undefined(metric: str, values: np.ndarray) -> None:
    classes = np.flatnonzero(np.isnan(values)).tolist()
    why = {
        "precision": "never predicted",
        "recall": "without a true example",
        "f1": "never predicted and without a true example",
    }
    if classes:
        warn_undefined(f"{metric} is undefined (NaN) for class {listed(classes)}: {why[metric]}.")

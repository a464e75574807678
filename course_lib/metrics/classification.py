"""Counting: the confusion matrix, and precision, recall and F1 from it."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import InputError

if TYPE_CHECKING:  # evaluation.py imports this module
    from course_lib.evaluation import Evaluation

Predictions = Union["Evaluation", Tensor, np.ndarray, list]
Average = Literal["macro", "micro", "weighted"]


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
    preds, targets = as_classes(preds, "preds"), as_classes(targets, "targets")
    if preds.ndim != 1 or preds.shape != targets.shape:
        raise InputError(
            f"preds and targets have the same shape (N,); got {tuple(preds.shape)} and {tuple(targets.shape)}."
        )
    if not len(preds):
        raise InputError("There is nothing to count: preds and targets are empty.")
    targets = targets.to(preds.device)
    ranges = torch.stack([*preds.aminmax(), *targets.aminmax()]).tolist()  # one transfer
    if num_classes is None:
        num_classes = max(ranges) + 1
    for name, low, high in (("preds", *ranges[:2]), ("targets", *ranges[2:])):
        if low < 0 or high >= num_classes:
            raise InputError(
                f"{name} of {num_classes} classes lie between 0 and {num_classes - 1}; got {low} to {high}. "
                "Are labels counted from 1, or is a padding label not ignored?"
            )
    cells = torch.bincount(targets * num_classes + preds, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes)


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
    scores = rates(confusion_of(preds, targets, num_classes=num_classes))
    for name in ("precision", "recall", "f1"):
        _warn_undefined(name, getattr(scores, name), stacklevel=4)
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
    confusion = confusion_of(preds, targets)
    return float(confusion.trace() / confusion.sum())


def classification_report(preds: Predictions, targets: Any = None, *, class_names: Iterable[str] | None = None) -> str:
    """A table of every class and the macro average, under the accuracy and its baseline.

    Args:
        preds: An Evaluation, or predicted classes (N,).
        targets: True classes (N,); leave them out with an Evaluation.
        class_names: One for each class. None: their numbers.

    >>> print(classification_report([1, 0, 0, 0, 1], [1, 1, 1, 0, 0], class_names=["no", "yes"]))
    5 examples of 2 classes
    accuracy 0.400 (always "yes": 0.600)
    <BLANKLINE>
    class  precision  recall     F1  support
    no         0.333   0.500  0.400        2
    yes        0.500   0.333  0.400        3
    macro      0.417   0.417  0.400        5
    """
    confusion = confusion_of(preds, targets)
    scores, n = rates(confusion), confusion.sum()
    names = [str(k) for k in range(len(confusion))] if class_names is None else list(class_names)
    if len(names) != len(confusion):
        raise InputError(f"{len(confusion)} classes need as many names; got {len(names)}: {names}.")
    width = max(len(name) for name in [*names, "class"])
    common = scores.support.argmax()
    macro = ("macro", *(averaged(scores, metric, "macro") for metric in ("precision", "recall", "f1")), n)
    rows = zip(names, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
    return "\n".join(
        [
            f"{n:,} examples of {len(names)} classes",
            f'accuracy {confusion.trace() / n:.3f} (always "{names[common]}": {scores.support[common] / n:.3f})',
            "",
            f"{'class':{width}}  precision  recall     F1  support",
            *(f"{name:{width}}  {p:9.3f}  {r:6.3f} {f:6.3f}  {k:7,}" for name, p, r, f, k in (*rows, macro)),
        ]
    )


def as_tensor(values: Any) -> Tensor:
    """Any array as a tensor, without a copy where that is safe."""
    if isinstance(values, Tensor):
        return values.detach()
    # Through NumPy, because PyTorch would make float32 of a list of Python's float64.
    array = np.asarray(values)
    if not (array.flags.writeable and array.flags.c_contiguous):
        array = array.copy()
    return torch.from_numpy(array)


def as_classes(values: Any, name: str) -> Tensor:
    """Class indices as int64; booleans and whole floats (0.0, 1.0) count as classes, 0.7 doesn't."""
    values = as_tensor(values)
    classes = values.to(torch.int64)
    if values.is_floating_point() and not bool((classes == values).all()):
        raise InputError(
            f"{name} are class indices such as 0 or 1, not scores; got fractions or NaN. "
            "Turn scores into classes first: argmax(1), or score >= threshold."
        )
    return classes


def confusion_of(preds: Predictions, targets: Any, *, num_classes: int | None = None) -> np.ndarray:
    """The confusion matrix of an Evaluation or of (preds, targets), as an array."""
    if targets is not None:
        return confusion_matrix(preds, targets, num_classes=num_classes).cpu().numpy()
    if not hasattr(preds, "confusion"):
        raise InputError(f"Pass an Evaluation, or preds and targets; got {type(preds).__name__} alone.")
    return preds.confusion.numpy()


def rates(confusion: np.ndarray) -> ClassScores:
    """Scores of one confusion matrix (C, C) or of many (..., C, C); undefined is NaN, without a warning."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    predicted, support = confusion.sum(-2), confusion.sum(-1)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        return ClassScores(hits / predicted, hits / support, 2 * hits / (predicted + support), support)


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
    scores = rates(confusion_of(preds, targets, num_classes=num_classes))
    value = averaged(scores, metric, how)
    if np.isnan(value).any():
        _warn_undefined(metric, getattr(scores, metric), stacklevel=5)
    return value if how is None else float(value)


def _warn_undefined(metric: str, values: np.ndarray, *, stacklevel: int) -> None:
    classes = np.flatnonzero(np.isnan(values)).tolist()
    why = {
        "precision": "never predicted",
        "recall": "without a true example",
        "f1": "never predicted and without a true example",
    }
    if classes:
        named = ", ".join(map(str, classes))
        warn_undefined(f"{metric} is undefined (NaN) for class {named}: {why[metric]}.", stacklevel=stacklevel)


def warn_undefined(message: str, *, stacklevel: int) -> None:
    """Warn as scikit-learn does; `stacklevel` counts from here to the caller of the metric."""
    # Imported here because scikit-learn takes half a second and most evaluations never need it.
    from sklearn.exceptions import UndefinedMetricWarning

    warnings.warn(message, UndefinedMetricWarning, stacklevel=stacklevel)

"""How far a figure may be off by the luck of the sample: Wilson's and bootstrap intervals."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import torch

from course_lib.errors import InputError
from course_lib.metrics import classification, curves
from course_lib.metrics.classification import ClassCounts, averaged, class_pair, rates
from course_lib.metrics.inputs import as_tensor, own_targets, warn, warn_undefined

_AT_ONCE = 1 << 22  # random draws held at a time: 32 MiB


class Interval(NamedTuple):
    """From low to high; arrays (C,) for a metric with one value for each class."""

    low: float | np.ndarray
    high: float | np.ndarray


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The interval of a proportion: an accuracy, a recall, a precision. Honest at 0 and n, and for small n.

    Args:
        successes: How often it went well: a whole number, not a share.
        n: Out of how many. For a recall, the support, not the size of the test set.
        confidence: Of intervals made this way, about the part that holds the true proportion, on average over
            all proportions: at p = 0.009 and n = 20 it is 0.84 instead of 0.95.

    Returns:
        Within 0 and 1; NaN for n = 0.

    Raises:
        InputError: a share where the count belongs; more successes than n.

    Warns:
        UndefinedMetricWarning: n = 0.
        UserWarning: 1.0 successes, which may be a share.

    >>> low, high = wilson_interval(17, 20)
    >>> round(low, 3), round(high, 3)
    (0.64, 0.948)

    Source: https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    _check(confidence)
    successes, n = _count("successes", successes, n), _count("n", n, None)
    if not 0 <= successes <= n:
        raise InputError(f"Between 0 and n successes; got {successes} of {n}. The order is (successes, n).")
    if n == 0:
        warn_undefined("A proportion of nothing is undefined (NaN): n is 0.")
        return Interval(float("nan"), float("nan"))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    middle = share + z**2 / (2 * n)
    half = z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    # At the ends the exact bounds are 0 and 1; rounding would miss them by a hair.
    return Interval(low if successes else 0.0, high if successes < n else 1.0)


def bootstrap_interval(
    metric: Callable[..., Any],
    preds: Any,
    targets: Any = None,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> Interval:
    """The percentile interval of a metric over test sets drawn with replacement from this one.

    It says how much the *test set's* luck matters; not how much another training run would.

    Args:
        metric: One of this package's accuracy, precision, recall, f1, roc_auc and average_precision, which
            are computed for all resamples at once; or any function of (preds, targets), called in a loop
            (scikit-learn's take (y_true, y_pred)).
        preds: An Evaluation, or predictions or scores (N,), (N, C).
        targets: True classes (N,); leave them out with an Evaluation.
        resamples: How many test sets to draw.
        confidence: The middle part of their results that the interval holds.
        seed: Of the draws; the global random state is left alone.
        options: Handed to the metric: `average`, `num_classes` or `positive`.

    Returns:
        Low and high. Resamples in which the metric is undefined are left out; if all are, NaN.

    >>> y = np.array([0, 1] * 50)
    >>> low, high = bootstrap_interval(classification.accuracy, np.where(np.arange(100) < 90, y, 1 - y), y)
    >>> round(low, 2), round(high, 2)
    (0.84, 0.95)

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13
    """
    _check(confidence)
    if not callable(metric):
        raise InputError(f"metric is a function such as course_lib.metrics.accuracy; got {metric!r}.")
    if resamples < 1:
        raise InputError(f"At least one resample is needed; got {resamples}.")
    rng = np.random.default_rng(seed)
    if metric in _AREAS:
        values = _resampled_areas(_AREAS[metric], preds, targets, resamples, rng, **options)
    elif metric in _COUNTED:
        values = _resampled_counts(metric.__name__, preds, targets, resamples, rng, **options)
    elif targets is None:
        raise InputError("A metric of your own needs preds and targets, not an Evaluation.")
    else:
        own_targets(preds, targets, "preds")
        targets = as_tensor(targets, "targets", rows=0).cpu()
        preds = as_tensor(preds, "preds", rows=len(targets)).cpu()
        if len(preds) != len(targets) or not len(preds):
            raise InputError(f"preds and targets are as many, at least 1; got {len(preds)} and {len(targets)}.")
        draws = (torch.from_numpy(rng.integers(len(targets), size=len(targets))) for _ in range(resamples))
        values = np.array([float(metric(preds[rows], targets[rows], **options)) for rows in draws])
    undefined = np.isnan(values).all(0)
    if np.any(undefined):
        warn_undefined("The metric is undefined (NaN) in every resample.")
    tail = (1 - confidence) / 2
    values = np.where(undefined, 0, values)  # nanquantile would warn once more
    low, high = np.where(undefined, np.nan, np.nanquantile(values, [tail, 1 - tail], axis=0))
    return Interval(low, high) if values.ndim > 1 else Interval(float(low), float(high))


_COUNTED = (classification.accuracy, classification.precision, classification.recall, classification.f1)
_AREAS = {curves.roc_auc: curves.auc_of, curves.average_precision: curves.precision_of}


def _resampled_counts(
    name: str, preds: Any, targets: Any, resamples: int, rng: np.random.Generator,
    *, average: Any = None, num_classes: int | None = None,
) -> np.ndarray:  # fmt: skip
    true, called, count, classes = _cells(preds, targets, num_classes)
    # Drawing examples and counting them is the same as drawing the counts of the cells; of (C, C), most are empty.
    n = int(count.sum())
    by_pred, values = np.argsort(called, kind="stable"), []
    while resamples > 0:
        rows = min(resamples, max(1, _AT_ONCE // max(classes, len(count))))
        drawn = rng.multinomial(n, count / n, size=rows)
        if name == "accuracy":
            values.append(drawn[:, true == called].sum(1) / n)
        else:
            right = np.zeros((rows, classes), np.int64)
            right[:, true[true == called]] = drawn[:, true == called]
            predicted = _summed(drawn[:, by_pred], called[by_pred], classes)
            counts = ClassCounts(right, predicted, _summed(drawn, true, classes))
            values.append(averaged(rates(counts), name, average))
        resamples -= rows
    return np.concatenate(values)


def _cells(preds: Any, targets: Any, num_classes: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """The true and the predicted class of each pair that occurs, by true class, how often, and C."""
    if own_targets(preds, targets, "preds") and preds.logits is None:
        confusion = preds.confusion.numpy()
        true, called = confusion.nonzero()
        return true, called, confusion[true, called], len(confusion)
    if targets is None:
        counted = preds.counted
        preds, targets, num_classes = preds.preds[counted], preds.targets[counted], len(preds.counts.support)
    preds, targets, classes = class_pair(preds, targets, num_classes=num_classes)
    cells, count = (targets * classes + preds).unique(return_counts=True)
    cells = cells.cpu().numpy()
    return cells // classes, cells % classes, count.cpu().numpy(), classes


def _summed(drawn: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """The columns of each class added up: (R, U) with sorted classes (U,) becomes (R, C)."""
    starts = np.flatnonzero(np.r_[True, classes[1:] != classes[:-1]])
    total = np.zeros((len(drawn), count), np.int64)
    total[:, classes[starts]] = np.add.reduceat(drawn, starts, axis=1)
    return total


def _resampled_areas(
    area: Callable[[curves.Counts], np.ndarray], scores: Any, targets: Any, resamples: int,
    rng: np.random.Generator, *, positive: int | None = None,
) -> np.ndarray:  # fmt: skip
    scores, hits = curves.scores_and_hits(scores, targets, positive)
    n = len(scores)
    order = np.argsort(scores)  # once, not for every part
    scores, hits = scores[order], hits[order]
    values = []
    while resamples > 0:
        rows = min(resamples, max(1, _AT_ONCE // n))
        drawn = rng.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        values.append(area(curves.counts_of(scores, hits, weights)))
        resamples -= rows
    return np.concatenate(values)


def _count(name: str, value: Any, n: Any) -> int:
    """A whole number, whatever type it came in."""
    try:
        number = float("no number" if isinstance(value, str) else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name} is one whole number; got {type(value).__name__}.") from error
    if not number.is_integer():
        share = f" Of a share, it is round({number:.4g} * n)." if n is not None and 0 < number < 1 else ""
        raise InputError(f"{name} is a count, a whole number; got {number:.4g}.{share}")
    if n is not None and number == 1 and not hasattr(value, "__index__") and n > 1:
        warn(f"1.0 is taken for 1 success of {n}. If it is a share, pass the count: {n} of {n}.")
    return int(number)


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence is between 0 and 1; got {confidence}. 95 % is 0.95.")

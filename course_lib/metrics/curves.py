"""Ranking: ROC and precision-recall curves and the areas under them.

Scores may be anything that is higher for the positive class. A threshold t calls positive whatever scores
`>= t`, as in scikit-learn. Of an Evaluation, and of logits (N, C), the scores are log-odds in float64
(`positive_scores`), never probabilities in float32: those are exactly 1.0 from a logit of 17 on, and ties destroy
a ranking. One column of logits alone ranks nothing: only its distance from the others does.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import InputError
from course_lib.metrics.inputs import (
    are_hard,
    are_probabilities,
    is_evaluation,
    own_targets,
    scores_and_classes,
    warn,
    warn_undefined,
    within_0_and_1,
)
from course_lib.metrics.names import listed


class RocCurve(NamedTuple):
    """One point for each threshold that matters, from (0, 0) to (1, 1); the first threshold is infinite."""

    fpr: np.ndarray
    tpr: np.ndarray
    thresholds: np.ndarray


class PrecisionRecallCurve(NamedTuple):
    """One point for each threshold, lowest first; then (precision 1, recall 0), which has no threshold."""

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray


class Counts(NamedTuple):
    """At each distinct score, lowest first, what `score >= threshold` would find. Each (..., T)."""

    thresholds: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray


def positive_scores(evaluation: Any, *, positive: int | None = None) -> np.ndarray:
    """The log-odds of one class for every example that counts: 0 is a probability of one half.

    Args:
        evaluation: An Evaluation with its logits.
        positive: The class. May be left out with two classes: then it is 1.

    Returns:
        float64 (N,). Its ranking is that of the probabilities, but it never saturates.

    >>> from course_lib.evaluation import Evaluation
    >>> logits = torch.tensor([[0.0, 50.0], [0.0, 60.0]])
    >>> made = Evaluation(logits, torch.tensor([0, 1]), None, torch.tensor([[0, 1], [0, 1]]))
    >>> positive_scores(made)
    array([50., 60.])
    >>> made.probabilities[:, 1]
    tensor([1., 1.])
    """
    if not is_evaluation(evaluation):
        raise InputError(f"positive_scores needs an Evaluation; got {type(evaluation).__name__}.")
    logits = evaluation.logits_that_count
    return _log_odds(logits, _which(positive, _classes(logits)))


def roc_curve(scores: Any, targets: Any = None, *, positive: int | None = None) -> RocCurve:
    """False and true positive rates over all thresholds.

    Args:
        scores: An Evaluation, or scores (N,), or for each class a logit or a probability (N, C); of logits,
            the log-odds are taken. A list of batches is joined.
        targets: True classes (N,); leave them out with an Evaluation.
        positive: The class to find. May be left out with two classes: then it is 1.

    Returns:
        fpr, tpr and thresholds, each (T,). A rate with nothing to count is NaN.

    Raises:
        InputError: scores without a rank (NaN), labels instead of scores, columns that are neither logits nor
            probabilities.

    Warns:
        UndefinedMetricWarning: only one class is there.
        UserWarning: scores of only 0 and 1, or examples of both kinds that tie at infinity.

    >>> roc_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).tpr.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html
    """
    from sklearn import metrics

    scores, hits = scores_and_hits(scores, targets, positive)
    return RocCurve(*metrics.roc_curve(hits, scores))


def precision_recall_curve(scores: Any, targets: Any = None, *, positive: int | None = None) -> PrecisionRecallCurve:
    """Precision and recall over all thresholds. Arguments as in `roc_curve`.

    Returns:
        precision (T + 1,), recall (T + 1,) and thresholds (T,). Without a positive example recall is NaN.

    >>> precision_recall_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).recall.tolist()
    [1.0, 1.0, 0.5, 0.5, 0.0]

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
    """
    from sklearn import metrics

    scores, hits = scores_and_hits(scores, targets, positive)
    if hits.any():
        return PrecisionRecallCurve(*metrics.precision_recall_curve(hits, scores))
    warn_undefined("Recall is undefined (NaN): there is no positive example.")
    thresholds = np.unique(scores)
    nothing = np.zeros(len(thresholds) + 1)
    return PrecisionRecallCurve(nothing, np.full_like(nothing, np.nan), thresholds)


def roc_auc(scores: Any, targets: Any = None, *, positive: int | None = None) -> float:
    """The chance that a positive example scores above a negative one; a tie counts one half.

    It ranks scores, not labels: of hard labels it would just be the balanced accuracy. It doesn't know how
    rare the positives are; `average_precision` does. Far below 0.5 the ranking is upside down; of pure noise, half
    lies a little below.

    Args:
        scores: As in `roc_curve`.
        targets: True classes (N,); leave them out with an Evaluation.
        positive: The class to find. May be left out: with two classes it is 1, with more the mean over
            "each class against the rest" is taken.

    Returns:
        From 0 to 1; NaN where only one class is there.

    Warns:
        UndefinedMetricWarning: only one class is there.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    >>> roc_auc([0.5, 0.5, 0.5], [1, 0, 1])
    0.5

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html
    """
    return _area(auc_of, "ROC-AUC needs a positive and a negative example", scores, targets, positive)


def average_precision(scores: Any, targets: Any = None, *, positive: int | None = None) -> float:
    """The mean precision over the positives, from the best ranked on. Arguments as in `roc_auc`.

    A random ranking scores about the share of positives, and more if there are few of them (0.05 with one
    positive in a hundred): say the share beside the number.

    >>> round(average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 4)
    0.8333

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
    """
    return _area(precision_of, "Average precision needs a positive example", scores, targets, positive)


def scores_and_hits(scores: Any, targets: Any, positive: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N,) float64 and whether each example is of the positive class (N,) bool, both checked."""
    return _of_class(*_table(scores, targets), positive)


def counts_of(scores: np.ndarray, hits: np.ndarray, weights: np.ndarray | None = None) -> Counts:
    """Count at every distinct score, for one weighting (None: all 1) or many (R, N) at once."""
    order = np.argsort(scores)
    scores, hits = scores[order], hits[order]
    starts = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])  # equal scores stand or fall together

    def at_or_above(amounts: np.ndarray) -> np.ndarray:
        return amounts[..., ::-1].cumsum(-1)[..., ::-1][..., starts]

    if weights is None:
        positives = at_or_above(hits.astype(np.int64))
        return Counts(scores[starts], positives, len(scores) - starts - positives)
    weights = weights[..., order]
    return Counts(scores[starts], at_or_above(weights * hits), at_or_above(weights * ~hits))


def auc_of(counts: Counts) -> np.ndarray:
    """ROC-AUC (...); NaN where a class is missing."""
    tp, fp = counts.true_positives, counts.false_positives
    above = np.concatenate([tp[..., 1:], np.zeros_like(tp[..., :1])], axis=-1)
    tied_negatives = fp - np.concatenate([fp[..., 1:], np.zeros_like(fp[..., :1])], axis=-1)
    with np.errstate(invalid="ignore"):
        return (tied_negatives * (above + tp)).sum(-1) / (2 * tp[..., 0] * fp[..., 0])


def precision_of(counts: Counts) -> np.ndarray:
    """Average precision (...); NaN without a positive."""
    tp = counts.true_positives
    found = tp - np.concatenate([tp[..., 1:], np.zeros_like(tp[..., :1])], axis=-1)
    with np.errstate(invalid="ignore"):
        # A resample may hold nothing at or above the highest scores; nothing was found there either.
        precision = tp / np.maximum(tp + counts.false_positives, 1)
        return (found * precision).sum(-1) / tp[..., 0]


def _table(scores: Any, targets: Any) -> tuple[Tensor, Tensor, bool]:
    """Scores (N,) or (N, C), classes (N,), both on the CPU, and whether the scores are logits."""
    if own_targets(scores, targets, "scores"):
        return scores.logits_that_count, scores.targets[scores.counted], True
    scores, targets = scores_and_classes("scores", scores, targets)
    if bool(scores.isnan().any()):
        raise InputError("Some scores are NaN and have no rank. Check the model's inputs and weights.")
    if scores.ndim == 1 or are_probabilities(scores):
        return scores, targets, False
    if within_0_and_1(scores):
        sums = scores.double().sum(1)
        raise InputError(
            "The rows of scores lie between 0 and 1 but sum to "
            f"{float(sums.min()):.3g} to {float(sums.max()):.3g}: they are no probabilities of classes that exclude each "
            "other, and hardly logits. Rank one class alone: scores[:, k] and targets == k."
        )
    return scores, targets, True


def _of_class(table: Tensor, targets: Tensor, logits: bool, positive: int | None) -> tuple[np.ndarray, np.ndarray]:
    if table.ndim == 2 or logits:
        positive = _which(positive, _classes(table))
    elif isinstance(positive, str | float):
        raise InputError(f"positive is the number of a class; got {positive!r}.")
    elif positive is None and not bool(((targets == 0) | (targets == 1)).all()):
        raise InputError("Targets are 0 and 1, or say which class is positive: positive=...")
    hits = (targets == (1 if positive is None else positive)).numpy()
    if logits:
        scores = _log_odds(table, positive)
    else:
        column = table[:, positive] if table.ndim == 2 else table
        labels = "labels, 0 and 1, not scores: their ROC curve has one corner"
        if not column.is_floating_point() and bool(((column == 0) | (column == 1)).all()):
            raise InputError(
                f"These are {labels}. Pass logits or probabilities (or, if they really are scores, as floats)."
            )
        if are_hard(column):
            warn(f"All scores are 0.0 or 1.0, as if they were {labels}. Pass logits or probabilities, not rounded.")
        scores = column.double().numpy()
    for end in (scores.max(), scores.min()):
        if np.isinf(end) and 0 < hits[scores == end].sum() < (scores == end).sum():
            warn(
                f"{(scores == end).sum():,} of {len(scores):,} scores tie at {end}, positives and negatives among them: "
                "they overflowed or saturated. Compute logits in float32 and rank those."
            )
    return scores, hits


def _log_odds(logits: Tensor, positive: int) -> np.ndarray:
    """Of one class against all others, float64 (N,)."""
    logits = logits.double()
    if logits.ndim == 1:
        scores = logits if positive == 1 else 0 - logits
    else:
        others = torch.arange(logits.shape[1]) != positive
        scores = logits[:, positive] - logits[:, others].logsumexp(1)
    unranked = int(scores.isnan().sum())
    if unranked:
        raise InputError(
            f"{unranked:,} of {len(scores):,} examples have no rank: two of their logits are infinite, and inf - inf is "
            "NaN. float16 ends at 65,504; run the model in float32 or bfloat16."
        )
    return scores.numpy()


def _classes(table: Tensor) -> int:
    return table.shape[1] if table.ndim == 2 else 2


def _area(area: Callable, needs: str, scores: Any, targets: Any, positive: int | None) -> float:
    table, targets, logits = _table(scores, targets)
    many = positive is None and _classes(table) > 2
    each = range(_classes(table)) if many else [positive]
    values = [area(counts_of(*_of_class(table, targets, logits, k))) for k in each]
    if np.isnan(values).any():
        which = f" of class {listed(np.flatnonzero(np.isnan(values)).tolist())}" if many else ""
        warn_undefined(f"{needs}{which}: undefined (NaN).")
    return float(np.mean(values))


def _which(positive: int | None, classes: int) -> int:
    if positive is None and classes > 2:
        raise InputError(f"There are {classes} classes: say which one is positive, positive=0 to {classes - 1}.")
    positive = 1 if positive is None else positive
    if isinstance(positive, str | float) or not 0 <= positive < classes:
        raise InputError(f"positive is a class from 0 to {classes - 1}; got {positive!r}.")
    return positive

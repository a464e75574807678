"""Thresholds for a purpose: a recall, a precision, a cost. Choose them on validation data.

On the data it was chosen from, a threshold flatters, and on other data another one would have been best: how
uncertain it is, a bootstrap shows. All of them call positive whatever scores `>= t`.
"""

from typing import Any

from course_lib.errors import InputError
from course_lib.metrics.curves import counts_of, scores_and_hits
from course_lib.metrics.inputs import warn_undefined


def threshold_for_recall(scores: Any, targets: Any = None, *, recall: float, positive: int | None = None) -> float:
    """The highest threshold that still finds this part of the positives.

    Args:
        scores: As in `roc_curve`.
        targets: As in `roc_curve`.
        recall: Above 0, at most 1.
        positive: As in `roc_curve`.

    Returns:
        On the scale of the scores; of an Evaluation, or of logits (N, C), in log-odds, for
        `positive_scores(evaluation) >= threshold`.
        NaN without a positive example.

    >>> threshold_for_recall([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], recall=1.0)
    0.35
    """
    _share("recall", recall)
    counts = counts_of(*scores_and_hits(scores, targets, positive))
    if not counts.true_positives[0]:
        warn_undefined("No threshold has a recall (NaN): there is no positive example.")
        return float("nan")
    enough = counts.true_positives / counts.true_positives[0] >= recall
    return float(counts.thresholds[enough][-1])


def threshold_for_precision(
    scores: Any, targets: Any = None, *, precision: float, positive: int | None = None
) -> float:
    """The lowest threshold, so the one that finds most, with at least this precision.

    Arguments and result as in `threshold_for_recall`; NaN, with a warning, if no threshold is so precise.

    >>> threshold_for_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], precision=0.9)
    0.8
    """
    _share("precision", precision)
    counts = counts_of(*scores_and_hits(scores, targets, positive))
    enough = counts.true_positives / (counts.true_positives + counts.false_positives) >= precision
    if not enough.any():
        warn_undefined(f"No threshold (NaN) has a precision of {precision} on this data.")
        return float("nan")
    return float(counts.thresholds[enough][0])


def threshold_for_cost(
    scores: Any,
    targets: Any = None,
    *,
    false_positive: float,
    false_negative: float,
    positive: int | None = None,
) -> float:
    """The threshold with the lowest total cost; of equals, the highest.

    Args:
        scores: As in `roc_curve`.
        targets: As in `roc_curve`.
        false_positive: What one false alarm costs.
        false_negative: What one missed positive costs, in the same unit.
        positive: As in `roc_curve`.

    Returns:
        As `threshold_for_recall`. Infinity means that it is cheapest to call nothing positive.

    >>> threshold_for_cost([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], false_positive=1, false_negative=5)
    0.35
    """
    if min(false_positive, false_negative) < 0:
        raise InputError(f"Costs are not negative; got {false_positive} and {false_negative}.")
    counts = counts_of(*scores_and_hits(scores, targets, positive))
    missed = counts.true_positives[0] - counts.true_positives
    cost = counts.false_positives * false_positive + missed * false_negative
    best = len(cost) - 1 - cost[::-1].argmin()
    nothing = counts.true_positives[0] * false_negative
    return float("inf") if nothing <= cost[best] else float(counts.thresholds[best])


def _share(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise InputError(f"{name} is above 0 and at most 1; got {value}. 95 % is 0.95.")

"""Do the probabilities mean what they say? Of all that is called 80 %, about 80 % should happen."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import InputError
from course_lib.metrics.inputs import (
    are_hard,
    are_probabilities,
    own_targets,
    scores_and_classes,
    some_between,
    tolerance,
    warn,
    warn_undefined,
    within_0_and_1,
)


class CalibrationCurve(NamedTuple):
    """One value for each bin of equal width, each (bins,); `claimed` and `happened` of an empty bin are NaN."""

    claimed: np.ndarray
    happened: np.ndarray
    count: np.ndarray


def calibration_curve(probs: Any, targets: Any = None, *, bins: int = 10) -> CalibrationCurve:
    """What the model claims against what happens.

    With two classes the claim is the probability of class 1; with more, that of the predicted class.

    Args:
        probs: An Evaluation, or probabilities (N,) of class 1, or (N, C).
        targets: True classes (N,); leave them out with an Evaluation.
        bins: How many bins of equal width from 0 to 1.

    Returns:
        For each bin the mean claim, how often it came true, and how many claims there were.

    Raises:
        InputError: something that is no probability, such as a logit, a label, or rows that don't sum to 1. What
            rounding adds, such as 1.0000000000000002, is cut off.

    Warns:
        UserWarning: probabilities of only 0 and 1, as if they were rounded.

    >>> calibration_curve([0.1, 0.2, 0.9], [0, 1, 1], bins=2).happened
    array([0.5, 1. ])

    Source: https://scikit-learn.org/stable/modules/calibration.html#calibration-curves
    """
    if bins < 1:
        raise InputError(f"At least one bin is needed; got {bins}.")
    claims, came_true = _claims(probs, targets)
    index = (claims * bins).astype(np.int64).clip(max=bins - 1)  # a claim of 1.0 belongs in the last bin
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        claimed = np.bincount(index, claims, minlength=bins) / count
        happened = np.bincount(index, came_true, minlength=bins) / count
    return CalibrationCurve(claimed, happened, count)


def calibration_error(probs: Any, targets: Any = None, *, bins: int = 10) -> float:
    """How far claims and outcomes are apart on average (expected calibration error, ECE).

    It depends on the bins, and of a finite sample even a perfect model's is hardly ever 0: chance adds to it.
    Arguments as in `calibration_curve`.

    >>> calibration_error([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0])
    0.0

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), https://arxiv.org/abs/1706.04599
    """
    claimed, happened, count = calibration_curve(probs, targets, bins=bins)
    filled = count > 0
    return float((count * np.abs(claimed - happened))[filled].sum() / count.sum())


def temperature(logits: Any, targets: Any = None) -> float:
    """The T for which softmax(logits / T) has the lowest log-loss; above 1, the model was too sure.

    Dividing by T changes no prediction that is the largest logit, or a cut at 0; another threshold must be divided
    too. Fit it on validation data and use it on the test set.

    Args:
        logits: An Evaluation, or logits (N, C), or (N,) for a one-logit head.
        targets: True classes (N,); leave them out with an Evaluation.

    Returns:
        A positive number; NaN if none is best, because every example is right (then smaller is always
        better) or the logits are no better than chance.

    Raises:
        InputError: infinite logits or NaN.

    Warns:
        UndefinedMetricWarning: none is best.
        UserWarning: the logits look like probabilities.

    >>> made = torch.tensor([[4.0, 0.0]] * 3 + [[0.0, 4.0]])
    >>> round(temperature(made, [0, 0, 0, 0]), 2)  # softmax(4 / T) must say 3 in 4
    3.64

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), https://arxiv.org/abs/1706.04599
    """
    from scipy.optimize import brentq

    alone = own_targets(logits, targets, "logits")
    logits, targets = _logits(logits, targets)
    if not bool(logits.isfinite().all()):
        raise InputError("temperature needs finite logits; some are infinite or NaN. float16 ends at 65,504.")
    if not alone and within_0_and_1(logits) and some_between(logits):  # of an Evaluation, evaluate() has said so
        warn("All of these lie between 0 and 1, as probabilities do, but temperature needs logits.")
    true_logit = logits.gather(1, targets[:, None]).squeeze(1).mean()

    def slope(inverse: float) -> float:
        """Of the log-loss against 1 / T: rising, because the log-loss is convex in 1 / T."""
        return float(((logits * inverse).softmax(1) * logits).sum(1).mean() - true_logit)

    unit = 1 / max(float(logits.std()), 1e-12) if logits.numel() > 1 else 1.0
    low, high = 1e-6 * unit, 1e6 * unit
    if not slope(low) < 0 < slope(high):
        warn_undefined("No temperature is best (NaN): every example is right, or none is better than chance.")
        return float("nan")
    return 1 / brentq(slope, low, high, xtol=1e-9 * unit)


def _claims(probs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    if own_targets(probs, targets, "probabilities"):
        logits, targets = _logits(probs, None)
        probs = logits.softmax(1)
    probs, targets = scores_and_classes("probabilities", probs, targets)
    if not probs.is_floating_point() and bool(((probs == 0) | (probs == 1)).all()):
        raise InputError("These are labels, 0 and 1, not probabilities (or, if they really are, pass them as floats).")
    if not within_0_and_1(probs):
        slack = tolerance(probs.dtype)
        outside = int((~((probs >= -slack) & (probs <= 1 + slack))).sum())
        raise InputError(
            f"Probabilities lie between 0 and 1; got {float(probs.min()):.9g} to {float(probs.max()):.9g}, {outside} of "
            f"{probs.numel()} outside. Logits need softmax(1), or sigmoid() for one logit."
        )
    if probs.ndim == 2 and not are_probabilities(probs):
        sums = probs.double().sum(1)
        raise InputError(
            f"The probabilities of an example sum to 1; got {float(sums.min()):.3g} to {float(sums.max()):.3g}. Judge a "
            "sigmoid for each class one by one: probs[:, k] and targets == k."
        )
    probs = probs.double().clamp(0, 1)
    if probs.ndim == 2 and probs.shape[1] == 2:
        probs = probs[:, 1]
    if probs.ndim == 1:
        if int(targets.min()) < 0 or int(targets.max()) > 1:
            raise InputError(
                f"Targets of 2 classes lie between 0 and 1; got {int(targets.min())} to {int(targets.max())}."
            )
        if are_hard(probs):
            warn("All probabilities are exactly 0 or 1, as if they were rounded. Pass them as the model gave them.")
        return probs.numpy(), (targets == 1).numpy()
    claims, preds = probs.max(1)
    return claims.numpy(), (preds == targets).numpy()


def _logits(logits: Any, targets: Any) -> tuple[Tensor, Tensor]:
    """Logits (N, C) float64, C at least 2, and targets (N,), of those that count."""
    if own_targets(logits, targets, "logits"):
        logits, targets = logits.logits_that_count, logits.targets[logits.counted]
    logits, targets = scores_and_classes("logits", logits, targets)
    logits = logits.double()
    return (torch.stack([torch.zeros_like(logits), logits], 1) if logits.ndim == 1 else logits), targets

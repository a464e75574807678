"""Pictures of counts: the confusion matrix, and calibration bin by bin."""

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from course_lib.classroom.style import BLUE, GREY
from course_lib.displays.display import Display
from course_lib.metrics import calibration_curve, calibration_error
from course_lib.metrics.classification import confusion_of, named_counts
from course_lib.metrics.names import Names


class ConfusionMatrixDisplay(Display):
    """Counts of every true class (rows) and predicted class (columns), shaded by their share of the row.

    Args:
        preds: An Evaluation, or predicted classes (N,).
        targets: True classes (N,); leave them out with an Evaluation.
        class_names: One for each class, in order or as {0: name}. None: their numbers.

    >>> print(ConfusionMatrixDisplay([1, 0, 0, 0, 1], [1, 1, 1, 0, 0], class_names=["no", "yes"]).describe())
    Confusion matrix of 5 examples, 2 on the diagonal (40 %).
    Of 2 "no": 1 right, 1 taken for "yes".
    Of 3 "yes": 1 right, 2 taken for "no".
    """

    def __init__(self, preds: Any, targets: Any = None, *, class_names: Names | None = None):
        _, self.class_names = named_counts(preds, targets, class_names)
        self.confusion = confusion_of(preds, targets, num_classes=len(self.class_names))

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `im_` (the shading) and `text_` (the numbers, (C, C))."""
        ticks = range(len(self.confusion))
        ax = self._on(ax, xlabel="Predicted class", ylabel="True class", xticks=ticks, yticks=ticks)
        ax.set_yticklabels(self.class_names)
        long = max(map(len, self.class_names)) > 4 and len(ticks) > 3
        ax.set_xticklabels(self.class_names, rotation=90 if long else 0)
        share = np.nan_to_num(self.confusion / np.maximum(self.confusion.sum(1, keepdims=True), 1))
        self.im_ = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
        self.text_ = np.empty(self.confusion.shape, dtype=object)
        for (row, column), count in np.ndenumerate(self.confusion):
            color = "white" if share[row, column] > 0.71 else "black"  # either has a contrast of 4.5 there
            self.text_[row, column] = ax.text(
                column, row, f"{count:,}", ha="center", va="center", color=color, fontsize="small"
            )
        return self

    def describe(self) -> str:
        """Each class: how many were right, and what the others were taken for."""
        n, right = self.confusion.sum(), self.confusion.trace()
        lines = [f"Confusion matrix of {n:,} examples, {right:,} on the diagonal ({100 * right / n:.0f} %)."]
        for k, row in enumerate(self.confusion):
            wrong = [f'{row[j]:,} taken for "{self.class_names[j]}"' for j in np.argsort(-row) if j != k and row[j]]
            lines.append(f'Of {row.sum():,} "{self.class_names[k]}": {", ".join([f"{row[k]:,} right", *wrong])}.')
        return "\n".join(lines)


class CalibrationDisplay(Display):
    """How often what is claimed with some probability happens. On the diagonal the claims are true.

    Args:
        probs: An Evaluation, or probabilities (N,) of class 1, or (N, C).
        targets: True classes (N,); leave them out with an Evaluation.
        bins: How many bins of equal width.

    >>> print(CalibrationDisplay([0.1, 0.2, 0.9], [0, 1, 1], bins=2).describe())
    Calibration of 3 claims in 2 bins: error 0.267.
    2 claims of 0.15 on average came true in 0.50 of cases.
    1 claim of 0.90 on average came true in 1.00 of cases.
    """

    def __init__(self, probs: Any, targets: Any = None, *, bins: int = 10):
        self.curve = calibration_curve(probs, targets, bins=bins)
        self.error = calibration_error(probs, targets, bins=bins)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `line_`, `perfect_` and `bars_` (the share of claims in each bin)."""
        ax = self._on(ax, xlabel="Claimed probability", ylabel="Part that came true", aspect="equal")
        edges = np.linspace(0, 1, len(self.curve.count) + 1)
        share = self.curve.count / self.curve.count.sum()
        self.bars_ = ax.bar(
            edges[:-1], share, np.diff(edges), align="edge", color=GREY, alpha=0.3, label="share of the claims"
        )
        (self.perfect_,) = ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="claims are true")
        filled = self.curve.count > 0
        (self.line_,) = ax.plot(
            self.curve.claimed[filled], self.curve.happened[filled], "o-", color=BLUE, label=f"error {self.error:.3f}"
        )
        ax.legend(loc="upper left")
        return self

    def describe(self) -> str:
        """The error, then every bin that isn't empty."""
        n, bins = self.curve.count.sum(), len(self.curve.count)
        lines = [f"Calibration of {n:,} claims in {bins} bins: error {self.error:.3f}."]
        for claimed, happened, count in zip(*self.curve, strict=True):
            if count:
                claims = "1 claim" if count == 1 else f"{count:,} claims"
                lines.append(f"{claims} of {claimed:.2f} on average came true in {happened:.2f} of cases.")
        return "\n".join(lines)

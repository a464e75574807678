"""Pictures of scores over all thresholds: ROC, precision-recall, and both rates against the threshold."""

from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from course_lib.classroom.style import BLUE, GREY, VERMILION
from course_lib.displays.display import Display
from course_lib.errors import InputError
from course_lib.metrics import average_precision, precision_recall_curve, roc_auc, roc_curve
from course_lib.metrics.curves import counts_of, scores_and_hits


class ScoresDisplay(Display):
    """What those of scores share: one class to find, and perhaps a threshold to mark."""

    def __init__(
        self, scores: Any, targets: Any = None, *, positive: int | None = None, threshold: float | None = None
    ):
        self.scores, self.hits = scores_and_hits(scores, targets, positive)
        if not self.hits.any():
            raise InputError("There is no positive example, so no recall: this curve can't be drawn.")
        self.threshold = threshold

    @property
    def counts_at_threshold(self) -> tuple[int, int, int]:
        """How many positives are found, negatives called positive, and positives missed."""
        called = self.scores >= self.threshold
        return tuple(int(cell.sum()) for cell in (called & self.hits, called & ~self.hits, ~called & self.hits))

    def _mark(self, ax: Axes, x: float, y: float) -> None:
        label = f"threshold {self.threshold:.3g}"
        (self.point_,) = ax.plot([x], [y], "s", color=VERMILION, markersize=8, label=label)


class RocDisplay(ScoresDisplay):
    """The true positive rate against the false positive rate, over all thresholds.

    Args:
        scores: An Evaluation, or scores (N,), or one column for each class (N, C).
        targets: True classes (N,); leave them out with an Evaluation.
        positive: The class to find. May be left out with two classes: then it is 1.
        threshold: Mark the point where scores `>= threshold` are called positive. Of an Evaluation, in
            log-odds, as `threshold_for_recall` and its like return it.

    >>> print(RocDisplay([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], threshold=0.4).describe())
    ROC curve of 4 examples, 2 positive: area 0.750, where 0.5 is chance.
    At a false positive rate of at most 0.1 it finds 50 % of the positives.
    At the threshold 0.4: true positive rate 0.500, false positive rate 0.500.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.hits.all():
            raise InputError("There is no negative example, so no false positive rate: there is no ROC curve.")
        self.curve = roc_curve(self.scores, self.hits)
        self.auc = roc_auc(self.scores, self.hits)

    @property
    def point(self) -> tuple[float, float]:
        """False and true positive rate at the threshold."""
        found, wrong, _ = self.counts_at_threshold
        return wrong / (~self.hits).sum(), found / self.hits.sum()

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `line_`, `chance_` and, with a threshold, `point_`."""
        ax = self._on(ax, xlabel="False positive rate", ylabel="True positive rate", aspect="equal")
        (self.chance_,) = ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="chance, area 0.5")
        (self.line_,) = ax.plot(self.curve.fpr, self.curve.tpr, color=BLUE, label=f"area {self.auc:.3f}")
        if self.threshold is not None:
            self._mark(ax, *self.point)
        ax.legend(loc="lower right")
        return self

    def describe(self) -> str:
        """The area, and the rates at points that matter."""
        early = self.curve.tpr[self.curve.fpr <= 0.1].max()
        lines = [
            f"ROC curve of {len(self.hits):,} examples, {self.hits.sum():,} positive: "
            f"area {self.auc:.3f}, where 0.5 is chance.",
            f"At a false positive rate of at most 0.1 it finds {100 * early:.0f} % of the positives.",
        ]
        if self.threshold is not None:
            fpr, tpr = self.point
            lines.append(
                f"At the threshold {self.threshold:.3g}: true positive rate {tpr:.3f}, false positive rate {fpr:.3f}."
            )
        return "\n".join(lines)


class PrecisionRecallDisplay(ScoresDisplay):
    """Precision against recall, over all thresholds. Chance is the share of positives. Arguments: `RocDisplay`.

    >>> print(PrecisionRecallDisplay([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).describe())
    Precision-recall curve of 4 examples, 2 positive: average precision 0.833, where 0.500 is chance.
    With a recall of at least 0.9 its precision is at best 0.667.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.curve = precision_recall_curve(self.scores, self.hits)
        self.average_precision = average_precision(self.scores, self.hits)

    @property
    def point(self) -> tuple[float, float]:
        """Recall and precision at the threshold; precision is NaN where nothing is called positive."""
        found, wrong, _ = self.counts_at_threshold
        return found / self.hits.sum(), found / (found + wrong) if found + wrong else np.nan

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `line_`, `chance_` and, with a threshold, `point_`."""
        ax = self._on(ax, xlabel="Recall", ylabel="Precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
        share = self.hits.mean()
        self.chance_ = ax.axhline(share, color=GREY, linestyle="--", label=f"chance, {share:.3f}")
        # Between two thresholds precision jumps; a straight line would promise what no threshold gives.
        (self.line_,) = ax.plot(
            self.curve.recall,
            self.curve.precision,
            color=BLUE,
            drawstyle="steps-post",
            label=f"average precision {self.average_precision:.3f}",
        )
        if self.threshold is not None:
            self._mark(ax, *self.point)
        ax.legend(loc="lower left")
        return self

    def describe(self) -> str:
        """Average precision, chance, and the price of a high recall."""
        best = self.curve.precision[self.curve.recall >= 0.9].max()
        lines = [
            f"Precision-recall curve of {len(self.hits):,} examples, {self.hits.sum():,} positive: "
            f"average precision {self.average_precision:.3f}, where {self.hits.mean():.3f} is chance.",
            f"With a recall of at least 0.9 its precision is at best {best:.3f}.",
        ]
        if self.threshold is not None:
            recall, precision = self.point
            lines.append(f"At the threshold {self.threshold:.3g}: recall {recall:.3f}, precision {precision:.3f}.")
        return "\n".join(lines)


class ThresholdDisplay(ScoresDisplay):
    """Precision and recall as the threshold moves. Arguments: `RocDisplay`.

    >>> print(ThresholdDisplay([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], threshold=0.4).describe())
    Precision and recall for thresholds from 0.1 to 0.8, 4 examples, 2 positive.
    From the lowest to the highest threshold recall falls from 1 to 0.500; precision is 0.500 and 1.000 there.
    At the threshold 0.4: precision 0.500, recall 0.500; 2 called positive, 1 of them wrongly, 1 missed.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.counts = counts_of(self.scores, self.hits)
        self.precision = self.counts.true_positives / (self.counts.true_positives + self.counts.false_positives)
        self.recall = self.counts.true_positives / self.hits.sum()

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `precision_`, `recall_` and, with a threshold, `threshold_`."""
        ax = self._on(ax, xlabel="Threshold (scores at or above it are called positive)", ylim=(-0.02, 1.05))
        steps = {"drawstyle": "steps-pre"}
        (self.recall_,) = ax.plot(self.counts.thresholds, self.recall, color=BLUE, label="recall", **steps)
        (self.precision_,) = ax.plot(
            self.counts.thresholds, self.precision, color=VERMILION, linestyle="--", label="precision", **steps
        )
        if self.threshold is not None:
            label = f"threshold {self.threshold:.3g}"
            self.threshold_ = ax.axvline(self.threshold, color=GREY, linestyle=":", label=label)
        ax.legend()
        return self

    def describe(self) -> str:
        """Both ends, and the counts at the threshold."""
        thresholds = self.counts.thresholds
        lines = [
            f"Precision and recall for thresholds from {thresholds[0]:.3g} to {thresholds[-1]:.3g}, "
            f"{len(self.hits):,} examples, {self.hits.sum():,} positive.",
            f"From the lowest to the highest threshold recall falls from 1 to {self.recall[-1]:.3f}; "
            f"precision is {self.precision[0]:.3f} and {self.precision[-1]:.3f} there.",
        ]
        if self.threshold is not None:
            found, wrong, missed = self.counts_at_threshold
            called = found + wrong
            precision = f"{found / called:.3f}" if called else "undefined"
            lines.append(
                f"At the threshold {self.threshold:.3g}: precision {precision}, recall {found / self.hits.sum():.3f}; "
                f"{called:,} called positive, {wrong:,} of them wrongly, {missed:,} missed."
            )
        return "\n".join(lines)

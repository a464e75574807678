"""Lesson 05: one cut through the scores of 2,000 tumours, and everything that follows from it."""

from dataclasses import dataclass

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.lessons.roc_analysis import panels
from course_lib.lessons.roc_analysis.scores import HIGH, LOW, STEP, costs, precisions, rates


def threshold_explorer() -> Explorer:
    """The cut, the share of ill people and the price of a miss; what they do to everything else.

    >>> explorer = threshold_explorer()
    >>> explorer.set(threshold=-2.0, prevalence=1)
    >>> "Of 1,000 people, 10 of them ill" in explorer.state.text()
    True
    """
    return Explorer(
        ThresholdState(),
        controls=[
            Slider("threshold", "Threshold", LOW, HIGH, STEP),
            Slider("prevalence", "Ill, in 100", 1, 60),
            Choice("miss_cost", "A miss costs, in false alarms", {"1": 1, "10": 10, "50": 50}),
        ],
    )


@dataclass(frozen=True)
class ThresholdState:
    """Where the cut is, how many in a hundred are ill, and what a miss costs in false alarms."""

    threshold: float = 0.0
    prevalence: int = 37
    miss_cost: int = 10

    @property
    def rates(self) -> tuple[float, float]:
        """True and false positive rate at the cut."""
        return float(rates().tpr[self._at]), float(rates().fpr[self._at])

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Of 1,000: the ill who are found, the ill who are missed, the healthy called ill, the healthy let go.

        Whole people, rounded so that the ill and the healthy add up; so they may be one off what the rates say.
        """
        tpr, fpr = self.rates
        ill, healthy = 10 * self.prevalence, 10 * (100 - self.prevalence)
        found, alarms = round(ill * tpr), round(healthy * fpr)
        return found, ill - found, alarms, healthy - alarms

    @property
    def precision(self) -> float:
        """Of those called ill, the part that is; NaN if nobody is called ill."""
        return float(precisions(self.prevalence)[0][self._at])

    @property
    def cost(self) -> float:
        """For 1,000 people, counted in false alarms."""
        return float(costs(self.prevalence, self.miss_cost)[0][self._at])

    @property
    def lowest(self) -> tuple[float, float]:
        """The lowest cost, and the threshold that has it."""
        by_threshold, i = costs(self.prevalence, self.miss_cost)
        return float(by_threshold[i]), float(rates().thresholds[i])

    @property
    def _at(self) -> int:
        """The place of the threshold nearest to the cut, which is the cut itself on the slider."""
        return int(np.abs(rates().thresholds - self.threshold).argmin())

    @property
    def _precision_in_words(self) -> str:
        return "undefined" if self.precision != self.precision else f"{self.precision:.2f}"

    def text(self) -> str:
        """The picture in words."""
        found, missed, alarms, let_go = self.counts
        (tpr, fpr), (least, best) = self.rates, self.lowest
        average = precisions(self.prevalence)[1]
        return (
            f"Threshold {svg.shown(float(self.threshold), 1)}. Of 1,000 people, {10 * self.prevalence} of them ill, "
            f"about {found} ill are found and {missed} missed, {alarms} healthy are called ill and {let_go} let go. "
            f"Recall {tpr:.2f}, false positive rate {fpr:.2f}, precision {self._precision_in_words}. Cost {self.cost:,.0f}, lowest "
            f"{least:,.0f} at {svg.shown(best, 1)}. ROC area {rates().auc:.3f} whatever the prevalence; average precision "
            f"{average:.3f}, where guessing has about {self.prevalence / 100:.2f}."
        )

    def svg(self) -> str:
        """Scores with the cut and the four cells; below them ROC curve, precision-recall curve and cost."""
        tpr, fpr = self.rates
        figures = (
            ("recall, true positive rate", f"{tpr:.2f}"),
            ("false positive rate", f"{fpr:.2f}"),
            ("precision", self._precision_in_words),
        )
        return svg.picture(
            *panels.SIZE,
            panels.draw_scores(self.threshold, self.prevalence),
            panels.draw_cells(self.counts, figures),
            panels.draw_roc(fpr, tpr),
            panels.draw_precision(self.prevalence, tpr, self.precision),
            panels.draw_cost(self.prevalence, self.miss_cost, self.threshold, self.cost),
        )

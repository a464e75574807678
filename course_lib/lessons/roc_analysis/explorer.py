"""Lesson 05: one cut through the scores of 2,000 tumours, and everything that follows from it.

The scores are made from real ones. A small network that knows four of the thirty measurements is
cross-validated on the 569 real tumours, so that each is scored by a network that never saw it. The 2,000 are
drawn from those with replacement, class by class, each moved by a little noise.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.metrics.curves import auc_of, counts_of
from course_lib.seeding import sealed

__all__ = ["MEASUREMENTS", "ThresholdState", "real_scores", "realistic_scores", "threshold_explorer"]

MEASUREMENTS = (1, 4, 8, 9)  # mean texture, smoothness, symmetry and fractal dimension: nothing about size
LOW, HIGH, STEP = -8.0, 6.0, 0.1
PEOPLE = 1000
EXAMPLES = 2000
BINS = 56


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


@lru_cache(maxsize=1)
def real_scores() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of "malignant" (569,) and whether each tumour is (569,), by five-fold cross-validation."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedKFold

    measured, sklearn_label = load_breast_cancer(return_X_y=True)
    inputs, ill = measured[:, MEASUREMENTS], sklearn_label == 0
    scores = np.empty(len(ill))
    for rows, held_out in StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, ill):
        mean, scale = inputs[rows].mean(0), inputs[rows].std(0)
        x = (inputs - mean) / scale
        scores[held_out] = _trained(x[rows], ill[rows], x[held_out])
    return scores, ill


def _trained(inputs: np.ndarray, ill: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """The logits of `unseen` (M,) from a network trained on inputs (N, 4) and targets (N,)."""
    with sealed(0):
        x, y = torch.from_numpy(inputs).float(), torch.from_numpy(ill).float()
        net = nn.Sequential(nn.Linear(x.shape[1], 16), nn.ReLU(), nn.Linear(16, 1))
        for _ in range(150):
            loss = nn.functional.binary_cross_entropy_with_logits(net(x).squeeze(1), y)
            gradients = torch.autograd.grad(loss, list(net.parameters()))
            with torch.no_grad():  # plain steps: importing torch.optim takes longer than this training
                for parameter, gradient in zip(net.parameters(), gradients, strict=True):
                    parameter -= 0.5 * gradient
        return net(torch.from_numpy(unseen).float()).squeeze(1).detach().double().numpy()


@lru_cache(maxsize=1)
def realistic_scores() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds (2000,) and whether ill (2000,), drawn from the real ones with a little noise (smooth bootstrap)."""
    scores, ill = real_scores()
    rng = np.random.default_rng(0)
    drawn, count_ill = [], round(EXAMPLES * ill.mean())
    for group, count in ((scores[ill], count_ill), (scores[~ill], EXAMPLES - count_ill)):
        noise = 0.2 * group.std() * rng.normal(size=count)
        drawn.append(rng.choice(group, count) + noise)
    return np.concatenate(drawn), np.arange(EXAMPLES) < count_ill


@dataclass(frozen=True)
class Rates:
    """True and false positive rates at thresholds, highest first; the curves are drawn through these."""

    thresholds: np.ndarray
    tpr: np.ndarray
    fpr: np.ndarray
    auc: float


@lru_cache(maxsize=1)
def _rates() -> Rates:
    """At every place of the slider, and at 100 scores between: a curve through more looks the same."""
    scores, ill = realistic_scores()
    grid = np.round(np.arange(LOW, HIGH + STEP / 2, STEP), 6)
    at = np.unique(np.r_[-np.inf, grid, np.quantile(scores, np.linspace(0, 1, 101)), np.inf])[::-1]
    positives, negatives = np.sort(scores[ill]), np.sort(scores[~ill])
    tpr, fpr = (1 - np.searchsorted(group, at) / len(group) for group in (positives, negatives))
    return Rates(at, tpr, fpr, float(auc_of(counts_of(scores, ill))))


@lru_cache(maxsize=64)
def _precisions(prevalence: int) -> tuple[np.ndarray, float]:
    """Precision at every threshold of `_rates` (NaN where nobody is called ill), and average precision."""
    rates, share = _rates(), prevalence / 100
    called = share * rates.tpr + (1 - share) * rates.fpr
    precision = np.divide(share * rates.tpr, called, out=np.full_like(called, np.nan), where=called > 0)
    average = float(np.nansum(np.diff(rates.tpr) * precision[1:]))
    return precision, average


@lru_cache(maxsize=128)
def _costs(prevalence: int, miss_cost: int) -> tuple[np.ndarray, int]:
    """The cost for 1,000 people at every threshold of `_rates`, and where it is lowest on the slider."""
    rates, share = _rates(), prevalence / 100
    costs = PEOPLE * ((1 - share) * rates.fpr + share * (1 - rates.tpr) * miss_cost)
    return costs, int(np.where((rates.thresholds >= LOW) & (rates.thresholds <= HIGH), costs, np.inf).argmin())


@dataclass(frozen=True)
class ThresholdState:
    """Where the cut is, how many in a hundred are ill, and what a miss costs in false alarms."""

    threshold: float = 0.0
    prevalence: int = 37
    miss_cost: int = 10

    @property
    def rates(self) -> tuple[float, float]:
        """True and false positive rate at the cut."""
        i = self._at
        return float(_rates().tpr[i]), float(_rates().fpr[i])

    @property
    def people(self) -> tuple[float, float, float, float]:
        """Of 1,000: the ill who are found, the ill who are missed, the healthy called ill, the healthy let go."""
        tpr, fpr = self.rates
        ill, healthy = 10 * self.prevalence, 10 * (100 - self.prevalence)
        return ill * tpr, ill * (1 - tpr), healthy * fpr, healthy * (1 - fpr)

    @property
    def precision(self) -> float:
        """Of those called ill, the part that is; NaN if nobody is called ill."""
        return float(_precisions(self.prevalence)[0][self._at])

    @property
    def cost(self) -> float:
        """For 1,000 people, counted in false alarms."""
        return float(_costs(self.prevalence, self.miss_cost)[0][self._at])

    @property
    def lowest(self) -> tuple[float, float]:
        """The lowest cost, and the threshold that has it."""
        costs, i = _costs(self.prevalence, self.miss_cost)
        return float(costs[i]), float(_rates().thresholds[i])

    @property
    def _at(self) -> int:
        """The place of the threshold nearest to the cut, which is the cut itself on the slider."""
        return int(np.abs(_rates().thresholds - self.threshold).argmin())

    def text(self) -> str:
        """The picture in words."""
        tp, fn, fp, tn = self.people
        (tpr, fpr), (least, best) = self.rates, self.lowest
        average = _precisions(self.prevalence)[1]
        precision = "undefined" if self.precision != self.precision else f"{self.precision:.2f}"
        return (
            f"Threshold {svg.shown(float(self.threshold), 1)}. Of 1,000 people, {10 * self.prevalence} of them ill: "
            f"{tp:.1f} ill found, {fn:.1f} missed, {fp:.1f} false alarms, {tn:.1f} rightly let go. Recall {tpr:.2f}, "
            f"false positive rate {fpr:.2f}, precision {precision}. Cost {self.cost:,.0f}, lowest {least:,.0f} at "
            f"{svg.shown(best, 1)}. ROC area {_rates().auc:.3f} whatever the prevalence; average precision "
            f"{average:.3f}, where guessing has {self.prevalence / 100:.2f}."
        )

    def svg(self) -> str:
        """Five panels: scores with the cut, the four cells, the ROC point, the precision-recall point, the cost."""
        return svg.picture(
            720,
            484,
            self._scores_panel(),
            self._cells_panel(),
            self._roc_panel(),
            self._precision_panel(),
            self._cost_panel(),
        )

    def _scores_panel(self) -> str:
        axes = _SCORES
        x, _ = axes.place(self.threshold, 0)
        right = axes.left + axes.width
        bottom = axes.top + axes.height
        return (
            svg.rect(x, axes.top, right - x, axes.height, fill=GREY, opacity=0.18)
            + _histogram(self.prevalence)
            + svg.line((x, axes.top - 6), (x, bottom), width=2.5)
            + svg.text(
                x + (5 if x < right - 96 else -5),
                axes.top + 6,
                "called ill →" if x < right - 96 else "called ill from here",
                anchor="start" if x < right - 96 else "end",
            )
        )

    def _cells_panel(self) -> str:
        left, top, width, height = 528, 62, 92, 46
        tp, fn, fp, tn = self.people
        parts = [svg.text(456, 16, "Of 1,000 people", size=13, bold=True)]
        parts += [
            svg.text(left + (j + 0.5) * width, top - 8, w, anchor="middle")
            for j, w in enumerate(("let go", "called ill"))
        ]
        cells = ((tn, "rightly", BLUE), (fp, "false alarm", ORANGE)), ((fn, "missed", VERMILION), (tp, "found", GREEN))
        for i, row in enumerate(cells):
            parts.append(svg.text(left - 8, top + (i + 0.5) * height + 4, ("healthy", "ill")[i], anchor="end"))
            for j, (count, words, color) in enumerate(row):
                x, y = left + j * width, top + i * height
                parts.append(svg.rect(x, y, width, height, fill=color, opacity=0.25, edge="currentColor"))
                parts.append(svg.text(x + width / 2, y + 20, f"{count:.1f}", size=15, anchor="middle", bold=True))
                parts.append(svg.text(x + width / 2, y + 37, words, size=11, anchor="middle"))
        (tpr, fpr), precision = self.rates, self.precision
        rows = (
            ("recall, true positive rate", f"{tpr:.2f}"),
            ("false positive rate", f"{fpr:.2f}"),
            ("precision", "undefined" if precision != precision else f"{precision:.2f}"),
        )
        for i, (words, value) in enumerate(rows):
            y = top + 2 * height + 24 + 19 * i
            parts += [svg.text(528, y, words), svg.text(712, y, value, anchor="end", bold=True)]
        return "".join(parts)

    def _roc_panel(self) -> str:
        tpr, fpr = self.rates
        return _roc_curve() + _point(_ROC, fpr, tpr)

    def _precision_panel(self) -> str:
        point = _point(_PRECISION, self.rates[0], self.precision) if self.precision == self.precision else ""
        return _precision_curve(self.prevalence) + point

    def _cost_panel(self) -> str:
        least, best = self.lowest
        verdict = f"now {self.cost:,.0f}, lowest {least:,.0f} at {svg.shown(best, 1)}"
        return (
            _title(504, "Cost, in false alarms", verdict)
            + _cost_curve(self.prevalence, self.miss_cost)
            + _point(_cost_axes(self.prevalence, self.miss_cost), self.threshold, self.cost)
        )


# Everything below depends on neither the cut nor the cells, and is drawn once for each prevalence.

_TALLEST = 70  # people in one bar of the histogram
_SCORES = svg.Axes(44, 44, 376, 142, (LOW, HIGH), (-_TALLEST, _TALLEST))
_ROC = svg.Axes(44, 284, 160, 150, (0, 1), (0, 1))
_PRECISION = svg.Axes(292, 284, 160, 150, (0, 1), (0, 1))
_UNIT = (0.0, 0.5, 1.0)


def _point(axes: svg.Axes, x: float, y: float) -> str:
    """The state's mark: a dot in a ring, so that it is seen on a line of any colour."""
    at = axes.place(x, y)
    return svg.dot(*at, color="currentColor", radius=7) + svg.dot(*at, color=VERMILION, radius=5)


@lru_cache(maxsize=64)
def _histogram(prevalence: int) -> str:
    """The ill above the line, the healthy below it, in people of 1,000."""
    scores, ill = realistic_scores()
    axes, bars = _SCORES, []
    edges = np.linspace(LOW, HIGH, BINS + 1)
    for group, share, sign, color in (
        (scores[ill], prevalence, 1, VERMILION),
        (scores[~ill], 100 - prevalence, -1, BLUE),
    ):
        # What lies beyond an end stands in the last bar.
        counts, _ = np.histogram(group.clip(LOW, HIGH), edges)
        for low, high, people in zip(edges[:-1], edges[1:], counts * (10 * share / len(group)), strict=True):
            (x0, y0), (x1, y1) = axes.place(low, 0), axes.place(high, sign * people)
            if people:
                bars.append(svg.rect(x0, min(y0, y1), x1 - x0 - 1, abs(y1 - y0), fill=color, opacity=0.8))
    middle = axes.place(LOW, 0)
    return (
        svg.text(8, 16, "Scores (log-odds), people of 1,000", size=13, bold=True)
        + "".join(bars)
        + axes.frame(x_label="score", x_ticks=range(-8, 7, 2), y_ticks=())
        + svg.line(middle, (axes.left + axes.width, middle[1]))
        + svg.text(axes.left + 6, middle[1] - 8, f"ill: {10 * prevalence}")
        + svg.text(axes.left + 6, middle[1] + 64, f"healthy: {1000 - 10 * prevalence}")
    )


@lru_cache(maxsize=1)
def _roc_curve() -> str:
    rates = _rates()
    return (
        _title(8, "ROC curve", f"area {rates.auc:.3f} at any prevalence")
        + _ROC.frame(x_label="false positive rate", y_label="recall", x_ticks=_UNIT, y_ticks=_UNIT)
        + _ROC.curve([(0, 0), (1, 1)], color="currentColor", width=1, dash="4 4")
        + _ROC.curve(zip(rates.fpr, rates.tpr, strict=True), color=BLUE)
    )


@lru_cache(maxsize=64)
def _precision_curve(prevalence: int) -> str:
    precision, average = _precisions(prevalence)
    known = ~np.isnan(precision)
    share = prevalence / 100
    return (
        _title(256, "Precision-recall", f"average precision {average:.3f}")
        + _PRECISION.frame(x_label="recall", y_label="precision", x_ticks=_UNIT, y_ticks=_UNIT)
        + _PRECISION.curve([(0, share), (1, share)], color="currentColor", width=1, dash="4 4")
        + _PRECISION.curve(zip(_rates().tpr[known], precision[known], strict=True), color=BLUE)
    )


def _cost_axes(prevalence: int, miss_cost: int) -> svg.Axes:
    costs, _ = _costs(prevalence, miss_cost)
    return svg.Axes(552, 284, 160, 150, (LOW, HIGH), (0, 1.05 * float(costs.max())))


@lru_cache(maxsize=128)
def _cost_curve(prevalence: int, miss_cost: int) -> str:
    axes, (costs, i) = _cost_axes(prevalence, miss_cost), _costs(prevalence, miss_cost)
    at = _rates().thresholds
    shown = (at >= LOW) & (at <= HIGH)
    best = axes.place(at[i], costs[i])
    return (
        axes.frame(x_label="threshold", x_ticks=(-8, -4, 0, 4))
        + axes.curve(zip(at[shown], costs[shown], strict=True), color=BLUE)
        + svg.polyline([best, (best[0], axes.top + axes.height)], dash="3 3")
    )


def _title(left: float, words: str, verdict: str) -> str:
    return svg.text(left, 246, words, size=13, bold=True) + svg.text(left, 264, verdict)

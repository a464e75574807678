"""How the threshold explorer looks: two panels above, three charts below, so that all is seen on a small screen."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.lessons.roc_analysis.scores import HIGH, LOW, costs, precisions, rates, realistic_scores

SIZE = (720, 352)
BINS = 56
TALLEST = 70  # people in one bar of the histogram
SCORES = svg.Axes(44, 28, 376, 100, (LOW, HIGH), (-TALLEST, TALLEST))
ROC = svg.Axes(46, 218, 158, 96, (0, 1), (0, 1))
PRECISION = svg.Axes(294, 218, 158, 96, (0, 1), (0, 1))
UNIT = (0.0, 0.5, 1.0)


def draw_scores(threshold: float, prevalence: int) -> str:
    """The scores of the ill and the healthy, and the cut through them."""
    x, _ = SCORES.place(threshold, 0)
    right, bottom = SCORES.left + SCORES.width, SCORES.top + SCORES.height
    room = x < right - 96
    words, anchor = ("called ill →", "start") if room else ("called ill from here", "end")
    return (
        svg.rect(x, SCORES.top, right - x, SCORES.height, fill=GREY, opacity=0.18)
        + _histogram(prevalence)
        + svg.line((x, SCORES.top - 6), (x, bottom), width=2.5)
        + svg.text(x + (5 if room else -5), SCORES.top + 6, words, anchor=anchor)
    )


def draw_cells(counts: tuple[int, int, int, int], rows: Sequence[tuple[str, str]]) -> str:
    """Found, missed, false alarms and rightly let go, of 1,000 people; below them named figures."""
    found, missed, alarms, let_go = counts
    left, top, width, height = 528, 44, 92, 36
    parts = [svg.text(456, 14, "Of 1,000 people, about", size=13, bold=True)]
    parts += [
        svg.text(left + (j + 0.5) * width, top - 8, w, anchor="middle") for j, w in enumerate(("let go", "called ill"))
    ]
    cells = (
        ((let_go, "rightly", BLUE), (alarms, "false alarm", ORANGE)),
        ((missed, "missed", VERMILION), (found, "found", GREEN)),
    )
    for i, row in enumerate(cells):
        parts.append(svg.text(left - 8, top + (i + 0.5) * height + 4, ("healthy", "ill")[i], anchor="end"))
        for j, (count, words, color) in enumerate(row):
            x, y = left + j * width, top + i * height
            parts.append(svg.rect(x, y, width, height, fill=color, opacity=0.25, edge="currentColor"))
            parts.append(svg.text(x + width / 2, y + 16, count, size=15, anchor="middle", bold=True))
            parts.append(svg.text(x + width / 2, y + 30, words, size=11, anchor="middle"))
    for i, (words, value) in enumerate(rows):
        y = top + 2 * height + 18 + 17 * i
        parts += [svg.text(left, y, words), svg.text(712, y, value, anchor="end", bold=True)]
    return "".join(parts)


def draw_roc(fpr: float, tpr: float) -> str:
    """The ROC curve and where the cut stands on it."""
    return _roc_curve() + _point(ROC, fpr, tpr)


def draw_precision(prevalence: int, recall: float, precision: float) -> str:
    """The precision-recall curve, and the cut where precision is defined."""
    return _precision_curve(prevalence) + (_point(PRECISION, recall, precision) if precision == precision else "")


def draw_cost(prevalence: int, miss_cost: int, threshold: float, cost: float) -> str:
    """The cost at every threshold, at the cut, and where it is lowest."""
    by_threshold, best = costs(prevalence, miss_cost)
    lowest = f"lowest {by_threshold[best]:,.0f} at {svg.shown(float(rates().thresholds[best]), 1)}"
    return (
        svg.title(504, "Cost, counted in false alarms", f"{cost:,.0f}, {lowest}", y=190)
        + _cost_curve(prevalence, miss_cost)
        + _point(_cost_axes(prevalence, miss_cost), threshold, cost)
    )


def _point(axes: svg.Axes, x: float, y: float) -> str:
    """The state's mark: a dot in a ring, so that it is seen on a line of any colour."""
    at = axes.place(x, y)
    return svg.dot(*at, color="currentColor", radius=7) + svg.dot(*at, color=VERMILION, radius=5)


# What follows depends on neither the cut nor the cells, and is drawn once for each prevalence.


@lru_cache(maxsize=64)
def _histogram(prevalence: int) -> str:
    """The ill above the line, the healthy below it, in people of 1,000."""
    scores, ill = realistic_scores()
    bars, edges = [], np.linspace(LOW, HIGH, BINS + 1)
    groups = (scores[ill], prevalence, 1, VERMILION), (scores[~ill], 100 - prevalence, -1, BLUE)
    for group, share, sign, color in groups:
        counts, _ = np.histogram(group.clip(LOW, HIGH), edges)  # what lies beyond an end stands in the last bar
        for low, high, people in zip(edges[:-1], edges[1:], counts * (10 * share / len(group)), strict=True):
            (x0, y0), (x1, y1) = SCORES.place(low, 0), SCORES.place(high, sign * people)
            if people:
                bars.append(svg.rect(x0, min(y0, y1), x1 - x0 - 1, abs(y1 - y0), fill=color, opacity=0.8))
    middle = SCORES.place(LOW, 0)
    return (
        svg.text(8, 14, "Scores (log-odds), people of 1,000", size=13, bold=True)
        + "".join(bars)
        + SCORES.frame(x_label="score", x_ticks=range(-8, 7, 2), y_ticks=())
        + svg.line(middle, (SCORES.left + SCORES.width, middle[1]))
        + svg.text(SCORES.left + 6, middle[1] - 8, f"ill: {10 * prevalence}")
        + svg.text(SCORES.left + 6, middle[1] + 44, f"healthy: {1000 - 10 * prevalence}")
    )


@lru_cache(maxsize=1)
def _roc_curve() -> str:
    return (
        svg.title(8, "ROC curve", f"area {rates().auc:.3f} at any prevalence", y=190)
        + ROC.frame(x_label="false positive rate", y_label="recall", x_ticks=UNIT, y_ticks=UNIT)
        + ROC.curve([(0, 0), (1, 1)], color="currentColor", width=1, dash="4 4")
        + ROC.curve(zip(rates().fpr, rates().tpr, strict=True), color=BLUE)
    )


@lru_cache(maxsize=64)
def _precision_curve(prevalence: int) -> str:
    precision, average = precisions(prevalence)
    known, share = ~np.isnan(precision), prevalence / 100
    return (
        svg.title(256, "Precision-recall", f"average precision {average:.3f}", y=190)
        + PRECISION.frame(x_label="recall", y_label="precision", x_ticks=UNIT, y_ticks=UNIT)
        + PRECISION.curve([(0, share), (1, share)], color="currentColor", width=1, dash="4 4")
        + PRECISION.curve(zip(rates().tpr[known], precision[known], strict=True), color=BLUE)
    )


def _cost_axes(prevalence: int, miss_cost: int) -> svg.Axes:
    by_threshold, _ = costs(prevalence, miss_cost)
    return svg.Axes(552, 218, 160, 96, (LOW, HIGH), (0, 1.05 * float(by_threshold.max())))


@lru_cache(maxsize=128)
def _cost_curve(prevalence: int, miss_cost: int) -> str:
    axes, (by_threshold, i) = _cost_axes(prevalence, miss_cost), costs(prevalence, miss_cost)
    at = rates().thresholds
    shown = (at >= LOW) & (at <= HIGH)
    best = axes.place(at[i], by_threshold[i])
    return (
        axes.frame(x_label="threshold", x_ticks=(-8, -4, 0, 4))
        + axes.curve(zip(at[shown], by_threshold[shown], strict=True), color=BLUE)
        + svg.polyline([best, (best[0], axes.top + axes.height)], dash="3 3")
    )

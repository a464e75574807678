"""Lesson 15: sharpen, shift and thin out true claims; what the diagram, the log-loss and the bill do."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.lessons.calibration.scores import honest_scores

BINS = 10
PEOPLE = 1000
DIAGRAM = svg.Axes(48, 30, 296, 262, (0, 1), (0, 1))


def calibration_explorer() -> Explorer:
    """How sharp the claims are, how far shifted, how many are ill and what a miss costs.

    >>> explorer = calibration_explorer()
    >>> explorer.set(sharpness=3.0)
    >>> "Of 1,000 people, 370 of them ill" in explorer.state.text()
    True
    """
    return Explorer(
        CalibrationState(),
        controls=[
            Slider("sharpness", "Sharpness (1: true)", 0.2, 4.0, 0.1),
            Slider("shift", "Shift of the logits", -4.0, 4.0, 0.1),
            Slider("prevalence", "Ill, in 100", 1, 60),
            Choice("miss_cost", "A miss costs, in false alarms", {"1": 1, "10": 10, "50": 50}),
        ],
    )


@dataclass(frozen=True)
class CalibrationState:
    """Logits are multiplied by the sharpness, then shifted; the groups are weighted to the prevalence."""

    sharpness: float = 1.0
    shift: float = 0.0
    prevalence: int = 37
    miss_cost: int = 10

    @property
    def weights(self) -> np.ndarray:
        """How many of 1,000 people each of the 569 stands for, (569,)."""
        _, ill = honest_scores()
        share = self.prevalence / 100
        return PEOPLE * np.where(ill, share / ill.sum(), (1 - share) / (~ill).sum())

    @property
    def probs(self) -> np.ndarray:
        """What is claimed of each, (569,)."""
        return 1 / (1 + np.exp(-self._logits))

    @property
    def _logits(self) -> np.ndarray:
        return self.sharpness * honest_scores()[0] + self.shift

    @property
    def diagram(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each bin the mean claim, the share that came true (NaN where nobody is), and people of 1,000."""
        _, ill = honest_scores()
        index = (self.probs * BINS).astype(int).clip(max=BINS - 1)
        people = np.bincount(index, self.weights, BINS)
        with np.errstate(invalid="ignore"):
            claimed = np.bincount(index, self.weights * self.probs, BINS) / people
            happened = np.bincount(index, self.weights * ill, BINS) / people
        return claimed, happened, people

    @property
    def error(self) -> float:
        """The calibration error."""
        claimed, happened, people = self.diagram
        return float(np.nansum(people * np.abs(claimed - happened)) / PEOPLE)

    @property
    def log_loss(self) -> float:
        """Computed from the logits, so that no claim is too bold for it."""
        _, ill = honest_scores()
        against = np.where(ill, -self._logits, self._logits)
        return float(np.average(np.logaddexp(0, against), weights=self.weights))

    @property
    def ignorant(self) -> float:
        """The log-loss of saying the prevalence to everybody."""
        share = self.prevalence / 100
        return float(-share * np.log(share) - (1 - share) * np.log(1 - share))

    @property
    def cut(self) -> float:
        """The probability from which on calling is cheaper."""
        return 1 / (1 + self.miss_cost)

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """Of 1,000: the ill who are found, the ill who are missed, false alarms, the healthy let go; whole people."""
        _, ill = honest_scores()
        called = self.probs >= self.cut
        sick = 10 * self.prevalence
        found, alarms = (round(float(self.weights[called & group].sum())) for group in (ill, ~ill))
        return found, sick - found, alarms, PEOPLE - sick - alarms

    @property
    def cost(self) -> float:
        """Of these decisions for 1,000 people, counted in false alarms."""
        _, ill = honest_scores()
        called = self.probs >= self.cut
        return float((self.weights * np.where(called, ~ill, self.miss_cost * ill)).sum())

    @property
    def promised(self) -> float:
        """What the claims say that these decisions will cost."""
        each = np.minimum(1 - self.probs, self.miss_cost * self.probs)
        return float((self.weights * each).sum())

    @property
    def lowest(self) -> float:
        """The lowest cost that any threshold has."""
        return _lowest(self.prevalence, self.miss_cost)

    def text(self) -> str:
        """The picture in words."""
        found, missed, alarms, let_go = self.cells
        return (
            f"Sharpness {self.sharpness:.1f}, shift {svg.shown(float(self.shift), 1)}. Of 1,000 people, "
            f"{10 * self.prevalence} of them ill, called ill from a claim of {self.cut:.3f} on: {found} found, {missed} "
            f"missed, {alarms} false alarms, {let_go} rightly let go. Calibration error {self.error:.3f}; log-loss "
            f"{self.log_loss:.3f}, where the prevalence for everybody has {self.ignorant:.3f}. Promised cost "
            f"{self.promised:,.0f}, real cost {self.cost:,.0f}, lowest of any threshold {self.lowest:,.0f}. "
            f"In the diagram, {self._in_words}."
        )

    @property
    def _in_words(self) -> str:
        """Which way the claims err, in the bins that hold at least ten people."""
        claimed, happened, people = self.diagram
        gap = (claimed - happened)[people >= 10]
        if not len(gap) or np.abs(gap).max() < 0.1:
            return "the claims lie near the diagonal"
        if (gap > -0.05).all():
            return "the claims are too high"
        if (gap < 0.05).all():
            return "the claims are too low"
        return "some claims are too high and some too low"

    def svg(self) -> str:
        """The reliability diagram on the left; decisions, log-loss and cost on the right."""
        return svg.picture(720, 346, self._draw_diagram(), _draw_cells(self.cells), self._draw_figures())

    def _draw_diagram(self) -> str:
        claimed, happened, people = self.diagram
        bars = []
        for k, share in enumerate(people / PEOPLE):
            (x0, y0), (x1, y1) = DIAGRAM.place(k / BINS, 0), DIAGRAM.place((k + 1) / BINS, share)
            if share:
                bars.append(svg.rect(x0 + 1, y1, x1 - x0 - 2, y0 - y1, fill=GREY, opacity=0.35))
        full = people > 0
        points = list(zip(claimed[full].tolist(), happened[full].tolist(), strict=True))
        x, _ = DIAGRAM.place(self.cut, 0)
        return (
            svg.text(8, 14, f"Reliability, calibration error {self.error:.3f}", size=13, bold=True)
            + "".join(bars)
            + DIAGRAM.frame(x_label="claimed (bars: share of the people)", y_label="came true")
            + DIAGRAM.curve([(0, 0), (1, 1)], color="currentColor", width=1, dash="4 4")
            + svg.line((x, DIAGRAM.top), (x, DIAGRAM.top + DIAGRAM.height), color=VERMILION, dash="6 3", width=2)
            + svg.text(x + 4, DIAGRAM.top + 10, "called from here", size=11)
            + DIAGRAM.curve(points, color=BLUE)
            + DIAGRAM.dots(points, color=BLUE)
        )

    def _draw_figures(self) -> str:
        rows = (
            ("log-loss", f"{self.log_loss:.3f}"),
            ("of the prevalence for everybody", f"{self.ignorant:.3f}"),
            ("cost that the claims promise", f"{self.promised:,.0f}"),
            ("cost of these decisions", f"{self.cost:,.0f}"),
            ("lowest cost of any threshold", f"{self.lowest:,.0f}"),
        )
        parts = [svg.heading(404, 712, "Log-loss and cost, in false alarms", y=182)]
        for i, (words, value) in enumerate(rows):
            y = 210 + 24 * i
            parts += [svg.text(404, y, words), svg.text(712, y, value, anchor="end", bold=True, size=14)]
        return "".join(parts)


def _draw_cells(cells: tuple[int, int, int, int]) -> str:
    """Found, missed, false alarms and rightly let go, of 1,000 people."""
    found, missed, alarms, let_go = cells
    left, top, width, height = 496, 44, 108, 50
    parts = [svg.text(404, 14, "Of 1,000 people, about", size=13, bold=True)]
    parts += [
        svg.text(left + (j + 0.5) * width, top - 8, w, anchor="middle") for j, w in enumerate(("let go", "called ill"))
    ]
    rows = (
        ((let_go, "rightly", BLUE), (alarms, "false alarm", ORANGE)),
        ((missed, "missed", VERMILION), (found, "found", GREEN)),
    )
    for i, row in enumerate(rows):
        parts.append(svg.text(left - 8, top + (i + 0.5) * height + 4, ("healthy", "ill")[i], anchor="end"))
        for j, (count, words, color) in enumerate(row):
            x, y = left + j * width, top + i * height
            parts.append(svg.rect(x, y, width, height, fill=color, opacity=0.25, edge="currentColor"))
            parts.append(svg.text(x + width / 2, y + 22, count, size=15, anchor="middle", bold=True))
            parts.append(svg.text(x + width / 2, y + 40, words, size=11, anchor="middle"))
    return "".join(parts)


@lru_cache(maxsize=256)
def _lowest(prevalence: int, miss_cost: int) -> float:
    scores, ill = honest_scores()
    weights = CalibrationState(prevalence=prevalence).weights[np.argsort(scores)]
    ill = ill[np.argsort(scores)]
    missed = np.r_[0, np.cumsum(weights * ill)]  # the lowest k are let go
    alarms = np.r_[np.cumsum((weights * ~ill)[::-1])[::-1], 0]
    return float((miss_cost * missed + alarms).min())

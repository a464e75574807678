"""Lesson 05's trace: the threshold walks down eleven sorted patients, and the curve grows."""

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace
from course_lib.classroom.style import BLUE, GREEN, GREY, VERMILION
from course_lib.lessons.roc_analysis.scores import real_scores
from course_lib.metrics.curves import auc_of, counts_of

ILL, HEALTHY = 5, 6


def eleven_patients() -> tuple[np.ndarray, np.ndarray]:
    """Scores (11,) rounded to one digit, highest first, and who is ill (11,): one ill and one healthy share a score.

    They are real tumours, spread over the middle of the cross-validated scores; rounding makes the tie, as a
    report with one digit would.
    """
    scores, ill = real_scores()
    scores = scores.round(1) + 0.0  # no negative zero
    sick, well = np.unique(scores[ill]), np.unique(scores[~ill])
    shared = np.intersect1d(sick, well)
    tie = shared[np.abs(shared - np.median(scores)).argmin()]
    chosen = [(tie, True), (tie, False)]
    taken = {tie}
    for group, is_ill, count, (low, high) in ((sick, True, ILL, (0.08, 0.9)), (well, False, HEALTHY, (0.2, 0.97))):
        for place in np.linspace(low, high, count - 1):
            free = [score for score in group if score not in taken]
            wanted = np.quantile(scores[ill == is_ill], place)
            score = min(free, key=lambda one, wanted=wanted: abs(one - wanted))
            taken.add(score)
            chosen.append((score, is_ill))
    chosen.sort(key=lambda patient: -patient[0])
    return np.array([score for score, _ in chosen]), np.array([is_ill for _, is_ill in chosen])


def trace_roc() -> Trace:
    """From no patient called ill to all of them, one score at a time; then the area by counting pairs."""
    scores, ill = eleven_patients()
    thresholds = [np.inf, *np.unique(scores)[::-1].tolist()]
    points = [_rates(scores, ill, threshold) for threshold in thresholds]
    stages = [
        Stage(
            "Sorted, nobody called ill",
            goes_in=f"{len(scores)} patients with their scores: {ill.sum()} ill, {(~ill).sum()} healthy.",
            happens="They are sorted, highest score first. The threshold stands above them all, at infinity.",
            comes_out="Nobody is called ill: both rates are 0, and the curve starts in its corner.",
            **_picture(scores, ill, thresholds[0], points[:1]),
        )
    ]
    rest = 1 + sum(threshold >= scores[ill].min() for threshold in thresholds)  # one healthy patient after the last ill
    for i, threshold in enumerate(thresholds[1:rest], 1):
        stages.append(_step(scores, ill, threshold, points[: i + 1]))
    stages.append(_rest(scores, ill, thresholds[rest:], points))
    return Trace("From eleven scores to a ROC curve", [*stages, _area(scores, ill, points)])


def _rates(scores: np.ndarray, ill: np.ndarray, threshold: float) -> tuple[float, float]:
    """False and true positive rate."""
    called = scores >= threshold
    return float(called[~ill].mean()), float(called[ill].mean())


def _step(scores: np.ndarray, ill: np.ndarray, threshold: float, points: list[tuple[float, float]]) -> Stage:
    """The threshold comes down to the next score."""
    new = scores == threshold
    found, alarms = int((new & ill).sum()), int((new & ~ill).sum())
    tp, fp = int((ill & (scores >= threshold)).sum()), int((~ill & (scores >= threshold)).sum())
    shown = svg.shown(float(threshold), 1)
    if found and alarms:
        who, way = f"{found} ill and {alarms} healthy patient, a tie, cross it together", "up and right at once"
    else:
        who, way = ("an ill patient crosses it", "up") if found else ("a healthy patient crosses it", "right")
    return Stage(
        f"Down to {shown}",  # the list of stages tells nothing that the learner is asked to guess
        goes_in=f"The threshold comes down to {shown}.",
        happens=f"At `score >= {threshold:g}`, {who}.",
        comes_out=f"A step {way}. Found {tp} of {ill.sum()}, false alarms {fp} of {(~ill).sum()}: "
        f"true positive rate {points[-1][1]:.2f}, false positive rate {points[-1][0]:.2f}.",
        note="No threshold can part them, so the curve has no corner here: one step up *and* right."
        if found and alarms
        else "",
        **_picture(scores, ill, threshold, points),
    )


def _rest(scores: np.ndarray, ill: np.ndarray, thresholds: list[float], points: list[tuple[float, float]]) -> Stage:
    """All thresholds below the last ill patient and the first healthy one after it, at once."""
    shown = svg.shown(float(thresholds[-1]), 1)
    return Stage(
        f"All the way down to {shown}",
        goes_in="No ill patient is left below; only healthy ones are.",
        happens=f"The threshold passes the last {len(thresholds)}, one by one.",
        comes_out=f"{len(thresholds)} steps right, into the corner where everybody is called ill: both rates are 1.",
        **_picture(scores, ill, thresholds[-1], points),
    )


def _area(scores: np.ndarray, ill: np.ndarray, points: list[tuple[float, float]]) -> Stage:
    """The area as pairs."""
    sick, well = scores[ill][:, None], scores[~ill][None, :]
    above, equal = int((sick > well).sum()), int((sick == well).sum())
    pairs, area = sick.size * well.size, float(auc_of(counts_of(scores, ill)))
    return Stage(
        "The area is a count of pairs",
        goes_in=f"{sick.size} ill and {well.size} healthy patients make {pairs} pairs.",
        happens=f"In {above} of them the ill one scores higher, in {equal} they are level, which counts one half.",
        comes_out=f"({above} + {equal / 2:g}) / {pairs} = {area:.3f}, and that is the area under the curve.",
        note="Each healthy patient is a column of the area, as high as the part of the ill above them, a level one counting half.",
        **_picture(scores, ill, -np.inf, points),
    )


def _picture(
    scores: np.ndarray, ill: np.ndarray, threshold: float, points: list[tuple[float, float]]
) -> dict[str, str]:
    """The patients on the left, the curve so far on the right."""
    row, top, left = 20, 34, 8
    called = scores >= threshold
    parts = [svg.text(left, 16, "score", bold=True), svg.text(left + 52, 16, "truth", bold=True)]
    parts.append(svg.text(left + 132, 16, "called", bold=True))
    lines = []
    for i, (score, is_ill, yes) in enumerate(zip(scores.tolist(), ill.tolist(), called.tolist(), strict=True)):
        y = top + row * i
        truth, word = ("ill" if is_ill else "healthy"), ("→ ill" if yes else "")
        if yes:
            parts.append(svg.rect(left - 4, y - 14, 186, row - 2, fill=GREEN if is_ill else GREY, opacity=0.3))
        parts.append(svg.text(left + 34, y, svg.shown(score, 1), anchor="end"))
        parts.append(svg.dot(left + 58, y - 4, color=VERMILION if is_ill else BLUE, radius=4 if is_ill else 3))
        parts.append(svg.text(left + 68, y, truth, bold=is_ill) + svg.text(left + 132, y, word))
        lines.append(f"{svg.shown(score, 1):>6} {truth:<8} {word and 'called ill'}".rstrip())
    if np.isfinite(threshold):
        y = top + row * int(called.sum()) - 15
        parts.append(svg.line((left - 4, y), (left + 182, y), width=2))
    axes = svg.Axes(left + 240, 20, 180, 180, (0, 1), (0, 1))
    parts.append(axes.frame(x_label="false positive rate", y_label="true positive rate", x_ticks=_UNIT, y_ticks=_UNIT))
    parts.append(axes.curve([(0, 0), (1, 1)], color="currentColor", width=1, dash="4 4"))
    if len(points) > 1:
        parts.append(axes.curve(points, color=BLUE))
    parts += [axes.dots(points, color=BLUE, radius=3), axes.dots(points[-1:], color=VERMILION, radius=5)]
    path = " ".join(f"({fpr:.2f}, {tpr:.2f})" for fpr, tpr in points)
    return {
        "picture_svg": svg.picture(440, 256, *parts),
        "picture_text": "\n".join([*lines, f"curve so far (fpr, tpr): {path}"]),
    }


_UNIT = (0.0, 0.5, 1.0)

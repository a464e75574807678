"""Lesson 15's trace: one patient's logit, cooled, shifted, turned into a probability and into a decision."""

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace
from course_lib.classroom.style import BLUE, GREY, VERMILION
from course_lib.lessons.calibration.scores import bold_network

FALSE_ALARM, MISS = 1, 10
SCREENING = 0.05
"""The share of the ill where the network is used."""

NAMES = ("texture", "smoothness", "symmetry", "fractal dimension")


def sigmoid(z: float) -> float:
    """The probability that belongs to log-odds."""
    return float(1 / (1 + np.exp(-z)))


def log_odds(p: float) -> float:
    """The log-odds that belong to a probability."""
    return float(np.log(p / (1 - p)))


def patient() -> int:
    """A test patient whose decision turns twice: at the temperature, and back at the prevalence."""
    bold, cut = bold_network(), log_odds(FALSE_ALARM / (FALSE_ALARM + MISS))
    cooled = bold.logits / bold.temperature
    shifted = cooled + log_odds(SCREENING) - log_odds(bold.prevalence)
    turning = np.flatnonzero((bold.logits < cut) & (cooled > cut) & (shifted < cut))
    return int(turning[np.argsort(bold.logits[turning])[len(turning) // 2]])


def trace_decision() -> Trace:
    """From the network's logit to the cheaper of two calls, for one real patient."""
    bold, who = bold_network(), patient()
    raw = float(bold.logits[who])
    cool = raw / bold.temperature
    shift = log_odds(SCREENING) - log_odds(bold.prevalence)
    there = cool + shift
    cut = FALSE_ALARM / (FALSE_ALARM + MISS)
    measured = ", ".join(f"{name} {svg.shown(float(v), 1)}" for name, v in zip(NAMES, bold.measured[who], strict=True))
    here = [("as trained", raw, BLUE)]
    cooled = [*here, ("cooled", cool, BLUE)]
    moved = [*cooled, ("in the screening", there, VERMILION)]
    return Trace(
        "One patient, from a logit to a decision",
        [
            Stage(
                "The network's logit",
                goes_in=f"Four standardised measurements: {measured}.",
                happens="A network like ours, which nearly knows its training data by heart, makes one number of them.",
                comes_out=f"The logit {svg.shown(raw)}.",
                **_line(here),
            ),
            Stage(
                "What it claims",
                goes_in=f"The logit {svg.shown(raw)}.",
                happens="The sigmoid makes a probability of it.",
                comes_out=f"{sigmoid(raw):.3f}. With this claim the patient is **sent home**: "
                f"{MISS} × {sigmoid(raw):.3f} is less than {FALSE_ALARM} × {1 - sigmoid(raw):.3f}.",
                **_line(here),
            ),
            Stage(
                "Cooled",
                goes_in=f"The logit {svg.shown(raw)} and the temperature {bold.temperature:.2f}, fitted on validation data.",
                happens="The logit is divided by the temperature.",
                comes_out=f"{svg.shown(cool)}, nearer to 0; the probability is {sigmoid(cool):.3f}.",
                note=f"Where {bold.prevalence:.0%} are ill this patient is **called back**: the decision has turned.",
                **_line(cooled),
            ),
            Stage(
                "Another prevalence",
                goes_in=f"{svg.shown(cool)}; trained where {bold.prevalence:.0%} are ill, used where {SCREENING:.0%} are.",
                happens=f"The log-odds of the two shares differ by {svg.shown(shift)}, and that is added.",
                comes_out=f"The log-odds {svg.shown(there)}.",
                note="Everybody's log-odds move by the same amount, so nobody overtakes anybody.",
                **_line(moved),
            ),
            Stage(
                "The probability to act on",
                goes_in=f"The log-odds {svg.shown(there)}.",
                happens="The sigmoid once more.",
                comes_out=f"{sigmoid(there):.3f}: in the screening about {sigmoid(there) * 1000:.0f} of 1,000 such "
                "patients are ill.",
                **_line(moved),
            ),
            Stage(
                "Two costs",
                goes_in=f"The probability {sigmoid(there):.3f}; a miss costs {MISS}, a false alarm {FALSE_ALARM}.",
                happens=f"Sent home, the patient costs {MISS} × {sigmoid(there):.3f} = {MISS * sigmoid(there):.2f} on "
                f"average; called back, {FALSE_ALARM} × {1 - sigmoid(there):.3f} = "
                f"{FALSE_ALARM * (1 - sigmoid(there)):.2f}.",
                comes_out=f"The two are equal at {FALSE_ALARM} / {FALSE_ALARM + MISS} = {cut:.3f}, "
                f"which is {svg.shown(log_odds(cut))} in log-odds.",
                **_line(moved, cut=log_odds(cut)),
            ),
            Stage(
                "The decision",
                goes_in=f"{sigmoid(there):.3f} against {cut:.3f}.",
                happens="The probability is below the threshold.",
                comes_out="**Sent home**, the cheaper call. The tumour is "
                + ("malignant, so this was a miss." if bold.ill[who] else "benign, so this was right."),
                note="The decision is the cheapest on average. About a single patient it promises nothing.",
                **_line(moved, cut=log_odds(cut)),
            ),
        ],
    )


def _line(points: list[tuple[str, float, str]], cut: float | None = None) -> dict[str, str]:
    """The log-odds on a line, one row for each step so far; the threshold as an upright line."""
    axes = svg.Axes(110, 12, 210, 26 * 3, (-7.0, 3.0), (0, 3))
    parts = [axes.frame(x_label="log-odds of malignant", x_ticks=(-6, -4, -2, 0, 2), y_ticks=())]
    words = []
    for row, (name, z, color) in enumerate(points):
        x, y = axes.place(z, 2.5 - row)
        parts.append(svg.line((axes.left, y), (axes.left + axes.width, y), color=GREY, dash="2 4"))
        parts.append(svg.dot(x, y, color=color, radius=5) + svg.text(102, y + 4, name, anchor="end"))
        parts.append(svg.text(axes.left + axes.width + 8, y + 4, f"{svg.shown(z)}, p = {sigmoid(z):.3f}"))
        words.append(f"{name}: log-odds {svg.shown(z)}, probability {sigmoid(z):.3f}")
    if cut is not None:
        x, _ = axes.place(cut, 0)
        parts.append(svg.line((x, axes.top), (x, axes.top + axes.height), width=2))
        parts.append(svg.text(x + 4, axes.top + 56, "called from here", size=11))
        words.append(f"threshold: log-odds {svg.shown(cut)}, probability {sigmoid(cut):.3f}")
    return {"picture_svg": svg.picture(440, 132, *parts), "picture_text": "\n".join(words)}

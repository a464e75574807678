"""Your turn: one bin of a reliability diagram."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import claims


class OneBin(Task):
    """The mean claim and the share that came true, from `low` up to `high`."""

    visible: ClassVar = {
        "claims from 0.3 to 0.5": {"examples": 80, "low": 0.3, "high": 0.5, "extra": (0.3, 0.5, 1.0)},
        "the last bin": {"examples": 60, "low": 0.75, "high": 1.0, "extra": (0.75, 1.0)},
        "a bin without claims": {"examples": 40, "low": 0.5, "high": 0.75, "within": (0.0, 0.4), "extra": ()},
    }
    hints: ClassVar = {
        "mask": "`inside = (probs >= low) & (probs < high)` is True for the claims of this bin; `probs[inside]` are those.",
        "last": "The bin whose `high` is 1 also holds a claim of exactly 1: `(probs < high) | (high == 1)`.",
        "empty": "The mean of nothing: ask `inside.any()` first, and return two `float('nan')`.",
        "both": "Return two numbers: `probs[inside].mean()` and `happened[inside].mean()`.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Claims (N,) with some just on the edges, and what happened (N,)."""
        probs, happened = claims(case)
        edges = np.repeat(case.extra, 6)
        return np.r_[probs, edges], np.r_[happened, np.arange(len(edges)) % 3 > 0].astype(np.int64)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for one bin."""
        return observe(lambda: answer(*self.data(case), case.low, case.high))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Two means over the claims of the bin."""
        if seen.error:
            return failed(f"`one_bin` raised {first_line(seen.error)}.", hint="mask")
        got = sequence(seen.value)
        if got is None or len(got) != 2:
            return failed("Expected two numbers, the mean claim and the share that came true.", hint="both")
        probs, happened = self.data(case)
        wanted = _means(probs, happened, (probs >= case.low) & ((probs < case.high) | (case.high == 1)))
        if all(near(g, w) for g, w in zip(got.tolist(), wanted, strict=True)):
            return passed("Edges and empty bins as they should be.")
        said = f"Expected {wanted[0]:.3f} and {wanted[1]:.3f}, got {got[0]:.3f} and {got[1]:.3f}"
        if np.isnan(wanted[0]):
            return failed(f"No claim is in this bin. {said}.", hint="empty")
        for inside, what, hint in (
            ((probs >= case.low) & (probs < case.high), "a claim of exactly 1 was left out", "last"),
            ((probs >= case.low) & (probs <= case.high), "claims of exactly `high` were counted", "mask"),
            ((probs > case.low) & (probs <= case.high), "`low` was left out and `high` counted", "mask"),
            ((probs > case.low) & (probs < case.high), "claims of exactly `low` were left out", "mask"),
            (
                ((probs >= case.low) & (probs < case.high)) | (probs == 1),
                "a claim of exactly 1 belongs to the last bin, not to each",
                "last",
            ),
            (np.ones(len(probs), bool), "all claims were taken, not those of the bin", "mask"),
        ):
            if all(near(g, w) for g, w in zip(got.tolist(), _means(probs, happened, inside), strict=True)):
                return failed(f"{said}: {what}.", hint=hint)
        if near(got[0].item(), wanted[1]) and near(got[1].item(), wanted[0]):
            return failed(f"{said}: the two are swapped.", hint="both")
        if near(got[0].item(), (case.low + case.high) / 2):
            return failed(f"{said}: the first is the middle of the bin, not the mean of its claims.", hint="both")
        return failed(f"{said}.", hint="mask")


def _means(probs: np.ndarray, happened: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    if not inside.any():
        return float("nan"), float("nan")
    return float(probs[inside].mean()), float(happened[inside].mean())

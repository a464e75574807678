"""How far an AUC may be off by the luck of the sample."""

import random
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import patients, true_auc
from course_lib.metrics.curves import roc_auc
from course_lib.metrics.uncertainty import Interval, bootstrap_interval


@lru_cache(maxsize=64)
def reference(scores: tuple[float, ...], targets: tuple[int, ...], tail: float) -> Interval:
    """The interval that leaves out `tail` on either side, from many resamples: kept, for everybody's is the same."""
    scores, targets = np.array(scores), np.array(targets)
    return bootstrap_interval(roc_auc, scores, targets, resamples=3000, confidence=1 - 2 * tail, seed=1)


class AucInterval(Task):
    """How far an AUC may be off by the luck of the sample."""

    visible: ClassVar = {
        "eighty patients": {"examples": 80, "positives": 30, "digits": 1, "confidence": 0.6, "resamples": 250},
        "the same seed twice": {
            "examples": 60, "positives": 25, "digits": 1, "confidence": 0.6, "resamples": 40, "repeats": True,
        },
    }  # fmt: skip
    graded: ClassVar = {
        "the middle half": {"examples": 80, "positives": 30, "digits": 1, "confidence": 0.5, "resamples": 200},
        "three ill patients": {"examples": 45, "positives": 3, "digits": 1, "confidence": 0.8, "resamples": 150},
    }
    hints: ClassVar = {
        "replace": "`rows = rng.integers(n, size=n)` draws patients with replacement: some twice, some not at all.",
        "together": "Draw rows, and use the same rows for scores and targets. A patient keeps their own diagnosis.",
        "quantiles": "The interval is the middle part of the resampled areas: `np.quantile(areas, [tail, 1 - tail])` "
        "with `tail = (1 - confidence) / 2`.",
        "one class": "With few ill patients a resample may hold none of them. It has no area: leave it out.",
        "seed": "`rng = np.random.default_rng(seed)` is a generator of your own; `np.random.seed` changes everybody's.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Scores and targets whose area is neither near chance nor near 1, where intervals are squeezed."""
        for seed in range(case.seed, case.seed + 1000):
            scores, targets = patients(Case(case.name, seed, case.settings))
            if 0.65 < true_auc(scores, targets) < 0.85:
                break
        return scores, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask once, or twice with a seed, and look at the global random states."""
        scores, targets = self.data(case)
        options = {"resamples": case.resamples, "confidence": case.confidence, "seed": 3}

        def state() -> tuple:
            return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

        before = state()

        def use() -> list:
            return [answer(scores, targets, **options) for _ in range(2 if case.settings.get("repeats") else 1)]

        return observe(use, also={"undisturbed": lambda: state() == before})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Near the percentile interval; the same for the same seed; no global state touched."""
        if seen.error:
            return failed(f"`auc_interval` raised {seen.error}.", hint="one class" if case.positives < 9 else "replace")
        pairs = [sequence(value) for value in seen.value] if isinstance(seen.value, list) else [None]
        if any(pair is None or len(pair) != 2 for pair in pairs):
            return failed("Expected two numbers, low and high.", hint="quantiles")
        low, high = pairs[0].tolist()
        scores, targets = self.data(case)
        area = true_auc(scores, targets)
        if not (low == low and high == high):
            return failed(
                "The interval is NaN: in some resample one of the classes is missing, and its area is undefined.",
                hint="one class",
            )
        if low > high:
            return failed(f"Expected low, then high; got {low:.3f} and {high:.3f}.", hint="quantiles")
        if high - low < 1e-9:
            return failed(
                f"The interval from {low:.3f} to {high:.3f} has no width: every resample was the whole sample again. "
                "Draw with replacement.",
                hint="replace",
            )
        if case.settings.get("repeats"):
            if not near(pairs[0], pairs[1]):
                return failed("The same seed gave two intervals. Draw from a generator made of `seed`.", hint="seed")
            if not seen.also["undisturbed"]:
                return failed("A global random state was changed. Use a generator of your own.", hint="seed")

        # A quantile of few resamples is itself a matter of luck: 4.5 standard errors of its rank to either side.
        tail = (1 - case.confidence) / 2
        error = 4.5 * (tail * (1 - tail) / case.resamples) ** 0.5
        data = tuple(scores.tolist()), tuple(targets.tolist())
        wanted, outer, inner = (reference(*data, t) for t in (tail, max(tail - error, 1e-4), tail + error))
        if outer.low - 1e-9 <= low <= inner.low + 1e-9 and inner.high - 1e-9 <= high <= outer.high + 1e-9:
            return passed(f"From {low:.3f} to {high:.3f} around an area of {area:.3f}.")
        got = f"Expected about {wanted.low:.3f} to {wanted.high:.3f}, got {low:.3f} to {high:.3f}"
        if not low <= area <= high and abs((low + high) / 2 - 0.5) < abs((low + high) / 2 - area):
            return failed(
                f"{got}, around 0.5. Scores and targets were drawn apart, so that nobody keeps their diagnosis.",
                hint="together",
            )
        much = "wide" if high - low > wanted.high - wanted.low else "narrow"
        return failed(f"{got}: too {much} for a confidence of {case.confidence}.", hint="quantiles")

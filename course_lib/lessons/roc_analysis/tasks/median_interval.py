"""Your turn: a bootstrap interval of a median."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.resampling import band, pair_of


class MedianInterval(Task):
    """The middle 90 % of the medians of resamples."""

    visible: ClassVar = {
        "sixty-one payments": {"count": 61, "resamples": 2000},
        "another amount, far to one side": {"count": 25, "resamples": 300, "skewed": True},
        "three payments": {"count": 3, "resamples": 400},
        "one resample of two payments": {"count": 2, "resamples": 1, "calls": 60},
        "the same seed again and again": {"count": 41, "resamples": 60, "same": 6},
    }
    hints: ClassVar = {
        "replace": "`values[rng.integers(len(values), size=len(values))]` is a resample: some values twice, some not at all.",
        "quantiles": "The middle 90 % leaves out 5 % on either side: `np.quantile(medians, [0.05, 0.95])`.",
        "median": "`np.median` takes the mean of the two in the middle; torch's `median` takes the lower one.",
        "seed": "Make the generator once, before the loop: `rng = np.random.default_rng(seed)`.",
    }

    def values(self, case: Case) -> np.ndarray:
        """Amounts (N,)."""
        drawn = np.random.default_rng(case.seed).gamma(0.6 if case.settings.get("skewed") else 3, 20, size=case.count)
        return drawn.round(2)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask once, or with several seeds, or with the same one: two draws of 41 agree by luck in 4 of 100, six in none."""
        values = self.values(case)

        def use() -> list:
            seeds = [5] * case.same if "same" in case.settings else range(case.settings.get("calls", 1))
            return [answer(values.copy(), resamples=case.resamples, seed=seed) for seed in seeds]

        return observe(use)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Near the quantiles of the medians."""
        if seen.error:
            return failed(f"`median_interval` raised {seen.error}.", hint="replace")
        pairs = [pair_of(value) for value in seen.value]
        if None in pairs:
            return failed("Expected two numbers, low and high.", hint="quantiles")
        if "same" in case.settings and not all(
            near(*both) for pair in pairs for both in zip(pair, pairs[0], strict=True)
        ):
            return failed("The same seed gave two intervals. Draw from a generator made of `seed`.", hint="seed")
        (low, high), values = pairs[0], self.values(case)
        if low > high:
            return failed(f"Expected low, then high; got {low:.2f} and {high:.2f}.", hint="quantiles")
        if "calls" in case.settings:
            return self.singly(pairs, values)
        if high - low < 1e-9:
            why = (
                "every resample had the median of the whole sample. Draw with replacement, anew each time."
                if near(low, float(np.median(values)))
                else "every resample was the same one. Make the generator once, before the loop."
            )
            return failed(f"From {low:.2f} to {high:.2f}: {why}", hint="replace")
        rng = np.random.default_rng(1)
        medians = np.median(values[rng.integers(case.count, size=(3000, case.count))], axis=1)
        at = [band(medians, tail, case.resamples) for tail in (0.05, 0.95)]
        if all(least <= value <= most for value, (least, most) in zip((low, high), at, strict=True)):
            return passed(f"From {low:.2f} to {high:.2f} around a median of {np.median(values):.2f}.")
        wanted = np.quantile(medians, [0.05, 0.95])
        return failed(
            f"Expected about {wanted[0]:.2f} to {wanted[1]:.2f}, the middle 90 % of the medians; got {low:.2f} to "
            f"{high:.2f}.",
            hint="quantiles",
        )

    @staticmethod
    def singly(pairs: list, values: np.ndarray) -> Verdict:
        """One resample of two values has one of three medians; sixty seeds meet them all."""
        wide = [pair for pair in pairs if not near(*pair)]
        if wide:
            return failed(
                f"With resamples=1 there is one median, so low equals high; got {wide[0][0]:.2f} to {wide[0][1]:.2f}.",
                hint="quantiles",
            )
        lows = np.array([low for low, _ in pairs])
        if np.ptp(lows) < 1e-9:
            return failed(
                f"60 seeds gave {lows[0]:.2f} each time: draw with `seed`, and with replacement.", hint="seed"
            )
        said = f"Sixty resamples of {values[0]:.2f} and {values[1]:.2f}"
        if not near_any(lows, values.mean()):
            return failed(f"{said}: the median of two values is their mean, and it never came out.", hint="median")
        missing = [value for value in values if not near_any(lows, value)]
        if missing:
            return failed(f"{said}: none was {missing[0]:.2f} twice. `integers(n)` ends at n - 1.", hint="replace")
        return passed("One resample, one median around a median of two.")


def near_any(numbers: np.ndarray, wanted: float) -> bool:
    """Whether one of these numbers is the one wanted."""
    return any(near(value, float(wanted)) for value in numbers.tolist())

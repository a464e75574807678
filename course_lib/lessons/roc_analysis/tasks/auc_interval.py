"""How far an AUC may be off by the luck of the sample."""

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.roc_analysis.tasks.resampling import (
    TOLERANCE,
    attained,
    band,
    drawn_from,
    global_states,
    pair_of,
    sizes_of,
)
from course_lib.lessons.roc_analysis.tasks.shared import patients, true_auc
from course_lib.metrics.curves import auc_of, counts_of

NEARLY_ALL = 1 - 1e-6
SAME = 4
"""How often the same seed is asked: two resamples of 15 patients have the same area by luck in 1 to 2 of 100."""


@lru_cache(maxsize=64)
def many_areas(scores: tuple[float, ...], targets: tuple[int, ...]) -> np.ndarray:
    """The areas of 3,000 resamples: kept, for everybody's are the same."""
    scores, hits = np.array(scores), np.array(targets) == 1
    weights = np.random.default_rng(1).multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=3000)
    areas = auc_of(counts_of(scores, hits, weights))
    return areas[~np.isnan(areas)]


class AucInterval(Task):
    """How far an AUC may be off by the luck of the sample."""

    visible: ClassVar = {
        "the middle of eighty patients": {
            "kind": "plain", "examples": 80, "positives": 30, "digits": 1, "confidence": 0.4, "resamples": 80,
        },
        "one resample at a time": {"kind": "single", "examples": 17, "positives": 8, "calls": 30},
        "only the last patient is misplaced": {"kind": "misplaced", "examples": 26, "last": True, "resamples": 30},
        "one ill patient, above all others": {"kind": "alone", "examples": 14, "top": True, "resamples": 16},
        "the same score for all": {"kind": "level", "examples": 16, "resamples": 12},
    }  # fmt: skip
    graded: ClassVar = {
        "a quarter of seventy patients": {
            "kind": "plain", "examples": 70, "positives": 40, "digits": 1, "confidence": 0.25, "resamples": 90,
        },
        "one resample at a time, of fifteen": {"kind": "single", "examples": 15, "positives": 6, "calls": 30},
        "only the first patient is misplaced": {"kind": "misplaced", "examples": 24, "last": False, "resamples": 30},
        "one ill patient, below all others": {"kind": "alone", "examples": 12, "top": False, "resamples": 16},
    }  # fmt: skip
    hints: ClassVar = {
        "replace": "`rows = rng.integers(n, size=n)` draws n row numbers from 0 to n - 1 with replacement: some twice, "
        "some not at all. Anew for each resample, from one generator made before the loop.",
        "together": "Draw rows, and use the same rows for scores and targets. A patient keeps their own diagnosis, and how "
        "many ill a resample holds is left to chance.",
        "quantiles": "The interval is the middle part of the resampled areas: `np.quantile(areas, [tail, 1 - tail])` "
        "with `tail = (1 - confidence) / 2`.",
        "one class": "With few ill patients a resample may hold none of them. It has no area: leave it out.",
        "ties": "The area is the one of task 2: of a pair with equal scores count one half.",
        "seed": "`rng = np.random.default_rng(seed)` is a generator of your own; `np.random.seed` changes everybody's.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Scores and targets of a case, by its kind."""
        rng = np.random.default_rng(case.seed)
        n = case.examples
        if case.kind == "alone":
            targets = (np.arange(n) == rng.integers(1, n - 1)).astype(np.int64)
            return rng.normal(size=n) + (99 if case.top else -99) * targets, targets
        if case.kind == "level":
            return np.full(n, 1.5), rng.permutation(np.arange(n) % 2).astype(np.int64)
        if case.kind == "misplaced":
            targets = rng.permutation(np.arange(n) % 2)
            odd = n - 1 if case.last else 0
            scores = rng.random(n) + 3 * targets
            scores[odd] += -9 if targets[odd] else 9
            return scores, targets.astype(np.int64)
        single = case.kind == "single"
        for seed in range(case.seed, case.seed + 1000):  # neither near chance nor near 1, where intervals are squeezed
            scores, targets = patients(Case(case.name, seed, case.settings))
            if 0.65 < true_auc(scores, targets) < 0.85 and not (
                single and _ambiguous(tuple(scores.tolist()), tuple(targets.tolist()))
            ):
                break
        return scores, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask once, or many times for one resample; look at the global random states."""
        scores, targets = self.data(case)
        before = global_states()

        def interval(seed: int, resamples: int, confidence: float) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a NaN, which the judge reports
                return answer(scores.copy(), targets.copy(), resamples=resamples, confidence=confidence, seed=seed)

        use = (lambda: _singly(interval, case)) if case.kind == "single" else (
            lambda: [interval(3, case.resamples, case.settings.get("confidence", NEARLY_ALL))]
        )  # fmt: skip
        return observe(use, also={"undisturbed": lambda: global_states() == before})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Low and high from resamples of all patients, as the case's kind shows it best."""
        if seen.error:
            more = " In some resample one of the classes is missing: leave it out." if case.kind == "alone" else ""
            return failed(f"`auc_interval` raised {seen.error}.{more}", hint="one class" if more else "replace")
        pairs = [pair_of(value) for value in seen.value] if isinstance(seen.value, list) else [None]
        if any(pair is None for pair in pairs):
            return failed("Expected two numbers, low and high.", hint="quantiles")
        if any(value != value for pair in pairs for value in pair):
            why = "in some resample one of the classes is missing, and its area is undefined"
            if case.kind == "single":
                why = "with resamples=1 there is one area, and it is both quantiles (a spread of one area is undefined)"
            hint = "quantiles" if case.kind == "single" else "one class"
            return failed(f"The interval is NaN: {why}.", hint=hint)
        scores, targets = self.data(case)
        (low, high), area = pairs[0], true_auc(scores, targets)
        if low > high + TOLERANCE:
            return failed(
                f"Expected low, then high; got {low:.3f} and {high:.3f}. At a confidence of 0.4 the middle part lies between "
                "the quantiles 0.3 and 0.7.",
                hint="quantiles",
            )
        judges = {
            "plain": self.plain,
            "single": self.single,
            "misplaced": self.misplaced,
            "alone": self.alone,
            "level": self.level,
        }
        wrong = judges[case.kind](pairs, area, case, scores, targets)
        if wrong:
            return wrong
        if not seen.also["undisturbed"]:
            return failed("A global random state was changed. Use a generator of your own.", hint="seed")
        return passed(f"From {low:.3f} to {high:.3f} around an area of {area:.3f}.")

    @staticmethod
    def plain(pairs: list, area: float, case: Case, scores: np.ndarray, targets: np.ndarray) -> Verdict | None:
        """Near the quantiles; a quantile of few resamples is itself a matter of luck, so the band is wide."""
        low, high = pairs[0]
        if high - low < TOLERANCE:
            if abs(low - area) < TOLERANCE:
                why = "every resample was the whole sample again. Draw with replacement."
            else:
                why = "every resample was the same one. Make the generator once, before the loop."
            return failed(f"The interval from {low:.3f} to {high:.3f} has no width: {why}", hint="replace")
        areas, tail = many_areas(tuple(scores.tolist()), tuple(targets.tolist())), (1 - case.confidence) / 2
        from_, to = band(areas, tail, case.resamples), band(areas, 1 - tail, case.resamples)
        if from_[0] <= low <= from_[1] and to[0] <= high <= to[1]:
            return None
        wanted = np.quantile(areas, [tail, 1 - tail])
        got = f"Expected about {wanted[0]:.3f} to {wanted[1]:.3f}, got {low:.3f} to {high:.3f}"
        if high < from_[0] and abs(low + high - 1) < 0.2:
            return failed(
                f"{got}, around 0.5. Scores and targets were drawn apart, so that nobody keeps their diagnosis.",
                hint="together",
            )
        much = "wide" if high - low > wanted[1] - wanted[0] else "narrow"
        return failed(
            f"{got}: too {much} for the middle {case.confidence:g} of the areas of resamples of all {len(scores)} patients.",
            hint="quantiles",
        )

    @staticmethod
    def single(pairs: list, area: float, case: Case, scores: np.ndarray, targets: np.ndarray) -> Verdict | None:
        """What a single resample gives shows how it was drawn: as many patients, any mix of ill and healthy."""
        wide = next((pair for pair in pairs if pair[1] - pair[0] > TOLERANCE), None)
        if wide:
            return failed(
                f"With resamples=1 there is one area, so low equals high; got {wide[0]:.3f} to {wide[1]:.3f}. Draw "
                "`resamples` times, and take the quantiles of those areas.",
                hint="quantiles",
            )
        if any(abs(low - pairs[0][0]) > TOLERANCE for low, _ in pairs[:SAME]):
            return failed("The same seed gave two intervals. Draw from a generator made of `seed`.", hint="seed")
        values, n = [low for low, _ in pairs[SAME - 1 :]], len(scores)
        if np.ptp(values) < TOLERANCE:
            return failed("Every seed gave the same resample: `seed` isn't used.", hint="seed")
        if not attained(values, drawn_from(n)).all():
            sizes, said = sizes_of(values, 2 * n), f"With resamples=1, low and high are the area of {n} drawn patients"
            if sizes:
                return failed(f"{said}; these are areas of {sizes[0]}. Draw as many as there are.", hint="replace")
            return failed(
                f"{said}; {n} patients can't have such an area. Hand out quantiles of the areas themselves.",
                hint="quantiles",
            )
        fewer = [size for size in sizes_of(values, n) if size < n]
        if fewer:
            return failed(f"Only {fewer[0]} patients were drawn each time; there are {n}.", hint="replace")
        n_ill = int(targets.sum())
        if attained(values, [(n_ill, n - n_ill)]).all():
            return failed(
                f"In every resample {n_ill} of {n} were ill: the ill and the healthy were drawn apart. Draw patients; how "
                "many of them are ill is luck too.",
                hint="together",
            )
        return None

    @staticmethod
    def misplaced(pairs: list, area: float, case: Case, scores: np.ndarray, targets: np.ndarray) -> Verdict | None:
        """Without the one patient every area is 1; some resamples hold them, others don't."""
        (low, high), which = pairs[0], "last" if case.last else "first"
        said = f"Nearly all of {case.resamples} areas, from {low:.4f} to {high:.4f}"
        if high > 1 + TOLERANCE:
            return failed(f"{said}: no area is above 1. Take the quantiles of the areas themselves.", hint="quantiles")
        if low > 1 - TOLERANCE:
            return failed(
                f"{said}: the {which} patient alone is misplaced, and was never drawn. `integers(n)` ends at n - 1.",
                hint="replace",
            )
        if high < 1 - TOLERANCE:
            return failed(
                f"{said}: a third of all resamples lack the {which} patient, and their area is 1. The interval has to reach it.",
                hint="quantiles",
            )
        n = len(scores)
        if low < 0.01 or not attained([low], [(1, b) for b in range(1, n)]).all():
            return failed(
                f"{said}: low is the smallest area of all here, and no resample of {n} has this one. Take the quantiles that "
                "`confidence` asks for, of the areas themselves.",
                hint="quantiles",
            )
        return None

    @staticmethod
    def alone(pairs: list, area: float, case: Case, scores: np.ndarray, targets: np.ndarray) -> Verdict | None:
        """Every resample that has an area has the same; a third have none."""
        low, high = pairs[0]
        if abs(low - area) < TOLERANCE and abs(high - area) < TOLERANCE:
            return None
        return failed(
            f"Every resample that holds the one ill patient has the area {area:.0f}; got {low:.3f} to {high:.3f}. A resample "
            "without ill patients has no area, not even 0.5: leave it out.",
            hint="one class",
        )

    @staticmethod
    def level(pairs: list, area: float, case: Case, scores: np.ndarray, targets: np.ndarray) -> Verdict | None:
        """Every pair is tied, in every resample."""
        low, high = pairs[0]
        if abs(low - 0.5) < TOLERANCE and abs(high - 0.5) < TOLERANCE:
            return None
        return failed(
            f"All scores are equal, so every area is 0.5; got {low:.3f} to {high:.3f}. Equal scores count one half.",
            hint="ties",
        )


@lru_cache(maxsize=256)
def _ambiguous(scores: tuple[float, ...], targets: tuple[int, ...]) -> bool:
    """Whether half of all areas could also come from fewer patients, or from as many ill and healthy as there are."""
    areas, n, n_ill = many_areas(scores, targets)[:200], len(targets), sum(targets)
    others = [drawn_from(size) for size in range(2, n)] + [[(n_ill, n - n_ill)]]
    return any(attained(areas, groups).mean() > 0.5 for groups in others)


def _singly(interval: Callable, case: Case) -> list:
    """The same seed four times, then others, one resample each; it stops where that is not one area.

    A resample may happen to be of one class and then leaves nothing to take quantiles of: that is nobody's fault.
    """
    found, forgiven = [interval(1, 1, 0.9)], 3
    for seed in (*[1] * (SAME - 1), *range(2, case.calls)):
        try:
            value = interval(seed, 1, 0.9)
        except (ValueError, IndexError, RuntimeError, ArithmeticError):
            forgiven -= 1
            if forgiven < 0:
                raise
            continue
        pair = pair_of(value)
        if pair and pair[0] != pair[0] and forgiven:
            forgiven -= 1
            continue
        found.append(value)
        if pair is None or not pair[1] - pair[0] <= TOLERANCE:
            break
    return found

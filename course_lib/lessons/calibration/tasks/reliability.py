"""The numbers of a reliability diagram: bins, edges, empty bins."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import number, sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import claims


class Reliability(Task):
    """Mean claim, share that came true and count of each bin, and the calibration error."""

    visible: ClassVar = {
        "ten bins": {"examples": 150},
        "four bins, claims on their edges": {"examples": 50, "bins": 4, "edges": True},
        "eight bins, some of them empty": {"examples": 40, "bins": 8, "within": (0.51, 0.86)},
        "a claim above 1": {"examples": 12, "spoiled": 1.2},
    }
    graded: ClassVar = {
        "sixteen bins, booleans, edges": {"examples": 60, "bins": 16, "edges": True, "dtype": np.bool_},
        "one bin": {"examples": 30, "bins": 1, "edges": True},
        "three bins, nobody in the first": {"examples": 25, "bins": 3, "within": (0.4, 0.98)},
        "a claim below 0": {"examples": 12, "spoiled": -0.3, "bins": 5},
        "a claim that is NaN": {"examples": 12, "spoiled": float("nan")},
    }
    hints: ClassVar = {
        "index": "`(probs * bins).astype(int)` is each claim's bin, counted from 0; `.clip(max=bins - 1)` keeps a claim of "
        "1.0 in the last.",
        "edges": "A claim on the edge of two bins belongs to the upper one. `np.digitize` and `np.histogram` have "
        "conventions of their own: look at the last bin.",
        "means": "`np.bincount(index, probs, minlength=bins) / count` is the mean claim of each bin; the same with "
        "`happened`. Not the middle of the bin.",
        "empty": "Where the count is 0 both means are NaN. Leave those bins out of the error: `np.nansum`.",
        "weights": "The calibration error weights each bin by its count: `(count * gap).sum() / count.sum()`.",
        "refuse": "Not between 0 and 1, or NaN: `raise ValueError(...)`. `not (p >= 0 and p <= 1)` is true of NaN as well.",
        "four": "Return four things: `claimed, happened, count, error`.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Claims (N,) in random order and what happened (N,); `edges` adds some on each edge, `spoiled` one that is none."""
        probs, happened = claims(case)
        rng = np.random.default_rng(case.seed + 1)
        if case.settings.get("edges"):
            edges = np.repeat(np.arange(self.bins(case) + 1) / self.bins(case), 2 + rng.integers(1, 3))
            probs = np.r_[probs, edges]
            happened = np.r_[happened, (rng.random(len(edges)) < 0.6 * edges + 0.1).astype(happened.dtype)]
        if "spoiled" in case.settings:
            probs[rng.integers(len(probs))] = case.spoiled
        order = rng.permutation(len(probs))
        return probs[order], happened[order]

    @staticmethod
    def bins(case: Case) -> int:
        """How many bins this case asks for."""
        return case.settings.get("bins", 10)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the numbers; the default of ten bins isn't passed."""
        options = {"bins": case.bins} if "bins" in case.settings else {}
        return observe(asked, answer, *self.data(case), **options)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The library's own numbers, or which mistake gives those that came."""
        if "spoiled" in case.settings:
            what = {1.2: "1.2", -0.3: "-0.3"}.get(case.spoiled, "NaN")
            why = f"One probability is {what}."
            return refusal(seen, "reliability", why) or passed("It refuses what is no probability.")
        if said := no_value(seen, "reliability"):
            why = " Every probability here lies between 0 and 1, the ends included." if not seen.error else ""
            return failed(said + why, hint="refuse" if why else "index")
        got, bins = seen.value["value"], self.bins(case)
        if not isinstance(got, list) or len(got) != 4:
            return failed("Expected four things: claimed, happened, count, error.", hint="four")
        columns, error = [sequence(part) for part in got[:3]], number(got[3])
        for name, column in zip(("claimed", "happened", "count"), columns, strict=True):
            if column is None or len(column) != bins:
                size = "no list of numbers" if column is None else f"of length {len(column)}"
                return failed(f"`{name}` has one value for each of the {bins} bins; it is {size}.", hint="empty")
        claimed, happened, count = (column.numpy() for column in columns)
        probs, came_true = self.data(case)
        index = (probs * bins).astype(int).clip(max=bins - 1)
        wanted = _numbers(index, probs, came_true, bins)
        if verdict := _counts(count, wanted[2], probs, bins):
            return verdict
        if (verdict := _means(claimed, happened, wanted, bins)) or (verdict := _error(error, wanted)):
            return verdict
        return passed("Edges, empty bins and the error are right.")


def _numbers(index: np.ndarray, probs: np.ndarray, happened: np.ndarray, bins: int) -> tuple:
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    return claimed, true, count, float(np.nansum(count * np.abs(claimed - true)) / count.sum())


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True))


def _counts(count: np.ndarray, wanted: np.ndarray, probs: np.ndarray, bins: int) -> Verdict | None:
    """What is wrong with how the claims were sorted into bins."""
    if _same(count, wanted):
        return None
    said = f"Expected the counts {wanted.tolist()}, got {[float(f'{c:.3g}') for c in count[:20]]}"
    if _same(count * len(probs), wanted) and len(probs) > 1:
        return failed(f"{said}: these are shares; asked is how many claims there are.", hint="four")
    if np.isnan(count).any():
        return failed(f"{said}: an empty bin counts 0 claims.", hint="empty")
    lower = np.ceil(probs * bins).astype(int).clip(1) - 1
    if _same(count, np.bincount(lower, minlength=bins)):
        return failed(f"{said}: claims on the edge of two bins went to the lower one.", hint="edges")
    inner = (probs > 0) & (probs * bins == np.ceil(probs * bins))
    for kept, what in (
        (probs < 1, "claims of exactly 1 are missing"),
        (probs > 0, "claims of exactly 0 are missing"),
        (~(inner & (probs < 1)), "claims on inner edges are missing"),
    ):
        index = (probs * bins).astype(int).clip(max=bins - 1)
        if _same(count, np.bincount(index[kept], minlength=bins)) or _same(
            count, np.bincount(lower[kept], minlength=bins)
        ):
            return failed(f"{said}: {what}.", hint="edges" if "inner" in what else "index")
    if count.sum() > wanted.sum():
        return failed(f"{said}: some claims were counted twice.", hint="edges")
    width = (probs.max() - probs.min()) or 1.0
    own = ((probs - probs.min()) / width * bins).astype(int).clip(max=bins - 1)
    if _same(count, np.bincount(own, minlength=bins)):
        return failed(f"{said}: the bins go from the lowest to the highest claim, not from 0 to 1.", hint="index")
    if np.ptp(count) <= 1 and len(probs) > bins:
        return failed(f"{said}: these bins hold equally many claims; asked were bins of equal width.", hint="index")
    return failed(f"{said}.", hint="index")


def _means(claimed: np.ndarray, happened: np.ndarray, wanted: tuple, bins: int) -> Verdict | None:
    """What is wrong with the two means."""
    empty = wanted[2] == 0
    for name, got, right in (("claimed", claimed, wanted[0]), ("happened", happened, wanted[1])):
        if not np.isnan(got[empty]).all():
            k = int(np.flatnonzero(empty & ~np.isnan(got))[0])
            return failed(f"Bin {k} is empty, and `{name}` is {got[k]:.3g} there; expected NaN.", hint="empty")
        if _same(got, right):
            continue
        k = int(np.flatnonzero(~np.isclose(got, right, rtol=1e-4, atol=1e-6, equal_nan=True))[0])
        said = f"Bin {k}: `{name}` is {got[k]:.3f}, expected {right[k]:.3f}"
        if _same(got[~empty], ((np.arange(bins) + 0.5) / bins)[~empty]):
            return failed(f"{said}: the middle of the bin is not the mean of its claims.", hint="means")
        if _same(got[~empty], (right * wanted[2])[~empty]):
            return failed(f"{said}: a sum, not a mean.", hint="means")
        if _same(got, wanted[1] if name == "claimed" else wanted[0]):
            return failed(f"{said}: `claimed` and `happened` are swapped.", hint="means")
        return failed(f"{said}.", hint="means")
    return None


def _error(error: float | None, wanted: tuple) -> Verdict | None:
    """What is wrong with the calibration error."""
    if error is None:
        return failed("`error` is one number, the calibration error.", hint="weights")
    if near(error, wanted[3]):
        return None
    gap, count = np.abs(wanted[0] - wanted[1]), wanted[2]
    said = f"The error is {wanted[3]:.4f}; got {error:.4f}"
    if np.isnan(error):
        return failed(f"{said}: an empty bin's NaN has spread. Leave empty bins out.", hint="empty")
    for value, what in (
        (np.nanmean(gap), "each bin was given the same weight"),
        (np.nansum(gap) / len(gap), "each bin was given the same weight, empty ones too"),
        (np.nanmax(gap), "that is the largest distance, not the mean"),
        (np.nansum(gap * count), "that is the sum; divide it by the number of claims"),
        (np.nansum(gap), "that is the sum of the distances"),
        (
            abs(np.nansum((wanted[0] - wanted[1]) * count)) / count.sum(),
            "distances in both directions cancelled; take abs",
        ),
        (np.nansum((wanted[0] - wanted[1]) * count) / count.sum(), "distances in both directions cancelled; take abs"),
        (np.nansum((wanted[1] - wanted[0]) * count) / count.sum(), "distances in both directions cancelled; take abs"),
        (np.nansum(gap**2 * count) / count.sum(), "the distances were squared"),
        (np.sqrt(np.nansum(gap**2 * count) / count.sum()), "the distances were squared"),
    ):
        if near(error, float(value)):
            return failed(f"{said}: {what}.", hint="weights")
    return failed(f"{said}.", hint="weights")

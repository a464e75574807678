"""Every point of the ROC curve, from the sorted scores."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import one_class, patients
from course_lib.metrics.curves import counts_of


class RocCurve(Task):
    """Every point of the ROC curve, from the sorted scores."""

    visible: ClassVar = {
        "forty patients, some with equal scores": {"examples": 40, "positives": 14, "digits": 1},
        "scores that differ in the tenth digit": {
            "examples": 30, "positives": 13, "offset": 5000.0, "spread": 1e-6, "digits": 9,
        },
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1},
        "everybody is ill": {"examples": 9, "positives": 9, "digits": 1},
    }  # fmt: skip
    graded: ClassVar = {
        "logits far below 0, no two equal": {"examples": 60, "positives": 21, "offset": -30.0, "spread": 4.0},
        "all scores equal": {"examples": 20, "positives": 8, "digits": 0, "spread": 0.0},
    }
    hints: ClassVar = {
        "sort": "Sort by score, highest first. Going down the list, count the ill (TP) and the healthy (FP) so far.",
        "ties": "Patients with one score cross any threshold together. `np.unique(scores)` gives every different score "
        "once, lowest first; `[::-1]` turns it round.",
        "start": "Before the first patient stands the threshold infinity: nobody is called ill, both rates are 0.",
        "rates": "fpr divides the false positives by all healthy, tpr the true positives by all ill; fpr comes first.",
        "digits": "float32 keeps about seven digits; leave the scores in float64, and compare them exactly.",
        "refuse": "Without ill or without healthy patients one of the rates is 0 / 0. `raise ValueError(...)` before dividing.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the curve."""
        return observe(asked, answer, *patients(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One point for each distinct score, highest first, after the point at infinity."""
        if case.positives in (0, case.examples):
            return one_class(seen, "roc_curve", case) or passed("It refuses what has no curve.")
        if said := no_value(seen, "roc_curve"):
            return failed(said, hint="sort")
        value = seen.value["value"]
        if isinstance(value, Tensor) and value.ndim == 2:
            value = list(value)
        parts = [sequence(part) for part in value] if isinstance(value, list) and len(value) == 3 else []
        if len(parts) != 3 or any(part is None or len(part) != len(parts[0]) for part in parts):
            return failed("Expected three arrays of one length: fpr, tpr and thresholds.", hint="sort")
        wanted = self.expected(case)
        if all(near(a, b) for a, b in zip(parts, wanted, strict=True)):
            return passed("Every point, and equal scores step together.")
        return self.order(parts, wanted) or self.length(parts, wanted, case) or self.values(parts, wanted, case)

    @staticmethod
    def expected(case: Case) -> list[Tensor]:
        """fpr, tpr and thresholds, each (T + 1,)."""
        scores, targets = patients(case)
        counts = counts_of(scores, targets == 1)
        rows = (counts.false_positives, counts.true_positives)
        fpr, tpr = (torch.from_numpy(np.r_[0, row[::-1] / row[0]]) for row in rows)
        return [fpr, tpr, torch.from_numpy(np.r_[np.inf, counts.thresholds[::-1]])]

    @staticmethod
    def order(parts: list[Tensor], wanted: list[Tensor]) -> Verdict | None:
        """The right numbers in another order."""
        fpr, tpr, thresholds = parts
        if near(thresholds, wanted[0]) or near(fpr, wanted[2]) or near(tpr, wanted[2]):
            return failed("The order of the three is: fpr, tpr, thresholds.", hint="rates")
        if near(fpr, wanted[1]) and near(tpr, wanted[0]):
            return failed(
                "The two rates are swapped: fpr is the part of the *healthy* that is called ill.", hint="rates"
            )
        if len(fpr) == len(wanted[0]) and near(thresholds.flip(0), wanted[2]):
            return failed("The curve runs backwards: expected thresholds from infinity down.", hint="start")
        return None

    @staticmethod
    def length(parts: list[Tensor], wanted: list[Tensor], case: Case) -> Verdict | None:
        """Too few points, or too many."""
        (_, tpr, thresholds), n, points = parts, len(parts[0]), len(wanted[0])
        if n == points:
            return None
        if n == points - 1 and near(tpr, wanted[1][1:]):
            return failed("The first point is missing: (0, 0) at the threshold infinity.", hint="start")
        if n == points - 1 and near(tpr, wanted[1][:-1]):
            return failed(
                "The last point is missing: at the lowest score everybody is called ill, (1, 1).", hint="sort"
            )
        if n == points + 1 and near(tpr[:-1], wanted[1]):
            return failed("There is a point too many at the end: the last is the lowest score's, (1, 1).", hint="sort")
        if n == points + 1 and near(tpr[1:], wanted[1]):
            return failed("There is a point too many at the start: the first is (0, 0) at infinity.", hint="start")
        if case.examples > points - 1 and n in (case.examples, case.examples + 1):
            return failed(
                f"{n} points for {points - 1} different scores: there is a point for every patient. Equal scores "
                "cross a threshold together.",
                hint="ties",
            )
        if n - 1 == len(wanted[2][1:].float().unique()) or (n < points and case.settings.get("spread", 1) < 1e-3):
            return failed(
                f"{n} points; expected {points}: scores that differ late in their digits were taken for equal. float32 "
                "keeps seven digits.",
                hint="digits",
            )
        if n < points and torch.isin(thresholds, wanted[2]).all():
            return failed(
                f"{n} points; expected {points}, one for every different score and the first. Some scores were left "
                "out (scikit-learn does so unless `drop_intermediate=False`).",
                hint="ties",
            )
        return failed(
            f"{n} points; expected {points}: infinity, then every different score once, highest first.", hint="ties"
        )

    @staticmethod
    def values(parts: list[Tensor], wanted: list[Tensor], case: Case) -> Verdict:
        """As many points as there should be, and some are wrong."""
        (fpr, tpr, thresholds), (scores, targets) = parts, patients(case)
        if near(fpr, wanted[0]) and near(tpr, wanted[1]):
            if near(thresholds[1:], wanted[2][1:]):
                return failed(
                    f"The rates are right; the first threshold is infinity (`np.inf`), not {thresholds[0]:.4g}.",
                    hint="start",
                )
            return failed(
                "The rates are right, the thresholds are not: expected infinity, then the scores.", hint="start"
            )
        if not near(thresholds, wanted[2]):
            return failed("The thresholds are not the scores themselves, highest first, after infinity.", hint="start")
        at = int((~((fpr - wanted[0]).abs() + (tpr - wanted[1]).abs() <= 1e-6)).nonzero()[0])  # NaN is wrong too
        cuts = wanted[2].numpy()[:, None]
        above, alarms, found = (torch.from_numpy(f) for f in _counted(scores, targets, cuts))
        n_ill, n_healthy = int(targets.sum()), int((1 - targets).sum())
        said = (
            f"At the threshold {thresholds[at]:.10g} expected fpr {wanted[0][at]:.3f} and tpr {wanted[1][at]:.3f}; got "
            f"{fpr[at]:.3f} and {tpr[at]:.3f}."
        )
        if near(tpr, above / n_ill):
            said += " Called ill is whoever scores at least (`>=`) the threshold; here it takes more (`>`)."
        elif near(tpr, 1 - wanted[1]) or near(fpr, 1 - wanted[0]):
            said += " These are the parts that are *not* called ill."
        elif near(fpr, alarms) or near(tpr, found):
            said += " These are counts: divide by all healthy, and by all ill."
        elif near(tpr, found / len(targets)) or near(fpr, alarms / len(targets)):
            said += " You divided by everybody: each rate stays within its own group."
        elif near(tpr, wanted[1]) and near(fpr[1:], (alarms / (alarms + found))[1:]):
            said += " That is the part of the alarms that is false; fpr divides by all healthy."
        elif near(tpr, wanted[1]):
            said += f" tpr is right; fpr divides the false positives by all {n_healthy} healthy."
        elif near(fpr, wanted[0]):
            said += f" fpr is right; tpr divides the true positives by all {n_ill} ill."
        return failed(said, hint="rates")


def _counted(scores: np.ndarray, targets: np.ndarray, cuts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Ill above each cut (T,); healthy and ill at or above it, each (T,)."""
    called = scores >= cuts
    above = ((scores > cuts) & (targets == 1)).sum(1)
    return above.astype(float), (called & (targets == 0)).sum(1).astype(float), (called & (targets == 1)).sum(1) * 1.0

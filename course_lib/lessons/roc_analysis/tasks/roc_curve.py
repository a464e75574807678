"""Every point of the ROC curve, from the sorted scores."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import asked, no_value, patients, refusal
from course_lib.metrics.curves import counts_of


class RocCurve(Task):
    """Every point of the ROC curve, from the sorted scores."""

    visible: ClassVar = {
        "forty patients, some with equal scores": {"examples": 40, "positives": 14, "digits": 1},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1},
    }
    graded: ClassVar = {
        "logits far below 0, no two equal": {"examples": 60, "positives": 21, "offset": -30.0, "spread": 4.0},
        "all scores equal": {"examples": 20, "positives": 8, "digits": 0, "spread": 0.0},
    }
    hints: ClassVar = {
        "sort": "Sort by score, highest first. Going down the list, count the ill (TP) and the healthy (FP) so far.",
        "ties": "Patients with one score cross any threshold together: keep a point only where the next score differs. "
        "`np.flatnonzero(np.diff(sorted_scores))` finds those places.",
        "start": "Before the first patient stands the threshold infinity: nobody is called ill, both rates are 0.",
        "rates": "fpr divides the false positives by all healthy, tpr the true positives by all ill; fpr comes first.",
        "refuse": "Without ill or without healthy patients one of the rates is 0 / 0. `raise ValueError(...)` before dividing.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the curve."""
        return observe(asked, answer, *patients(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One point for each distinct score, highest first, after the point at infinity."""
        if not case.positives:
            return refusal(seen, "roc_curve", "All targets are 0.") or passed("It refuses what has no curve.")
        if said := no_value(seen, "roc_curve"):
            return failed(said, hint="sort")
        value = seen.value["value"]
        parts = [sequence(part) for part in value] if isinstance(value, list) and len(value) == 3 else []
        if len(parts) != 3 or any(part is None or len(part) != len(parts[0]) for part in parts):
            return failed("Expected three arrays of one length: fpr, tpr and thresholds.", hint="sort")
        fpr, tpr, thresholds = parts
        wanted = self.expected(case)
        if all(near(a, b) for a, b in zip(parts, wanted, strict=True)):
            return passed("Every point, and equal scores step together.")
        return self.diagnosis(fpr, tpr, thresholds, wanted, case)

    @staticmethod
    def expected(case: Case) -> list[Tensor]:
        """fpr, tpr and thresholds, each (T + 1,)."""
        scores, targets = patients(case)
        counts = counts_of(scores, targets == 1)
        rows = (counts.false_positives, counts.true_positives)
        fpr, tpr = (torch.from_numpy(np.r_[0, row[::-1] / row[0]]) for row in rows)
        return [fpr, tpr, torch.from_numpy(np.r_[np.inf, counts.thresholds[::-1]])]

    def diagnosis(self, fpr: Tensor, tpr: Tensor, thresholds: Tensor, wanted: list[Tensor], case: Case) -> Verdict:
        """What is wrong with a curve that is."""
        n, points = len(fpr), len(wanted[0])
        if near(fpr, wanted[1]) and near(tpr, wanted[0]):
            return failed(
                "The two rates are swapped: fpr is the part of the *healthy* that is called ill.", hint="rates"
            )
        if n == points and near(thresholds.flip(0), wanted[2]):
            return failed("The curve runs backwards: expected thresholds from infinity down.", hint="start")
        if n == points - 1 and near(fpr, wanted[0][1:]):
            return failed("The first point is missing: (0, 0) at the threshold infinity.", hint="start")
        if n == case.examples + 1 > points or (n == case.examples > points - 1):
            return failed(
                f"{n} points for {points - 1} different scores: there is a point for every patient. Equal scores "
                "cross a threshold together.",
                hint="ties",
            )
        if n < points and torch.isin(thresholds, wanted[2]).all():
            return failed(
                f"{n} points; expected {points}, one for every different score and the first. Points on a straight "
                "line were left out (scikit-learn does so unless `drop_intermediate=False`).",
                hint="ties",
            )
        if n != points:
            return failed(
                f"{n} points; expected {points}: infinity, then every different score, highest first.", hint="ties"
            )
        if near(fpr, wanted[0]) and near(tpr, wanted[1]):
            return failed(
                "The rates are right, the thresholds are not: expected infinity, then the scores.", hint="start"
            )
        if not near(thresholds, wanted[2]):
            return failed("The thresholds are not the scores themselves, highest first, after infinity.", hint="start")
        at = int((~((fpr - wanted[0]).abs() + (tpr - wanted[1]).abs() <= 1e-6)).nonzero()[0])  # NaN is wrong too
        return failed(
            f"At the threshold {thresholds[at]:.4g} expected fpr {wanted[0][at]:.3f} and tpr {wanted[1][at]:.3f}; got "
            f"{fpr[at]:.3f} and {tpr[at]:.3f}. Called ill is whoever scores at least (`>=`) the threshold.",
            hint="rates",
        )

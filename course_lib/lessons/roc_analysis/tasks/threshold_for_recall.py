"""The highest threshold that still finds enough."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import asked, in_words, no_value, refusal
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import patients
from course_lib.metrics.curves import counts_of


class ThresholdForRecall(Task):
    """The highest threshold that still finds enough."""

    visible: ClassVar = {
        "find 90 %": {"examples": 70, "positives": 26, "digits": 2, "recall": 0.9},
        "whole numbers, most of them shared": {
            "examples": 50, "positives": 30, "digits": 0, "recall": 0.8, "coarse": True,
        },
        "14 of 25 are exactly 56 %": {"examples": 60, "positives": 25, "digits": 3, "recall": 0.56, "gap": 6},
        "900 of 1,000 are not 90.05 %": {"examples": 1500, "positives": 1000, "digits": 5, "recall": 0.9005},
        "everybody is ill": {"examples": 15, "positives": 15, "digits": 1, "recall": 0.6},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1, "recall": 0.9},
        "a recall of 0": {"examples": 20, "positives": 8, "digits": 1, "recall": 0},
        "a recall of 1.2": {"examples": 20, "positives": 8, "digits": 1, "recall": 1.2},
    }  # fmt: skip
    graded: ClassVar = {
        "find all": {"examples": 40, "positives": 12, "digits": 1, "recall": 1.0, "offset": -8.0},
        "a recall of -0.1": {"examples": 18, "positives": 7, "digits": 1, "recall": -0.1},
    }
    hints: ClassVar = {
        "positives": "Recall looks at the ill alone. Sort *their* scores, highest first: how many of them must be found?",
        "highest": "Every lower threshold finds them too, and calls more healthy people back: take the highest.",
        "ties": "Called ill is whoever scores at least (`>=`) the threshold, so a patient who stands on it is found.",
        "enough": "At least, not about: 23 of 26 are 0.885, and that is below 0.9. And 14 of 25 are 0.56, although in "
        "floats `0.56 * 25` is a hair above 14. Count what is found, divide, then compare: `found / all_ill >= recall`.",
        "intermediate": "If you use `metrics.roc_curve`: it leaves out points unless you say `drop_intermediate=False`.",
        "refuse": "No ill patient, or a recall that isn't above 0 and at most 1: `raise ValueError(...)`. That all are "
        "ill is no reason to refuse.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Scores and targets; the coarse ones are searched, so that counting equal scores once gives another answer."""
        for seed in range(case.seed, case.seed + 1000):
            scores, targets = patients(Case(case.name, seed, case.settings))
            ill = scores[targets == 1]
            if not case.settings.get("coarse") or _counted_once(ill, case.recall) < _highest(ill, case.recall):
                break
        return scores, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the threshold."""
        return observe(asked, answer, *self.data(case), recall=case.recall)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One of the scores: enough are found there, and not at the next higher one."""
        name = "threshold_for_recall"
        if not case.positives or not 0 < case.recall <= 1:
            why = f"A recall of {case.recall} makes no sense." if case.positives else "All targets are 0."
            return refusal(seen, name, why) or passed("It refuses what can't be had.")
        if said := no_value(seen, name):
            if case.positives == case.examples:
                said += " Here everybody is ill, and the ill are all it needs."
            return failed(said, hint="refuse" if case.positives == case.examples else "positives")
        value, (scores, targets) = number(seen.value["value"]), self.data(case)
        if value is None:
            return failed(f"Expected one number, a score; got {in_words(seen.value['value'])}.", hint="positives")
        ill = scores[targets == 1]
        counts = counts_of(scores, targets == 1)
        wanted = counts.thresholds[counts.true_positives / len(ill) >= case.recall][-1]
        if near(value, wanted, rtol=1e-6):  # room for float32, none for the next score
            return passed(f"At {wanted:.4g} enough are found, and at no higher score.")
        is_score, found = bool(np.isclose(scores, value, rtol=1e-6).any()), int((ill >= value - 1e-9).sum())
        if case.settings.get("coarse") and near(value, _counted_once(ill, case.recall)):
            return failed(f"{value:.4g} counts equal scores once; expected {wanted:.4g}. Count patients.", hint="ties")
        if found / len(ill) < case.recall:
            return failed(
                f"At {value:.4g} it finds {found} of {len(ill)}, {found / len(ill):.4g}; at least {case.recall} was "
                "asked for." + ("" if is_score else f" And {value:.4g} is nobody's score."),
                hint="enough",
            )
        if not is_score:
            return failed(
                f"{value:.4g} is nobody's score; the highest score that finds enough is {wanted:.4g}.", hint="positives"
            )
        return failed(
            f"{value:.4g} finds enough, and so does {wanted:.4g}, a higher threshold with fewer alarms.",
            hint=_why_too_low(value, scores, targets, case.recall),
        )


def _highest(ill: np.ndarray, recall: float) -> float:
    """The highest score that finds enough of the ill (N,)."""
    return float(max(score for score in ill if np.mean(ill >= score) >= recall))


def _counted_once(ill: np.ndarray, recall: float) -> float:
    """The answer of those who take every different score for one patient."""
    different = np.unique(ill)[::-1]
    return float(different[(np.arange(1, len(different) + 1) / len(different) >= recall).argmax()])


def _why_too_low(value: float, scores: np.ndarray, targets: np.ndarray, recall: float) -> str:
    """The hint for a score that finds enough and isn't the highest."""
    ill, candidates = scores[targets == 1], np.unique(scores)[::-1]
    enough = candidates[(ill >= candidates[:, None]).mean(1) >= recall]
    more = candidates[(ill > candidates[:, None]).mean(1) >= recall]
    above = enough[enough > value + 1e-9]
    next_ill = (ill >= value - 1e-9).sum() - (ill >= above[-1] - 1e-9).sum() if len(above) else 0
    if near(value, float(enough[-1])) and len(enough) > 2:
        return "highest"
    if next_ill == 1 and recall == 0.56:
        return "enough"
    if len(more) and near(value, float(more[0])) and (scores == value).any():
        return "ties"
    if (targets == 0).any() and near(value, _with_dropped_points(scores, targets, recall)):
        return "intermediate"
    return "enough" if next_ill == 1 else "highest"


def _with_dropped_points(scores: np.ndarray, targets: np.ndarray, recall: float) -> float:
    """What scikit-learn's curve gives by default, without the points within a straight line."""
    from sklearn.metrics import roc_curve

    _, tpr, thresholds = roc_curve(targets, scores)
    return float(thresholds[(tpr >= recall).argmax()])

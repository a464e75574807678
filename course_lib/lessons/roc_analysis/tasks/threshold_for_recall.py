"""The highest threshold that still finds enough."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import asked, no_value, patients, refusal
from course_lib.metrics.curves import counts_of


class ThresholdForRecall(Task):
    """The highest threshold that still finds enough."""

    visible: ClassVar = {
        "find 90 %": {"examples": 70, "positives": 26, "digits": 2, "recall": 0.9},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1, "recall": 0.9},
    }
    graded: ClassVar = {
        "find all": {"examples": 40, "positives": 12, "digits": 1, "recall": 1.0, "offset": -8.0},
        "14 of 25 are exactly 56 %": {"examples": 60, "positives": 25, "recall": 0.56, "gap": 6},
        "a recall of 1.2": {"examples": 20, "positives": 8, "digits": 1, "recall": 1.2},
    }
    hints: ClassVar = {
        "positives": "Recall looks at the ill alone. Sort *their* scores, highest first: how many of them must be found?",
        "highest": "Every lower threshold finds them too, and calls more healthy people back: take the highest.",
        "ties": "Called ill is whoever scores at least (`>=`) the threshold, so a patient who stands on it is found.",
        "enough": "At least, not about: 23 of 26 are 0.885, and that is below 0.9. And 14 of 25 are 0.56, although in "
        "floats `0.56 * 25` is a hair above 14: compare `found / all_ill >= recall`.",
        "intermediate": "`metrics.roc_curve` leaves out points unless you say `drop_intermediate=False`.",
        "refuse": "No ill patient, or a recall that isn't above 0 and at most 1: `raise ValueError(...)`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the threshold."""
        return observe(asked, answer, *patients(case), recall=case.recall)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One of the scores: enough are found there, and not at the next higher one."""
        if not case.positives or case.recall > 1:
            why = "All targets are 0." if not case.positives else f"A recall of {case.recall} can't be reached."
            return refusal(seen, "threshold_for_recall", why) or passed("It refuses what can't be had.")
        if said := no_value(seen, "threshold_for_recall"):
            return failed(said, hint="positives")
        value, (scores, targets) = number(seen.value["value"]), patients(case)
        if value is None:
            return failed("Expected one number, a threshold on the scale of the scores.", hint="positives")
        counts = counts_of(scores, targets == 1)
        reached = counts.true_positives / counts.true_positives[0]
        wanted = counts.thresholds[reached >= case.recall][-1]
        if near(value, wanted, rtol=1e-6):  # room for float32, none for the next score
            return passed(f"At {wanted:.3g} enough are found, and at no higher score.")
        found = int((scores[targets == 1] >= value).sum())
        if not found / case.positives >= case.recall:
            return failed(
                f"At {value:.4g} it finds {found} of {case.positives} ({found / case.positives:.2f}); at least "
                f"{case.recall} was asked for.",
                hint="ties" if (counts.thresholds == value).any() else "enough",
            )
        if not np.isclose(counts.thresholds, value).any():
            return failed(f"{value:.4g} is nobody's score; expected {wanted:.4g}.", hint="positives")
        hint = "enough" if case.recall == 0.56 else "intermediate" if value > counts.thresholds[0] else "highest"
        return failed(
            f"{value:.4g} finds enough, and so does {wanted:.4g}, a higher threshold with fewer false alarms.",
            hint=hint,
        )

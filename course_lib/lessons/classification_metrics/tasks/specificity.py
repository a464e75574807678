"""Your turn: of the healthy, the share that is let go."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.shared import NAN, four_cells


class Specificity(Task):
    """TN / (TN + FP), and NaN where nobody is healthy."""

    visible: ClassVar = {
        "some forty patients": {},
        "nobody is healthy": {"without": "healthy"},
    }
    hints: ClassVar = {
        "group": "Only those whose target is 0 count. `preds[targets == 0]` are their predictions.",
        "nan": "Without a healthy one it is 0 / 0. The mean of an empty tensor is NaN; `0 / 0` of Python's numbers raises.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the share."""
        return observe(asked, answer, *four_cells(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The share of the healthy, or NaN."""
        empty = case.settings.get("without") == "healthy"
        if said := no_value(seen, "specificity(preds, targets)"):
            return failed(
                f"Nobody is healthy: NaN was asked for. {said}" if empty else said, hint="nan" if empty else ""
            )
        value = number(seen.value["value"])
        if value is None:
            return failed("Expected one number.", hint="group")
        preds, targets = four_cells(case)
        tp, fp, fn, tn = (int(((targets == t) & (preds == s)).sum()) for t, s in ((1, 1), (0, 1), (1, 0), (0, 0)))
        wanted = tn / (tn + fp) if tn + fp else NAN
        if near(value, wanted):
            return passed("It looks at the healthy alone, and says NaN where there are none.")
        if empty:
            return failed(f"Nobody is healthy, so it is 0 / 0: expected NaN, got {value:g}.", hint="nan")
        known = {
            "the recall of the ill, TP / (TP + FN)": tp / (tp + fn),
            "the share of those called healthy who are, TN / (TN + FN); the two arguments may be swapped": tn
            / (tn + fn),
            "the accuracy": (tp + tn) / (tp + fp + fn + tn),
            "the share of the healthy who are called ill, 1 minus it": fp / (tn + fp),
            "the true negatives as a share of everybody": tn / (tp + fp + fn + tn),
            "the precision, TP / (TP + FP)": tp / (tp + fp),
        }
        what = next((words for words, other in known.items() if near(value, other)), "")
        return failed(f"Expected {wanted:.3f}, got {value:.3f}" + (f": that is {what}." if what else "."), hint="group")

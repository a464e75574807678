"""Your turn: the mean of the classes' recalls, from a confusion matrix."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.shared import NAN, counts_table, rates_of


class MacroRecall(Task):
    """The mean of the recalls of a matrix whose rows are true; NaN if a row is empty."""

    visible: ClassVar = {
        "three classes": {"classes": 3},
        "five classes": {"classes": 5},
        "a class without examples": {"classes": 4, "never_true": (2,)},
        "a class that is never predicted": {"classes": 4, "never_said": (1,)},
    }
    hints: ClassVar = {
        "row": "Row k holds the true examples of class k, so the recall of k is `matrix[k, k] / matrix[k].sum()`.",
        "mean": "Divide first, in each row; then take the plain mean of the C shares.",
        "nan": "`tensor(0) / tensor(0)` is NaN, and a mean with a NaN in it is NaN. Nothing has to be done.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the mean."""
        return observe(asked, answer, counts_table(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The macro recall, or NaN where a class has no example."""
        empty = "never_true" in case.settings
        if said := no_value(seen, "macro_recall(matrix)"):
            return failed(said, hint="nan" if empty else "row")
        value, matrix = number(seen.value["value"]), counts_table(case)
        if value is None:
            return failed("Expected one number, the mean.", hint="mean")
        precision, recall, f1 = rates_of(matrix)
        if empty:
            if near(value, NAN):
                return passed("An unknown recall makes the mean unknown.")
            how = f"Class 2 has no true example, so its recall is unknown; expected NaN, got {value:.3f}"
            if near(value, recall.nanmean()):
                return failed(f"{how}: the mean of the other three, as if the class weren't there.", hint="nan")
            if near(value, recall.nan_to_num(0).mean()):
                return failed(f"{how}: it counted as 0.", hint="nan")
            return failed(f"{how}.", hint="nan")
        wanted = float(recall.mean())
        if near(value, wanted):
            return passed("The mean of the rows' shares; an unknown one makes it unknown.")
        if value != value:
            return failed(f"Every class has examples here; expected {wanted:.3f}, got NaN.", hint="row")
        known = {
            "that is the accuracy, which is the weighted recall": matrix.trace() / matrix.sum(),
            "that is the macro precision: the columns were summed": precision.mean(),
            "that is the macro F1": f1.mean(),
        }
        what = next((words for words, other in known.items() if near(value, float(other))), "")
        return failed(
            f"Expected {wanted:.3f}, got {value:.3f}" + (f": {what}." if what else "."),
            hint="row" if "columns" in what else "mean",
        )

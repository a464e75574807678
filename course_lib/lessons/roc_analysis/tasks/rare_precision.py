"""Your turn: what part of the alarms is true where the illness is rarer?"""

from typing import Any, ClassVar

from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class RarePrecision(Task):
    """Precision from the two rates and the prevalence."""

    visible: ClassVar = {
        "one payment in 500 is a fraud": {"fpr": 0.05, "tpr": 0.8, "prevalence": 0.002},
        "half of them are": {"fpr": 0.3, "tpr": 0.6, "prevalence": 0.5},
        "no false alarm": {"fpr": 0.0, "tpr": 0.4, "prevalence": 0.05},
        "no fraud found": {"fpr": 0.2, "tpr": 0.0, "prevalence": 0.05},
        "nobody is called": {"fpr": 0.0, "tpr": 0.0, "prevalence": 0.1},
    }
    hints: ClassVar = {
        "count": "Think of 1,000: `1000 * prevalence` are frauds, and tpr of these are found. How many of the others raise "
        "an alarm?",
        "alarms": "Precision divides the true alarms by all alarms, true and false.",
        "zero": 'Without alarms precision is 0 / 0: return `float("nan")` (or `np.nan`).',
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the precision."""
        return observe(lambda: answer(case.fpr, case.tpr, case.prevalence))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """True alarms among all; NaN without any."""
        fpr, tpr, share = case.fpr, case.tpr, case.prevalence
        if seen.error:
            return failed(f"`rare_precision` raised {seen.error}.", hint="count" if tpr else "zero")
        value = number(seen.value)
        if value is None:
            return failed("Expected one number.", hint="count")
        if not fpr + tpr:
            if value != value:
                return passed("Without alarms it says so.")
            return failed(f"There is no alarm, so no part of them is true: expected NaN, got {value:g}.", hint="zero")
        if value != value:
            return failed(
                f"There are alarms (fpr {fpr:g}, tpr {tpr:g}), so they have a precision; got NaN.", hint="alarms"
            )
        wanted = tpr * share / (tpr * share + fpr * (1 - share))
        if near(value, wanted):
            return passed(f"{wanted:.1%} of the alarms are true.")
        said = f"Expected {wanted:.4f}, got {value:.4f}"
        if near(value, tpr / (tpr + fpr)):
            return failed(f"{said}: that would hold where half are frauds. The prevalence is {share:g}.", hint="count")
        if near(value, 1 - wanted):
            return failed(f"{said}: that is the part of the alarms that is false.", hint="alarms")
        if near(value, tpr * share / (tpr * share + fpr)):
            return failed(f"{said}: false alarms come from `1 - prevalence` of all payments.", hint="count")
        if near(value, tpr * share):
            return failed(f"{said}: true alarms among all payments; divide by all alarms.", hint="alarms")
        if near(value, fpr * share / (fpr * share + tpr * (1 - share))):
            return failed(f"{said}: the two rates are swapped; fpr comes first.", hint="count")
        return failed(f"{said}.", hint="count")

"""Your turn: how many payments does each threshold stop?"""

from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.comparing import number, sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class AlarmsAt(Task):
    """The part of the payments at or above each threshold."""

    visible: ClassVar = {
        "five payments": {"scores": (3.0, 1.0, 2.0, 2.0, 5.0), "thresholds": (np.inf, 4.0, 2.0, 0.0)},
        "thresholds in another order": {"scores": (-1.5, 0.5, 0.25), "thresholds": (0.4, -9.0, 0.6, -0.2, 0.6)},
        "each payment's own score": {"scores": (7.0, -7.0, 1.0, 1.0), "thresholds": (-np.inf, 7.0, 1.0, -7.0)},
    }
    hints: ClassVar = {
        "table": "`scores >= thresholds[:, None]` is a table (T, N): a row for each threshold.",
        "mean": "The mean of a row of True and False is the part that is True: `.mean(1)`.",
        "order": "The answer has a number for each threshold, in the order in which they came.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the parts."""
        return observe(lambda: answer(np.array(case.scores), np.array(case.thresholds)))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One part for each threshold, in order, with who stands on it."""
        if seen.error:
            return failed(f"`alarms_at` raised {seen.error}.", hint="table")
        got, scores, cuts = sequence(seen.value), np.array(case.scores), np.array(case.thresholds)[:, None]
        wanted, above = (torch.from_numpy(table.mean(1)) for table in (scores >= cuts, scores > cuts))
        if got is not None and near(got, wanted):
            return passed("A part for each threshold, in their order.")
        if got is None or len(got) != len(wanted):
            alone = number(seen.value) is not None
            what = f"{len(got)} numbers" if got is not None else "one number" if alone else "something else"
            return failed(f"Expected {len(wanted)} numbers, one for each threshold; got {what}.", hint="table")
        said = f"Expected {[round(v, 2) for v in wanted.tolist()]}, got {[round(v, 2) for v in got.tolist()]}"
        if near(got, wanted * len(scores)):
            return failed(f"{said}: these are counts; a part is between 0 and 1.", hint="mean")
        if near(got, above):
            return failed(f"{said}: a payment that scores just the threshold is stopped too (`>=`).", hint="table")
        if near(got.sort().values, wanted.sort().values):
            return failed(f"{said}: the order of the thresholds was lost.", hint="order")
        return failed(f"{said}.", hint="table")

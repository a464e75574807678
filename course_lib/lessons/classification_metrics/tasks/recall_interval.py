"""Your turn: Wilson's interval of a recall."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.shared import four_cells
from course_lib.metrics.uncertainty import wilson_interval


class RecallInterval(Task):
    """Successes are the positives that were found, n the positives."""

    visible: ClassVar = {
        "some forty patients": {"kind": "tensor"},
        "arrays of NumPy": {"kind": "array"},
    }
    hints: ClassVar = {
        "n": "A recall looks at the positives alone, so n is their number: `(targets == 1).sum()`.",
        "count": "`wilson_interval` takes counts, not shares: how many were found, of how many.",
        "numpy": "Comparisons, `.sum()` and `len` work for tensors and arrays alike; `.long()` or `torch.sum` don't.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the interval, of tensors or of arrays."""
        preds, targets = four_cells(case)
        if case.kind == "array":
            preds, targets = preds.numpy(), targets.numpy()
        return observe(asked, answer, preds, targets)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Wilson's interval of TP of (TP + FN)."""
        if said := no_value(seen, "recall_interval(preds, targets)"):
            arrays = "These are arrays of NumPy. " if case.kind == "array" else ""
            return failed(f"{arrays}{said}", hint="numpy" if arrays else "count")
        got = sequence(seen.value["value"])
        if got is None or len(got) != 2:
            return failed("Expected two numbers, `(low, high)`.", hint="count")
        low, high = got.tolist()
        preds, targets = four_cells(case)
        tp, fp, fn, tn = (int(((targets == t) & (preds == s)).sum()) for t, s in ((1, 1), (0, 1), (1, 0), (0, 0)))
        n = tp + fp + fn + tn

        def is_that(successes: int, of: int) -> bool:
            return all(map(near, (low, high), wilson_interval(successes, of)))

        if is_that(tp, tp + fn):
            return passed(f"{tp} of {tp + fn} found: {low:.2f} to {high:.2f}.")
        got = f"Got {low:.3f} to {high:.3f}"
        if is_that(tp, n):
            return failed(f"{got}: {tp} of all {n}. A recall looks at the {tp + fn} positives alone.", hint="n")
        if is_that(tp + tn, n):
            return failed(f"{got}: that is the interval of the accuracy, {tp + tn} right answers of {n}.", hint="n")
        if is_that(tp, tp + fp):
            return failed(
                f"{got}: that is the interval of the precision, {tp} of the {tp + fp} called positive.", hint="n"
            )
        if is_that(tn, tn + fp):
            return failed(f"{got}: that is the interval of class 0's recall.", hint="n")
        wanted = wilson_interval(tp, tp + fn)
        return failed(f"{got}; expected {wanted.low:.3f} to {wanted.high:.3f}, from {tp} of {tp + fn}.", hint="count")

"""Precision, recall and F1 of each class, from a matrix: mend it."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import is_mapping, same, sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.shared import counts_table, rates_of

CALL = "precision_recall_f1(matrix)"
NAMES = ("precision", "recall", "F1")


class PrecisionRecallF1(Task):
    """Three figures for each class; what is 0 / 0 is NaN, and nothing else."""

    visible: ClassVar = {
        "three classes": {"classes": 3},
        "a class that is never predicted": {"classes": 4, "never_said": (1,)},
        "a class without examples": {"classes": 4, "never_true": (3,)},
        "a class that is neither": {"classes": 3, "never_said": (0,), "never_true": (0,)},
    }
    graded: ClassVar = {
        "two classes": {"classes": 2},
        "seven classes": {"classes": 7},
        "one never predicted, one without examples": {"classes": 6, "never_said": (4,), "never_true": (0,)},
        "two that are neither": {"classes": 5, "never_said": (1, 3), "never_true": (1, 3)},
    }
    hints: ClassVar = {
        "axes": "Rows are true. So `matrix.sum(1)` are the true examples of each class, `matrix.sum(0)` the predicted ones.",
        "harmonic": "F1 is 2 TP / (2 TP + FP + FN), and 2 TP + FP + FN is the row's sum plus the column's.",
        "nan": "Leave 0 / 0 alone: of tensors it is NaN. `clamp`, `+ 1e-8` and `nan_to_num` make a claim of it.",
        "zero": "A class that has examples and is never predicted has TP = 0 and FN > 0: its F1 is 0. Compute F1 from the "
        "counts; from precision and recall it is lost.",
        "copy": "Work on numbers of your own: `clone()`, or no in-place function at all.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the three, and look at the matrix afterwards."""
        matrix = counts_table(case)
        return observe(asked, answer, matrix, also={"matrix": lambda: matrix})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Three vectors, NaN where it is 0 / 0."""
        if said := no_value(seen, CALL):
            return failed(said, hint="nan" if "Zero" in said else "axes")
        matrix, value = counts_table(case), seen.value["value"]
        if is_mapping(value):
            return failed(
                "`precision, recall, f1 = ...` takes the names out of a dictionary; return the three in a row."
            )
        parts = list(value) if isinstance(value, list | Tensor) else []
        vectors = [sequence(part) for part in parts]
        if len(vectors) != 3 or any(vector is None or len(vector) != case.classes for vector in vectors):
            return failed(
                f"Expected three results, `(precision, recall, f1)`, each with {case.classes} values.", hint="axes"
            )
        if not same(seen.also["matrix"], matrix):
            return failed("The matrix that you were given was changed on the way.", hint="copy")
        wanted = rates_of(matrix)
        if all(map(near, vectors, wanted)):
            return passed("Each figure is right, and what can't be known is NaN.")
        return _diagnosis(vectors, wanted, matrix)


def _diagnosis(got: list[Tensor], wanted: tuple[Tensor, ...], matrix: Tensor) -> Verdict:
    """Which mistake gives these three."""
    precision, recall, f1 = wanted
    if all(near(mine, right) for mine, right in zip(got, torch.stack(wanted).T, strict=False)):
        return failed(
            "You return the three figures class by class; three results were asked for, one value a class in each."
        )
    if near(got[0], recall) and near(got[1], precision) and not near(precision, recall):
        return failed("Precision and recall are swapped: a row holds the true examples of a class.", hint="axes")
    for name, mine, right in zip(NAMES[:2], got, wanted, strict=False):
        if verdict := _share(name, mine, right, matrix):
            return verdict
    if near(got[2], f1):
        return failed("Precision or recall is wrong.", hint="axes")
    if near(got[2], (precision + recall) / 2) or near(got[2], (got[0] + got[1]) / 2):
        return failed("Your F1 is the plain mean of precision and recall. It is their harmonic mean.", hint="harmonic")
    if near(got[2], precision * recall / (precision + recall)):
        return failed("Your F1 is half of what it should be: the 2 is missing.", hint="harmonic")
    if near(got[2], (precision * recall).sqrt()):
        return failed("Your F1 is the root of precision times recall. It is their harmonic mean.", hint="harmonic")
    k = _first(got[2], f1)
    if f1[k] == 0 and bool(got[2][k].isnan()):
        return failed(
            f"The F1 of class {k} is NaN. It has counts: TP is 0, and {_counts(matrix, k)}, so F1 is 0.", hint="zero"
        )
    if bool(f1[k].isnan()):
        return failed(
            f"Class {k} was never predicted and has no examples; its F1 is 0 / 0. Expected NaN, got {got[2][k]:g}.",
            hint="nan",
        )
    return failed(f"The F1 of class {k}: expected {f1[k]:.3f}, got {got[2][k]:.3f}.", hint="harmonic")


def _share(name: str, mine: Tensor, right: Tensor, matrix: Tensor) -> Verdict | None:
    """What is wrong with a precision or a recall; None if nothing is."""
    if near(mine, right):
        return None
    k, other = _first(mine, right), rates_of(matrix)[NAMES.index("recall" if name == "precision" else "precision")]
    if bool(right[k].isnan()):
        why = "was never predicted" if name == "precision" else "has no true example"
        return failed(f"Class {k} {why}, so its {name} is 0 / 0. Expected NaN, got {mine[k]:g}.", hint="nan")
    if near(mine, other):
        what = "true examples" if name == "precision" else "predictions"
        return failed(f"Your {name} divides by the {what} of each class, the wrong sums.", hint="axes")
    if near(mine, matrix.diagonal() / matrix.sum()):
        return failed(f"Your {name} divides by all examples; it is a share of one class.", hint="axes")
    if bool(mine[k].isnan()):
        return failed(f"The {name} of class {k} is {right[k]:.3f}; got NaN, and nothing there is 0 / 0.", hint="nan")
    return failed(f"The {name} of class {k}: expected {right[k]:.3f}, got {mine[k]:.3f}.", hint="axes")


def _first(mine: Tensor, right: Tensor) -> int:
    """The first class at which they differ."""
    return next(k for k in range(len(right)) if not near(mine[k], right[k]))


def _counts(matrix: Tensor, k: int) -> str:
    fn, fp = int(matrix[k].sum() - matrix[k, k]), int(matrix[:, k].sum() - matrix[k, k])
    return f"FN is {fn}" if fn else f"FP is {fp}"

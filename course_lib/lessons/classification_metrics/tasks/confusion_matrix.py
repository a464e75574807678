"""Count a confusion matrix, and let no stray label into it."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed

CALL = "confusion_matrix(preds, targets, num_classes)"


class ConfusionMatrix(Task):
    """Count every pair of a true and a predicted class; refuse what has no cell."""

    visible: ClassVar = {
        "four classes": {"classes": 4, "examples": 60},
        "two classes that never occur": {"classes": 6, "examples": 50, "absent": (2, 5)},
        "labels of type uint8": {"classes": 20, "examples": 80, "dtype": "uint8"},
        "a prediction beyond the last class": {"classes": 3, "examples": 30, "stray": ("preds", 3)},
        "a negative prediction": {"classes": 4, "examples": 30, "stray": ("preds", -1)},
        "a negative target": {"classes": 3, "examples": 30, "stray": ("targets", -1)},
        "thirty predictions, one target": {"classes": 3, "examples": 30, "cut": 29},
    }
    graded: ClassVar = {
        "many classes": {"classes": 13, "examples": 400},
        "two classes": {"classes": 2, "examples": 45},
        "labels of type int8": {"classes": 15, "examples": 900, "dtype": "int8"},
        "a target beyond the last class": {"classes": 5, "examples": 40, "stray": ("targets", 5)},
        "a prediction far beyond": {"classes": 4, "examples": 30, "stray": ("preds", 9)},
        "one target fewer": {"classes": 4, "examples": 30, "cut": 1},
    }
    hints: ClassVar = {
        "count": "Number the cells: the pair (true, predicted) is cell `true * C + predicted`. `torch.bincount` counts them.",
        "rows": "Rows are the true classes: `matrix[targets[i], preds[i]]` grows by one.",
        "size": "`torch.bincount(..., minlength=C * C)` keeps the cells that nobody falls into.",
        "dtype": "In uint8, 15 * 20 is 44: the type has no larger numbers. `.long()` first.",
        "range": "Look before you count: `labels.min() < 0 or labels.max() >= num_classes`, for both; `raise ValueError(...)`.",
        "length": "One target beside many predictions is broadcast, and all is counted. Compare the lengths first.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Predictions and targets; about two in three predictions are right, and 0 is the commonest class."""
        generator, classes = case.generator(), case.classes
        present = [k for k in range(classes) if k not in case.settings.get("absent", ())]
        weights = 1 / torch.arange(1, len(present) + 1, dtype=torch.float64)
        draw = torch.multinomial(weights, 2 * case.examples, replacement=True, generator=generator)
        labels = torch.tensor(present)[draw]
        targets, others = labels[: case.examples], labels[case.examples :].flip(0)
        right = torch.rand(case.examples, generator=generator, dtype=torch.float64) < 0.65
        preds = torch.where(right, targets, others)
        first, last = present[0], present[-1]
        preds[:3], targets[:3] = first, last  # the largest label occurs, whatever the seed
        away, back = (((targets == t) & (preds == p)).sum() for t, p in ((last, first), (first, last)))
        if away == back:  # and the matrix is not that of swapped arguments
            preds[3], targets[3] = (last, last) if (targets[3], preds[3]) == (last, first) else (first, last)
        if "stray" in case.settings:
            which, value = case.stray
            (preds if which == "preds" else targets)[4] = value
            (targets if which == "preds" else preds)[4] = 1  # a row in the middle: nothing is out of bounds
        targets = targets[: len(targets) - case.settings.get("cut", 0)]
        dtype = getattr(torch, case.settings.get("dtype", "int64"))
        return preds.to(dtype), targets.to(dtype)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the matrix."""
        return observe(asked, answer, *self.data(case), case.classes)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The counts, or a ValueError for what can't be counted."""
        if "stray" in case.settings:
            which, value = case.stray
            one = "a prediction" if which == "preds" else "a target"
            why = f"There are {case.classes} classes, and {one} is {value}."
            return refusal(seen, CALL, why, hint="range") or passed("It refuses a label that has no class.")
        preds, targets = self.data(case)
        if "cut" in case.settings:
            why = f"There are {len(preds)} predictions and {len(targets)} target{'s' if len(targets) > 1 else ''}."
            return refusal(seen, CALL, why, hint="length") or passed("It refuses what doesn't belong together.")
        if said := no_value(seen, CALL):
            small = "dtype" in case.settings
            return failed(f"Labels of type {case.dtype}: {said}" if small else said, hint="dtype" if small else "count")
        got = seen.value["value"]
        if isinstance(got, list):
            try:
                got = torch.tensor(got)
            except (ValueError, TypeError, RuntimeError):
                got = None
        if not isinstance(got, Tensor):
            return failed("Expected a matrix, a tensor (C, C).", hint="count")
        wanted = torch.bincount(targets.long() * case.classes + preds.long(), minlength=case.classes**2)
        return _compared(got, wanted.reshape(case.classes, case.classes), case, preds, targets)


def _compared(got: Tensor, wanted: Tensor, case: Case, preds: Tensor, targets: Tensor) -> Verdict:
    """Which mistake gives this matrix."""
    if got.shape != wanted.shape:
        few = "absent" in case.settings and got.ndim == 2 and len(got) < len(wanted)
        more = " The classes that never occur lost their rows." if few else ""
        return failed(
            f"Expected shape {tuple(wanted.shape)}, got {tuple(got.shape)}.{more}", hint="size" if few else "count"
        )
    if got.dtype.is_floating_point and torch.allclose(got.double(), wanted.double()):
        return failed(f"The counts are right, and their type is {got.dtype}. Counts are integers.", hint="count")
    same = torch.allclose(got.double(), wanted.double())
    if same and got.dtype != torch.bool:
        return passed("Each pair is in its cell, and nothing else is.")
    if torch.allclose(got.double(), wanted.T.double()):
        return failed(
            "It is transposed: your rows are the predicted classes, and should be the true ones.", hint="rows"
        )
    if torch.allclose(got.double(), wanted.flip(0, 1).double()):
        return failed("The classes stand in reversed order; class 0 comes first.", hint="rows")
    if "dtype" in case.settings and got.double().sum() <= len(preds):
        k = int((got.double() != wanted.double()).any(1).nonzero()[-1])
        return failed(
            f"With labels of type {case.dtype} the counts are wrong: expected {int(wanted[k].sum())} in row {k}, got "
            f"{got[k].double().sum():g}. The type is too small for {case.classes} * {case.classes} cells or for such counts.",
            hint="dtype",
        )
    if got.double().sum() <= case.classes + 1e-6 and len(preds) > case.classes + 1:
        return failed("These are shares. Counts were asked for.", hint="count")
    if got.double().max() <= 1:
        return failed("No cell is above 1: a pair that occurs again was not counted again.", hint="count")
    at = (got.double() != wanted.double()).nonzero()[0].tolist()
    return failed(
        f"{len(preds)} pairs, and your matrix holds {got.double().sum():g}. True {at[0]}, predicted {at[1]}: expected "
        f"{int(wanted[tuple(at)])}, got {got[tuple(at)].item():g}.",
        hint="count",
    )

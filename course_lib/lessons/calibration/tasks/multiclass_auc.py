"""One against the rest for many classes: mend it."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import number, sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import logits_of
from course_lib.metrics.curves import auc_of, counts_of


class MulticlassAuc(Task):
    """The mean and the list of the areas of each class against the rest."""

    visible: ClassVar = {
        "four classes, one ranked upside down": {"examples": 90, "classes": 4, "flipped": 1},
        "five classes, one absent, images twice": {"examples": 80, "classes": 5, "absent": (2,), "twice": True},
        "a very sure network": {"examples": 70, "classes": 3, "scale": 7.0},
        "one class only": {"examples": 30, "classes": 3, "absent": (0, 2)},
    }
    graded: ClassVar = {
        "two classes": {"examples": 60, "classes": 2},
        "six classes, the first and the last absent": {"examples": 90, "classes": 6, "absent": (0, 5)},
        "eight classes, very sure": {"examples": 150, "classes": 8, "scale": 6.0, "absent": (4,)},
    }
    hints: ClassVar = {
        "softmax": "Softmax runs over the classes: `dim=1`. A class's probability depends on the image's other logits.",
        "scores": "A ranking needs probabilities. Comparing them with 0.5 leaves labels.",
        "every": "Go over all C columns, `range(logits.shape[1])`, not over the classes that occur: else number k isn't "
        "class k's.",
        "nan": "Without both kinds there is no area: `float('nan')`, and `np.nanmean` for the mean of the others.",
        "sure": "In float32 softmax is exactly 1 from a distance of about 17 on, and ties rank nothing: `logits.double()` "
        "first.",
        "refuse": "No class has an area: `raise ValueError(...)`.",
        "two": "Return two things: the mean, and C numbers.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Logits (N, C), at most 30 apart, and targets (N,)."""
        scale = case.settings.get("scale", 1.0)
        logits, targets = logits_of(
            case.generator(), examples=case.examples, classes=case.classes, scale=1.0, right=0.5
        )
        logits = (logits - logits.mean(1, keepdim=True)) * scale
        if "flipped" in case.settings:  # class k gets its probability where it isn't
            logits[:, case.flipped] *= -2
        if case.settings.get("twice"):  # equal images, and not all with equal targets
            logits = torch.cat([logits, logits[:40]])
            targets = torch.cat([targets, (targets[:40] + targets[:40].sign()) % case.classes])
        if scale > 1:  # one logit far above the others, by 18 to 29
            top = logits.argmax(1, keepdim=True)
            second = logits.topk(2).values[:, 1:]
            rank = (logits.gather(1, top) - second).argsort(0).argsort(0)
            logits = logits / 4
            second = logits.scatter(1, top, float("-inf")).max(1, keepdim=True).values
            logits.scatter_(1, top, second + 18 + 11 * rank.float() / len(rank))
        present = [k for k in range(case.classes) if k not in case.settings.get("absent", ())]
        for k in case.settings.get("absent", ()):
            targets[targets == k] = present[k % len(present)]
        return logits, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for both."""
        return observe(asked, answer, *self.data(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each class's area by log-odds, which don't saturate."""
        logits, targets = self.data(case)
        if len(targets.unique()) == 1:
            why = "Only one class occurs."
            return refusal(seen, "multiclass_auc", why) or passed("It refuses what has no area.")
        if said := no_value(seen, "multiclass_auc"):
            return failed(said, hint="nan" if case.settings.get("absent") else "two")
        got, classes = seen.value["value"], case.classes
        if not isinstance(got, list) or len(got) != 2:
            return failed("Expected two things: the mean, and the areas of the classes.", hint="two")
        macro, areas = number(got[0]), sequence(got[1])
        if areas is None or macro is None:
            return failed("Expected a number, and one area for each class.", hint="two")
        if len(areas) != classes:
            return failed(f"Expected {classes} areas, one for each column; got {len(areas)}.", hint="every")
        wanted = _areas(logits.double().log_softmax(1).numpy(), targets, logits.double())
        areas = areas.numpy()
        if not _close(areas, wanted, logits, targets):
            return _diagnosis(areas, wanted, logits, targets)
        if near(macro, float(np.nanmean(areas)), atol=1e-4):
            return passed(f"The mean of the areas is {np.nanmean(wanted):.3f}.")
        said = f"The areas are right. Their mean is {np.nanmean(wanted):.3f}; got {macro:.3f}"
        counts = np.bincount(targets.numpy(), minlength=classes)
        if np.isnan(macro):
            return failed(f"{said}: the NaN of an absent class has spread.", hint="nan")
        if near(macro, float(np.nansum(wanted) / classes), atol=1e-4):
            return failed(f"{said}: an absent class was counted as 0.", hint="nan")
        if near(macro, float(np.nansum(wanted * counts) / counts.sum()), atol=1e-4):
            return failed(f"{said}: the classes were weighted by how often they occur.", hint="two")
        return failed(f"{said}.", hint="two")


def _close(areas: np.ndarray, wanted: np.ndarray, logits: Tensor, targets: Tensor) -> bool:
    """Whether the areas agree. Equal images may differ in the last bit, so a few ties may count 0 or 1."""
    exact = _log_odds(logits.double())
    hits = targets.numpy()[:, None] == np.arange(logits.shape[1])
    tied = [
        float((c[h][:, None] == c[~h]).mean()) if h.any() and not h.all() else 0.0
        for c, h in zip(exact.T, hits.T, strict=True)
    ]
    slack = np.maximum(1e-4, 0.15 * np.array(tied))
    same = np.isnan(areas) & np.isnan(wanted)
    return bool((same | (np.abs(areas - wanted) <= slack)).all())


def _log_odds(logits: Tensor) -> np.ndarray:
    """Of each class, (N, C); rounded, so that equal images are equal."""
    others = [[j for j in range(logits.shape[1]) if j != k] for k in range(logits.shape[1])]
    columns = [(logits[:, k] - logits[:, rest].logsumexp(1)).numpy() for k, rest in enumerate(others)]
    return np.stack(columns, axis=1).round(10)


def _areas(scores: np.ndarray, targets: Tensor, logits: Tensor | None = None) -> np.ndarray:
    """The area of each column, NaN where a class is alone or absent; with logits, by their log-odds."""
    if logits is not None:
        scores = _log_odds(logits)
    hits = targets.numpy()[:, None] == np.arange(scores.shape[1])
    return np.array(
        [
            float(auc_of(counts_of(column, hit))) if hit.any() and not hit.all() else np.nan
            for column, hit in zip(scores.T.astype(float), hits.T, strict=True)
        ]
    )


def _diagnosis(areas: np.ndarray, wanted: np.ndarray, logits: Tensor, targets: Tensor) -> Verdict:
    """Which mistake gives these areas."""
    undefined, got_nan = np.isnan(wanted), np.isnan(areas)
    if (undefined & ~got_nan).any():
        k = int(np.flatnonzero(undefined & ~got_nan)[0])
        return failed(f"Class {k} doesn't occur, and its area is {areas[k]:.3g}; expected NaN.", hint="nan")
    if (got_nan & ~undefined).any():
        k = int(np.flatnonzero(got_nan & ~undefined)[0])
        return failed(f"Class {k} occurs, and its area is NaN; expected {wanted[k]:.3f}.", hint="every")
    k = int(np.flatnonzero(~np.isclose(areas, wanted, atol=1e-4, equal_nan=True))[0])
    said = f"Class {k}: expected an area of {wanted[k]:.3f}, got {areas[k]:.3f}"
    if np.allclose(areas, np.fmax(wanted, 1 - wanted), atol=1e-4, equal_nan=True):
        return failed(f"{said}: its ranking is upside down, and the area has to say so.", hint="scores")
    exact = logits.double()
    columns = exact.softmax(1)
    largest = columns == columns.max(1, keepdim=True).values
    for scores, what, hint in (
        ((columns > 0.5), "the area of labels", "scores"),
        (largest, "the area of labels", "scores"),
        ((logits.softmax(0) > 0.5), "the area of labels, after a softmax over the examples", "scores"),
        (exact, "each column ranked by itself (plain logits, a sigmoid, or softmax over the examples)", "softmax"),
        (logits.softmax(1), "float32's softmax is 1 for many, and ties rank nothing", "sure"),
        (logits.log_softmax(1), "float32's log-softmax is 0 for many, and ties rank nothing", "sure"),
        (logits.softmax(1).half(), "16 bits leave many ties", "sure"),
        (logits.sigmoid(), "each column got a sigmoid of its own", "softmax"),
        (-columns, "the ranking is upside down", "scores"),
    ):
        if np.allclose(areas, _areas(scores.numpy(), targets), atol=1e-4, equal_nan=True):
            return failed(f"{said}: {what}.", hint=hint)
    return failed(f"{said}.", hint="softmax")

"""Your turn: the area of one class against the rest."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import logits_of
from course_lib.metrics.curves import auc_of, counts_of


class AreaOf(Task):
    """The ROC-AUC of class k against all others."""

    visible: ClassVar = {
        "class 2 of four": {"examples": 70, "classes": 4, "k": 2},
        "class 0 of three, ranked upside down": {"examples": 50, "classes": 3, "k": 0, "right": -0.7},
        "class 1 of three, many ties": {"examples": 60, "classes": 3, "k": 1, "digits": 1},
        "a class that doesn't occur": {"examples": 40, "classes": 5, "k": 3, "absent": True},
        "nothing else occurs": {"examples": 20, "classes": 3, "k": 1, "alone": True},
    }
    hints: ClassVar = {
        "two": "Make two classes of it: `targets == k` is the truth, `probs[:, k]` the score.",
        "order": "scikit-learn takes `roc_auc_score(y_true, y_score)`.",
        "nan": "Ask first: `is_k.any()` and `is_k.all()`; without both kinds, `float('nan')`.",
        "ties": "A pair with equal probabilities counts one half, as in lesson 05; `roc_auc_score` does that.",
        "scores": "A ranking needs probabilities, not the label of the largest.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (N, C) and targets (N,)."""
        right = case.settings.get("right", 0.7)
        logits, targets = logits_of(
            case.generator(), examples=case.examples, classes=case.classes, scale=1.0, right=right
        )
        if case.settings.get("absent"):
            targets[targets == case.k] = (case.k + 1) % case.classes
        if case.settings.get("alone"):
            targets[:] = case.k
        return logits.double().softmax(1).numpy().round(case.settings.get("digits", 12)), targets.numpy()

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the area."""
        return observe(lambda: answer(*self.data(case), case.k))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The share of pairs that are ranked right, or NaN."""
        if seen.error:
            hint = "nan" if case.settings.get("absent") or case.settings.get("alone") else "order"
            return failed(f"`area_of(probs, targets, k)` raised {first_line(seen.error)}.", hint=hint)
        value, (probs, targets) = number(seen.value), self.data(case)
        if value is None:
            return failed(f"Expected one number; got {seen.type}.", hint="two")
        wanted = _area(probs[:, case.k], targets == case.k)
        if near(value, wanted):
            return passed("One class against the rest, and NaN where there is none.")
        if np.isnan(wanted):
            return failed(f"Expected NaN, for there is nothing to rank; got {value:.3f}.", hint="nan")
        said = f"Expected {wanted:.3f}, got {value:.3f}"
        picked = probs.argmax(1) == case.k
        ours, rest = probs[targets == case.k, case.k, None], probs[targets != case.k, case.k]
        if near(value, float((ours > rest).mean())) or near(value, float((ours >= rest).mean())):
            return failed(f"{said}: a pair with equal probabilities counts one half.", hint="ties")
        for other, what, hint in (
            (1 - wanted, "1 minus it; what ranks is the probability of class k itself", "two"),
            (_area(picked.astype(float), targets == case.k), "the area of labels", "scores"),
            (_area((probs[:, case.k] > 0.5).astype(float), targets == case.k), "the area of labels", "scores"),
            (
                np.mean([_area(probs[:, k], targets == k) for k in range(case.classes)]),
                "the mean over all classes",
                "two",
            ),
            *(
                (_area(probs[:, j], targets == case.k), f"the probability of class {j} ranks here", "two")
                for j in range(case.classes)
                if j != case.k
            ),
        ):
            if near(value, float(other)):
                return failed(f"{said}: {what}.", hint=hint)
        return failed(f"{said}.", hint="two")


def _area(scores: np.ndarray, hits: np.ndarray) -> float:
    return float(auc_of(counts_of(scores, hits))) if hits.any() and not hits.all() else float("nan")

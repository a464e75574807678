"""What the tasks of lesson `roc_analysis` share."""

import numpy as np

from course_lib.classroom.tasks.answers import refusal
from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Case, Verdict
from course_lib.metrics.curves import auc_of, counts_of


def patients(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N,) and targets (N,) of a case, in random order; `case.digits` rounds, which makes ties."""
    rng = np.random.default_rng(case.seed)
    targets = rng.permutation(np.arange(case.examples) < case.positives).astype(np.int64)
    spread = case.settings.get("spread", 1.0)
    scores = (
        rng.normal(size=case.examples) * spread
        + case.settings.get("gap", 1.5) * targets * spread
        + case.settings.get("offset", 0.0)
    )
    return np.round(scores * case.settings.get("sign", 1), case.settings.get("digits", 12)), targets


def true_auc(scores: np.ndarray, targets: np.ndarray) -> float:
    """The area, ties counted one half."""
    return float(auc_of(counts_of(scores, targets == 1)))


def one_class(seen: Observation, name: str, case: Case) -> Verdict | None:
    """The verdict where all targets are equal and a ValueError is expected; None where it was raised."""
    return refusal(seen, name, f"All targets are {int(case.positives > 0)}.")

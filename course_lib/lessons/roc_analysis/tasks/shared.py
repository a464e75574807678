"""What the tasks of lesson `roc_analysis` share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Case, Verdict, failed
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


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused."""
    try:
        return {"value": answer(*args, **kwargs)}
    except ValueError as e:
        return {"refused": str(e)}


def refusal(seen: Observation, name: str, why: str) -> Verdict | None:
    """The verdict where a ValueError is expected; None where the answer raised one."""
    if seen.error:
        return failed(f"{why} Expected a `ValueError`; `{name}` raised {seen.error}.", hint="refuse")
    if "refused" in seen.value:
        return None
    return failed(
        f"{why} Expected a `ValueError`, so that nobody takes it for a result; it returned one.", hint="refuse"
    )


def no_value(seen: Observation, name: str) -> str:
    """Why there is no value at all, or an empty string."""
    if seen.error:
        return f"`{name}` raised {seen.error}."
    if "refused" in seen.value:
        return f"`{name}` raised ValueError: {seen.value['refused']}"
    return ""

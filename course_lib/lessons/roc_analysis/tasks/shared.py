"""What the tasks of lesson `roc_analysis` share."""

import warnings
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import torch

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


def numeric(value: Any) -> Any:
    """Every kind of real number as a float, also within lists and arrays of objects; anything else as it is.

    >>> from fractions import Fraction
    >>> numeric(Fraction(1, 4)), numeric([Decimal("0.5"), 2]), numeric("2")
    (0.25, [0.5, 2], '2')
    """
    if isinstance(value, list | tuple):
        return [numeric(v) for v in value]
    if isinstance(value, torch.Tensor | bool | int | float):
        return value
    if isinstance(value, Real | Decimal):
        return float(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return numeric(value.tolist())
    if not isinstance(value, np.ndarray | np.generic) and hasattr(value, "__array__"):  # a pandas Series
        return np.asarray(value)
    return value


def shown(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, as numbers, and in a few words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of a NaN, which the judge reports
        value = answer(*args, **kwargs)
    if isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException)):
        return {"value": None, "words": "the error, which is not the same as raising it"}
    value = numeric(value)
    if isinstance(value, torch.Tensor | np.ndarray | list) and np.size(value) != 1:
        return {"value": value, "words": f"{np.size(value)} values"}
    alone = isinstance(value, torch.Tensor | np.generic | float)
    return {"value": value, "words": f"{float(value):.4g}" if alone else repr(value)[:40]}


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused."""
    try:
        return shown(answer, *args, **kwargs)
    except ValueError as e:
        return {"refused": str(e)}


def refusal(seen: Observation, name: str, why: str) -> Verdict | None:
    """The verdict where a ValueError is expected; None where the answer raised one."""
    if seen.error:
        return failed(f"{why} Expected `{name}` to raise a `ValueError`; it raised {seen.error}.", hint="refuse")
    if "refused" in seen.value:
        return None
    return failed(
        f"{why} Expected `{name}` to raise a `ValueError`, so that nobody takes anything for a result; nothing was "
        f"raised, it returned {seen.value['words']}.",
        hint="refuse",
    )


def one_class(seen: Observation, name: str, case: Case) -> Verdict | None:
    """The verdict where all targets are equal and a ValueError is expected; None where it was raised."""
    return refusal(seen, name, f"All targets are {int(case.positives > 0)}.")


def no_value(seen: Observation, name: str) -> str:
    """Why there is no value at all, or an empty string."""
    if seen.error:
        return f"`{name}` raised {seen.error.rstrip('.')}."
    if "refused" in seen.value:
        return f"`{name}` raised ValueError: {seen.value['refused']}".rstrip(".: ") + "."
    return ""

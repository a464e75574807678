"""What the tasks of lesson `calibration` share."""

from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Case, Verdict, failed


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused."""
    try:
        return {"value": numeric(answer(*args, **kwargs))}
    except ValueError as e:
        return {"refused": str(e)}


def numeric(value: Any) -> Any:
    """A Fraction or a Decimal as a float, also within lists and arrays of objects; anything else as it is.

    >>> from fractions import Fraction
    >>> numeric(Fraction(1, 4)), numeric((Decimal("0.5"), [2])), numeric("2")
    (0.25, [0.5, [2]], '2')
    """
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [numeric(v) for v in value]
    if isinstance(value, Real | Decimal) and not isinstance(value, bool | int | float | np.generic):
        return float(value)
    return value


def refusal(seen: Observation, name: str, why: str) -> Verdict | None:
    """The verdict where a ValueError is expected; None where the answer raised one."""
    if seen.error:
        return failed(f"{why} Expected a `ValueError`; `{name}` raised {first_line(seen.error)}.", hint="refuse")
    if "refused" in seen.value:
        return None
    return failed(
        f"{why} Expected a `ValueError`, so that nobody takes it for a result; `{name}` gave a result.", hint="refuse"
    )


def no_value(seen: Observation, name: str) -> str:
    """Why there is no value at all, or an empty string."""
    if seen.error:
        return f"`{name}` raised {first_line(seen.error)}."
    if "refused" in seen.value:
        words = first_line(seen.value["refused"])
        return f"`{name}` raised ValueError: {words}." if words else f"`{name}` raised a ValueError."
    return ""


def first_line(text: str) -> str:
    """The beginning of an error's text, without the full stop that a sentence of ours adds."""
    return (text.splitlines() or [""])[0][:160].rstrip(". ")


def table(value: Any) -> Tensor | None:
    """A float64 tensor of any shape from a tensor or nested lists of numbers; None from anything else."""
    try:
        made = value if isinstance(value, Tensor) else torch.tensor(np.array(value, dtype=np.float64))
        return made.double()
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def claims(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N,) and what happened (N,), 0 or 1, with more of the low than of the high; none near an edge."""
    rng = np.random.default_rng(case.seed)
    probs = rng.beta(case.settings.get("a", 0.7), case.settings.get("b", 1.1), size=case.examples)
    low, high = case.settings.get("within", (0.0, 1.0))
    probs = low + (high - low) * probs
    happened = (rng.random(case.examples) < probs**1.7).astype(case.settings.get("dtype", np.int64))
    bins = case.settings.get("bins", 10)
    off = np.abs(probs * bins - np.round(probs * bins)) < 1e-6
    probs[off] += 1e-4
    return probs, happened


def logits_of(
    generator: torch.Generator, *, examples: int, classes: int, scale: float, right: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Logits (N, C), or (N,) for one class, and targets (N,) drawn from softmax(logits / scale): `scale` cools them.

    `right` moves the draw: 2 makes the truth sharper than the claims.
    """
    shape = (examples,) if classes == 1 else (examples, classes)
    true = torch.randn(shape, generator=generator, dtype=torch.float64) * 1.6
    if classes == 1:
        targets = (torch.rand(examples, generator=generator) < (true * right).sigmoid()).long()
    else:
        targets = torch.multinomial((true * right).softmax(1), 1, generator=generator).squeeze(1)
    return (true * scale).float(), targets

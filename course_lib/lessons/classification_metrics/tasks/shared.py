"""What the tasks of lesson `classification_metrics` share."""

import warnings
from collections.abc import Callable, Iterator
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Case, Verdict, failed

NAN = float("nan")


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0 / 0 makes some libraries warn, and that is no mistake
        try:
            return {"value": _plain(answer(*args, **kwargs))}
        except ValueError as e:
            return {"refused": str(e)}


def _plain(value: Any) -> Any:
    """A fraction or a decimal as a float, what an iterator yields as a list; anything else as it is."""
    if isinstance(value, Iterator):
        return [_plain(part) for part in value]
    if isinstance(value, Number) and not isinstance(value, int | float | complex | np.generic):
        return float(value)  # type: ignore[arg-type]
    return value


def no_value(seen: Observation, call: str) -> str:
    """Why there is no value at all, or an empty string."""
    if seen.error:
        return f"`{call}` raised {_first_line(seen.error)}."
    if not isinstance(seen.value, dict) or not {"refused", "value"} & set(seen.value):
        return f"`{call}` gave nothing that can be looked at."
    if "refused" in seen.value:
        said = seen.value["refused"].strip()
        return f"`{call}` raised a ValueError" + (f": {_first_line(said)}." if said else ", without a word.")
    return ""


def refusal(seen: Observation, call: str, why: str, *, hint: str) -> Verdict | None:
    """The verdict where a ValueError is expected; None where the answer raised one."""
    if seen.error:
        return failed(f"{why} A `ValueError` belongs here; `{call}` raised {_first_line(seen.error)}.", hint=hint)
    if isinstance(seen.value, dict) and "refused" in seen.value:
        return None
    return failed(f"{why} A `ValueError` belongs here; `{call}` raised nothing.", hint=hint)


def _first_line(error: str) -> str:
    """An error's own words, without the rest of torch's page."""
    return error.strip().splitlines()[0].rstrip(".")[:200]


def four_cells(case: Case) -> tuple[Tensor, Tensor]:
    """Predictions and targets (N,), 0 and 1, in random order: 11 to 14 TP, 6 to 9 FP, 3 to 5 FN, 17 to 21 TN.

    So the four counts differ whatever the seed; `case.without` leaves out "healthy" or "ill" ones.
    """
    generator = case.generator()
    without = case.settings.get("without", "")
    spans = {(1, 1): (11, 15), (0, 1): (6, 10), (1, 0): (3, 6), (0, 0): (17, 22)}
    pairs = []
    for (true, said), (low, high) in spans.items():
        count = int(torch.randint(low, high, (), generator=generator))
        if without != ("healthy", "ill")[true]:
            pairs += [(true, said)] * count
    table = torch.tensor(pairs)[torch.randperm(len(pairs), generator=generator)]
    return table[:, 1], table[:, 0]


def counts_table(case: Case) -> Tensor:
    """A confusion matrix (C, C), rows true, without symmetry and with rows of very different size.

    Classes in `case.never_true` have an empty row, those in `case.never_said` an empty column.
    """
    generator, classes = case.generator(), case.classes
    matrix = torch.randint(1, 9, (classes, classes), generator=generator)
    matrix += torch.diag(torch.randint(10, 30, (classes,), generator=generator))
    sizes = torch.randperm(classes, generator=generator) + 1
    matrix *= sizes[:, None]
    matrix[list(case.settings.get("never_true", ()))] = 0
    matrix[:, list(case.settings.get("never_said", ()))] = 0
    return matrix


def rates_of(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 of each class, each (C,) float64; 0 / 0 is NaN."""
    right, said, true = matrix.diagonal().double(), matrix.sum(0).double(), matrix.sum(1).double()
    return right / said, right / true, 2 * right / (said + true)

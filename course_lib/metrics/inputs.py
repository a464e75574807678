"""The one door for data: converted once, checked once, and what can't be used is called by its name."""

import numbers
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import InputError
from course_lib.metrics.names import few

_SUM_TOLERANCE = 0.01  # bfloat16 and two printed decimals stay within it
_INSIDE = (
    "course_lib.metrics",
    "course_lib.evaluation",
    "course_lib.displays",
    "course_lib.training",
    "contextlib",
    "torch.",
)


def is_evaluation(values: Any) -> bool:
    """Whether this is an Evaluation, which has its targets already."""
    return hasattr(type(values), "fingerprint") and hasattr(type(values), "counted")


def own_targets(values: Any, targets: Any, name: str) -> bool:
    """Whether an Evaluation came alone; False for values with targets.

    Raises:
        InputError: an Evaluation and targets, or values alone.
    """
    if is_evaluation(targets):
        raise InputError(f"targets are an array (N,); got an Evaluation. Pass it alone, without {name}.")
    if is_evaluation(values):
        if targets is not None:
            raise InputError("An Evaluation has its targets already: pass it alone, or pass its logits and targets.")
        return True
    if targets is None:
        raise InputError(f"Pass an Evaluation, or {name} and targets; got {type(values).__name__} alone.")
    return False


def as_tensor(values: Any, name: str = "values", *, rows: int | None = None) -> Tensor:
    """Any array as a tensor, without a copy where that is safe; batches in a list are joined.

    Args:
        values: A tensor, anything that NumPy can read, or a list of either, batch by batch.
        name: What to call them in an error.
        rows: How many rows there are, if that is known: of arrays of one length, any other number are batches.
            None: they are the rows.

    Raises:
        InputError: strings, missing values, complex numbers, or something that is no data at all.

    >>> as_tensor([np.array([0.5, 0.25]), torch.ones(1)])
    tensor([0.5000, 0.2500, 1.0000], dtype=torch.float64)
    """
    if isinstance(values, Tensor):
        return _plain(values, name)
    if isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.dtype == object):
        kinds = set(map(type, values))
        if any(issubclass(kind, Tensor | list | tuple) or hasattr(kind, "__array__") for kind in kinds):
            joined = _joined(list(values), name, rows)
            if joined is not None:
                return joined
    return _from_numpy(_array(values, name), name)


def as_classes(values: Any, name: str) -> Tensor:
    """Class indices as int64; booleans and whole floats (0.0, 1.0) count as classes, 0.7 doesn't."""
    values = as_tensor(values, name, rows=0)
    if values.ndim == 2 and values.shape[1] > 1:
        raise InputError(f"{name} are one class for each example, (N,); {columns(values)}")
    classes = values.to(torch.int64)
    if values.is_floating_point() and not bool((classes == values).all()):
        raise InputError(
            f"{name} are class indices such as 0 or 1, not scores; got fractions or NaN (a missing value?). "
            "Turn scores into classes first: argmax(1), or score >= threshold."
        )
    return classes


def scores_and_classes(name: str, values: Any, targets: Any) -> tuple[Tensor, Tensor]:
    """Numbers (N,) or (N, C), a single column squeezed, and classes (N,), both on the CPU; N is at least 1."""
    targets = as_classes(targets, "targets").cpu()
    values = as_tensor(values, name, rows=len(targets)).cpu()
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.squeeze(1)
    if values.ndim not in (1, 2) or targets.shape != values.shape[:1] or not len(targets):
        raise InputError(
            f"{name} are (N,) or (N, C) and targets (N,), N at least 1; "
            f"got {tuple(values.shape)} and {tuple(targets.shape)}."
        )
    if values.ndim == 2 and not values.is_floating_point():
        values = values.double()
    if values.ndim == 2:
        low, high = targets.aminmax()
        if low < 0 or high >= values.shape[1]:
            got = f"{int(low)} to {int(high)}" if low < 0 else f"up to {int(high)}"
            raise InputError(
                f"Targets of {values.shape[1]} classes lie between 0 and {values.shape[1] - 1}; got {got}."
            )
    return values, targets


def columns(values: Tensor) -> str:
    """What a table of several columns is that came where classes (N,) belong, and what to do."""
    shape, values = tuple(values.shape), values.detach()
    binary = bool(((values == 0) | (values == 1)).all())
    ones = values.sum(1) if len(values) else values.new_zeros(1)
    if binary and bool((ones == 1).all()):
        return f"{shape} with a single 1 in each row is one-hot: use .argmax(1)."
    if binary:
        return (
            f"{shape} of 0 and 1, with {int(ones.min())} to {int(ones.max())} ones in a row, is multi-label: several "
            "classes may be true at once. That isn't done here: judge each column k as a yes-or-no question of its "
            "own, with logits[:, k] and targets[:, k]. (Only one-hot targets, with a single 1 in each row, become "
            "classes with targets.argmax(1).)"
        )
    if are_probabilities(values):
        return f"{shape} holds a probability for each class (soft labels or scores): .argmax(1) takes the likeliest."
    if not values.is_floating_point():
        return f"{shape} is a table. If each row is a batch, join them: torch.cat, or np.concatenate."
    return f"{shape} holds a number for each class, as scores do: .argmax(1) makes classes of scores."


def are_probabilities(values: Tensor) -> bool:
    """Whether each row (N, C) lies within 0 and 1 and sums to 1, up to rounding."""
    if values.ndim != 2 or values.shape[1] < 2 or not len(values) or not within_0_and_1(values):
        return False
    sums = values.sum(1, dtype=torch.float64 if values.dtype == torch.float64 else torch.float32)
    return bool(((sums - 1).abs() <= _SUM_TOLERANCE).all())


def within_0_and_1(values: Tensor) -> bool:
    """Whether all values lie within 0 and 1, up to the rounding of their type; the first row is asked first."""
    if not values.numel():
        return False
    slack = tolerance(values.dtype)
    for part in (values[:1], values):
        low, high = part.aminmax()
        if not bool((low >= -slack) & (high <= 1 + slack)):
            return False
    return True


def tolerance(dtype: torch.dtype) -> float:
    """By how much a probability may miss 0 or 1 by rounding; float64 may come from float32."""
    return max(4 * torch.finfo(dtype).eps, 1e-6) if dtype.is_floating_point else 0.0


def some_between(values: Tensor) -> bool:
    """Whether any value is strictly between 0 and 1: what is one-hot went through no softmax."""
    return bool(((values > 0) & (values < 1)).any())


def are_hard(values: Tensor) -> bool:
    """Whether more than two numbers are all exactly 0 or 1, and both occur: rounded, so they rank no more."""
    if values.numel() < 3 or not bool(((values[:3] == 0) | (values[:3] == 1)).all()):
        return False
    ones = values == 1
    return bool((ones | (values == 0)).all()) and bool(ones.any()) and not bool(ones.all())


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn where this library was called from, however deep the call is by now."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def warn_undefined(message: str) -> None:
    """Warn as scikit-learn does."""
    # Imported here because scikit-learn takes half a second and most evaluations never need it.
    from sklearn.exceptions import UndefinedMetricWarning

    warn(message, UndefinedMetricWarning)


def _plain(values: Tensor, name: str) -> Tensor:
    values = values.detach()
    if values.is_complex():
        raise InputError(f"{name} are real numbers; got {values.dtype}. Use .abs() or .real, whichever is meant.")
    if values.is_meta or values.is_nested:
        raise InputError(f"{name} need their numbers in one table; got a {'meta' if values.is_meta else 'nested'} one.")
    if values.layout != torch.strided:
        values = values.to_dense()
    if values.is_quantized:
        values = values.dequantize()
    if values.ndim == 0:
        raise InputError(f"{name} are one for each example, (N,); got a single number.")
    return values.float() if values.is_floating_point() and values.element_size() == 1 else values


def _joined(parts: list, name: str, rows: int | None) -> Tensor | None:
    """Batches, or rows of one length, as one tensor; None where NumPy can do it."""
    single = [getattr(part, "ndim", 1) == 0 or isinstance(part, numbers.Number) for part in parts]
    if all(single):
        numbers_ = [part.item() if hasattr(part, "item") else part for part in parts]
        return _from_numpy(_array(numbers_, name), name)
    if any(single) or any(isinstance(part, str) or part is None for part in parts):
        return None
    if all(isinstance(part, list | tuple) for part in parts) and len({len(part) for part in parts}) == 1:
        return None
    tensors = [as_tensor(part, name).cpu() for part in parts]
    if len({tensor.shape[1:] for tensor in tensors}) > 1:
        shapes = ", ".join(dict.fromkeys(str(tuple(tensor.shape)) for tensor in tensors))
        raise InputError(f"{name} came as a list of batches that don't fit together: {shapes}.")
    level = tensors[0].ndim == 1 and len({len(tensor) for tensor in tensors}) == 1
    return torch.stack(tensors) if level and rows in (None, len(parts)) else torch.cat(tensors)


def _array(values: Any, name: str) -> np.ndarray:
    if is_evaluation(values):
        raise InputError(f"{name} are an array (N,); got an Evaluation. Pass it first and alone: metric(evaluation).")
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        values = values.toarray()  # SciPy's sparse arrays
    if values is None or isinstance(values, str | bytes | Mapping | set | frozenset) or (
        not isinstance(values, Sequence) and not hasattr(values, "__array__") and not isinstance(values, range)
    ):  # fmt: skip
        hint = " A generator is read once: make a list of it first." if hasattr(values, "__next__") else ""
        raise InputError(f"{name} are a list, an array or a tensor; got {type(values).__name__}.{hint}")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(f"{name} have masked values. Leave those examples out: array[~mask].")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"{name} can't be made one array: {error}. Rows must have the same length.") from error
    if array.ndim == 0:
        raise InputError(f"{name} are one for each example, (N,); got a single {type(array.item()).__name__}.")
    return _numbers(array, name) if array.dtype == object else array


def _numbers(array: np.ndarray, name: str) -> np.ndarray:
    """An object array, such as a column of a table, as numbers, if numbers are in it."""
    kinds = {type(value) for value in array.ravel()}
    if all(issubclass(kind, bool | np.bool_ | numbers.Integral) for kind in kinds):
        return array.astype(np.int64)
    if all(issubclass(kind, bool | np.bool_ | numbers.Real) or kind.__name__ == "Decimal" for kind in kinds):
        return array.astype(np.float64)
    if all(issubclass(kind, str) for kind in kinds):
        return array.astype(str)
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    missing = any(kind.__name__ in ("NoneType", "NAType", "NaTType") for kind in kinds)
    hint = "Leave out the examples with missing values." if missing else "Convert them to numbers first."
    raise InputError(f"{name} are numbers; got objects of the types {found}. {hint}")


def _from_numpy(array: np.ndarray, name: str) -> Tensor:
    kind, dtype = array.dtype.kind, array.dtype
    if kind in "US":
        found = sorted(set(array.ravel().tolist()), key=str)
        hint = f"[float(value) for value in {name}] makes numbers of them."
        if not all(str(value).replace(".", "", 1).isdigit() for value in found):
            hint = (
                "Classes are counted from 0, so say which string is which: "
                f"[value == {found[-1]!r} for value in {name}] makes {found[-1]!r} class 1."
            )
        raise InputError(f"{name} are numbers; got strings: {few(found)}. {hint}")
    if kind == "c":
        raise InputError(f"{name} are real numbers; got {dtype}. Use np.abs or .real, whichever is meant.")
    if kind not in "biuf":
        raise InputError(f"{name} are numbers; got an array of {dtype}.")
    if kind == "f" and (dtype.itemsize > 8 or not dtype.isnative):
        array = array.astype(np.float64)
    elif kind in "iu" and (not dtype.isnative or (kind == "u" and dtype.itemsize > 1)):
        array = array.astype(np.int64)
    if not (array.flags.writeable and array.flags.c_contiguous):
        array = array.copy()
    # Through NumPy, because PyTorch would make float32 of a list of Python's float64.
    return torch.from_numpy(np.ascontiguousarray(np.asarray(array)))

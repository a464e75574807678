"""What judges ask about a value that was seen, whatever it is."""

from typing import Any

import torch
from torch import Tensor

from course_lib.classroom.tasks.task import near


def number(value: Any) -> float | None:
    """A number from a number or a tensor of one; None from anything else.

    >>> number(torch.tensor([2])), number(True), number("2"), number(10**400)
    (2.0, None, None, None)
    """
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:  # a huge int has no float
        return None


def sequence(value: Any) -> Tensor | None:
    """A float64 vector (N,) from a tensor or a list of numbers; None from anything else.

    >>> sequence([1, 2.5]), sequence([[1]]), sequence(["a"])
    (tensor([1.0000, 2.5000], dtype=torch.float64), None, None)
    """
    try:
        vector = value if isinstance(value, Tensor) else torch.tensor([float(v) for v in value], dtype=torch.float64)
        vector = vector.double()
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    return vector if vector.ndim == 1 else None


def is_mapping(value: Any) -> bool:
    """Whether a mapping was seen; an Observation describes any other object by its type and its text."""
    return isinstance(value, dict) and set(value) != {"object", "text"}


def same(a: Any, b: Any) -> bool:
    """Whether two plain values agree exactly, dtypes, types and the order of names included; lists are like tuples.

    >>> same([torch.ones(2), {"a": 1}], (torch.ones(2), {"a": 1})), same(1, 1.0)
    (True, False)
    """
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        both = isinstance(a, Tensor) and isinstance(b, Tensor)
        return both and a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(map(str, a)) == list(map(str, b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def near_each(a: Any, b: Any, *, rtol: float = 1e-4, atol: float = 1e-6) -> bool:
    """Whether two dictionaries or lists hold near numbers or tensors under the same names, or in the same places.

    >>> near_each({"loss": 0.5}, {"loss": 0.50001}), near_each([1, 2], [1]), near_each(None, [])
    (True, False, False)
    """
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(near(a[name], b[name], rtol=rtol, atol=atol) for name in b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(near(x, y, rtol=rtol, atol=atol) for x, y in zip(a, b, strict=True))
    return False


def first_difference(expected: dict[str, Tensor], got: Any) -> str:
    """Where the second is another state_dict than the first, in words; empty if nowhere.

    >>> first_difference({"w": torch.ones(2)}, {"w": torch.ones(3)})
    '`w` has shape (3,), expected (2,)'
    """
    if not is_mapping(got):
        kind = got["object"] if isinstance(got, dict) else type(got).__name__
        return f"expected a dictionary of tensors, got {kind}"
    missing, extra = [k for k in expected if k not in got], [k for k in got if k not in expected]
    if missing:
        return f"{', '.join(f'`{k}`' for k in missing)} missing"
    if extra:
        return f"{', '.join(f'`{k}`' for k in extra[:3])} should not be there"
    for name, tensor in expected.items():
        if not isinstance(got[name], Tensor):
            return f"`{name}` is no tensor"
        if got[name].dtype != tensor.dtype:
            return f"`{name}` is {got[name].dtype}, expected {tensor.dtype}"
        if got[name].shape != tensor.shape:
            return f"`{name}` has shape {tuple(got[name].shape)}, expected {tuple(tensor.shape)}"
        if not torch.equal(got[name], tensor):
            return f"`{name}` has other values"
    return ""


def described(value: Any) -> str:
    """A value in a few words for a message.

    >>> described(torch.ones(2, 3)), described("no")
    ('a tensor of shape (2, 3)', "'no'")
    """
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)[:80]

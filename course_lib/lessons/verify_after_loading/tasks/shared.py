"""What the tasks of lesson `verify_after_loading` share."""

from typing import Any

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import same


def told(value: Any) -> str:
    """What came back, in a few words: a text, a number or a list as it is, anything else by its kind.

    >>> told(["a"]), told(torch.ones(2)), told({"object": "Net", "text": "Net()"})
    ("['a']", 'a tensor of shape (2,)', 'a Net')
    """
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, dict):
        return f"a {value['object']}" if set(value) == {"object", "text"} else "a dictionary"
    return repr(value)[:100]


def bits_equal(a: Any, b: Any) -> bool:
    """Whether two nested values agree in every bit, NaN included.

    >>> bits_equal({"x": torch.tensor([float("nan")])}, {"x": torch.tensor([float("nan")])})
    True
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        plain = a.dtype == b.dtype and a.shape == b.shape
        return plain and torch.equal(a.reshape(-1).view(torch.uint8), b.reshape(-1).view(torch.uint8))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(bits_equal(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(bits_equal, a, b))
    return same(a, b)

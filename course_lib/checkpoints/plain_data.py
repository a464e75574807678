"""What may be in a file: the table that saving asks before it writes and loading before it builds."""

import dataclasses
import enum
import io
import os
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin

from course_lib.errors import InputError

LEAVES = frozenset(
    {type(None), bool, int, float, complex, str, bytes, bytearray, torch.dtype, torch.device, torch.layout}
)
CONTAINERS = frozenset({list, tuple, set, dict, OrderedDict, Counter, torch.Size})
BUILDERS = frozenset(
    {
        "collections OrderedDict", "collections Counter", "__builtin__ set", "__builtin__ complex",
        "__builtin__ bytearray", "_codecs encode", "torch device", "torch Size", "torch.serialization _get_layout",
        "torch._utils _rebuild_parameter", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor_v3",
    }
)  # fmt: skip
"""The functions that torch.save writes into a file for the types above, and for tensors."""

_SIMPLE = LEAVES - {int, bytes}
_INT_BITS = 2000  # an integer of more is an opcode that weights_only doesn't know


def refuse_unloadable(obj: Any, name: str = "obj") -> None:
    """Find what `load_file` would not take back, and say where in the object it is.

    Raises:
        InputError: The place, the type, and what to save instead.
    """
    todo, seen = [(obj, None, name)], set()
    while todo:
        place = todo.pop()
        value = place[0]
        kind = type(value)  # exactly: np.float64 is a float by inheritance
        if kind in LEAVES:
            if (kind is int and value.bit_length() > _INT_BITS) or (kind is bytes and not value):
                _refuse(place, f"{kind.__name__} that weights_only can't load: {str(value)[:20]!r}.")
        elif isinstance(value, Tensor):
            if problem := tensor_problem(value):
                _refuse(place, problem)
        elif kind not in CONTAINERS:
            full = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
            _refuse(place, f"a {full}, and load_file takes back only tensors and plain data. {_instead(value)}")
        elif id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, dict):
                if not (_plain(value.keys()) and _plain(value.values())):
                    todo += ((item, place, f"[{key!r}]") for key, item in value.items())
                    todo += ((key, place, None) for key in value)
                attributes = getattr(value, "__dict__", {})
                if attributes and kind is Counter:
                    _refuse(place, "a Counter with attributes of its own, which would be lost. Save Counter(value).")
                todo += ((item, place, f".{name}") for name, item in attributes.items())
            elif not _plain(value):
                todo += ((item, place, f"[{number}]") for number, item in enumerate(value))


def _plain(values: Iterable) -> bool:
    """Whether nothing in it needs a closer look: a log of millions of numbers is passed over at C's speed."""
    kinds = set(map(type, values))
    return kinds <= _SIMPLE or (kinds == {int} and max(map(int.bit_length, values)) <= _INT_BITS)


def _refuse(place: tuple, problem: str) -> None:
    raise InputError(f"{_where(place)} is {problem}")


def _where(place: tuple) -> str:
    value, parent, step = place
    if parent is None:
        return step
    return f"the key {value!r} of {_where(parent)}" if step is None else _where(parent) + step


def largest_part(obj: Any, name: str = "obj") -> str:
    """A sentence that names the part with the most entries; nothing if no part stands out."""
    parts = [(obj, None, name)]
    for _ in range(10):
        value = parts[-1][0]
        if isinstance(value, dict):
            inside = [(item, parts[-1], f"[{key!r}]") for key, item in value.items()]
        else:
            inside = [(item, parts[-1], f"[{i}]") for i, item in enumerate(value)] if type(value) in CONTAINERS else []
        inside = [part for part in inside if type(part[0]) in CONTAINERS | {str, bytes, bytearray}]
        if not inside or len(inside) > 1000:
            break
        parts.append(max(inside, key=lambda part: len(part[0])))
    best = max(parts, key=lambda part: len(part[0]) if hasattr(part[0], "__len__") else 0)
    return f" The largest part is {_where(best)}, with {len(best[0]):,} entries." if best is not parts[0] else ""


def tensor_problem(value: Tensor) -> str | None:
    """Why this tensor can't be saved as it is, and what to save instead; None if it can."""
    own_class = type(value) not in (Tensor, nn.Parameter)
    if own_class and isinstance(value, UninitializedTensorMixin):
        return "a tensor of a lazy layer, without a shape yet. Save it after the model has seen its first batch."
    if own_class and hasattr(value, "full_tensor"):
        return "a tensor of which each process holds a part. Save value.full_tensor(), or use save_sharded."
    if value.is_nested:
        return "a nested tensor. Save its parts: list(value.unbind())."
    if value.layout != torch.strided:
        kind = "sparse" if "sparse" in str(value.layout) else str(value.layout)
        return f"a {kind} tensor. Save value.to_dense(), or its indices and values as tensors of their own."
    if value.is_quantized:
        return "a quantized tensor. Save value.dequantize(), or value.int_repr() with its scale and zero point."
    if value.is_meta:
        return "a tensor without data, on the meta device. Save it once weights are loaded into the model."
    if own_class:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        plain = _works(lambda tensor: tensor.as_subclass(Tensor), value)
        advice = "Save value.as_subclass(torch.Tensor)." if plain else "Save the plain tensors that it consists of."
        return f"a {kind}, a class derived from torch.Tensor, which weights_only does not import. {advice}"
    if value.__dict__:
        return f"a tensor with attributes of its own, {sorted(value.__dict__)[:3]}. Save value.detach().clone()."
    if not _can_store(value.dtype):
        return f"a tensor of {value.dtype}, which torch.save can't write. Save value.view(torch.uint8) and the dtype."
    return None


@cache
def _can_store(dtype: torch.dtype) -> bool:
    stream = io.BytesIO()
    try:
        torch.save(torch.empty(0, dtype=dtype), stream)
        stream.seek(0)
        return torch.load(stream, weights_only=True).dtype == dtype
    except Exception:  # KeyError, RuntimeError, NotImplementedError, ...
        return False


def _instead(value: Any) -> str:
    """Advice that was tried: what it says to save can be saved."""
    for applies, advice, convert in _ADVICE:
        if applies(value) and _works(convert, value):
            return f"Save {advice}."
    return "Save plain numbers, text, lists and dictionaries in its place."


def _works(convert: Callable, value: Any) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            refuse_unloadable(convert(value))
    except Exception:  # whatever a stranger's class raises
        return False
    return True


def _unseen(value: Any) -> None:
    """In place of a conversion that takes long or whose parts are looked at in their turn."""


def _is_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_numpy(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy"


def _is_array(value: Any) -> bool:
    return _is_numpy(value) and bool(getattr(value, "ndim", 0))


def _is_number(value: Any) -> bool:
    return _is_numpy(value) and getattr(getattr(value, "dtype", None), "kind", "") in "biufcSU"


_ADVICE: tuple[tuple[Callable[[Any], bool], str, Callable], ...] = (
    (_is_array, "torch.from_numpy(value)", lambda value: torch.from_numpy(value)),
    (_is_array, "torch.from_numpy(value.copy())", lambda value: torch.from_numpy(value.copy())),
    (_is_array, "value.tolist()", lambda value: value.tolist()),
    (_is_array, "value.astype(str).tolist()", lambda value: value.astype(str).tolist()),
    (_is_number, "value.item()", lambda value: value.item()),
    (lambda value: hasattr(value, "bit_generator"), "value.bit_generator.state", lambda v: v.bit_generator.state),
    (lambda value: _is_numpy(value) and hasattr(value, "itemsize"), "str(value)", str),
    (lambda value: isinstance(value, torch.Generator), "value.get_state()", lambda value: value.get_state()),
    (lambda value: hasattr(value, "state_dict"), "value.state_dict()", _unseen),
    (_is_of(enum.Enum), "value.value", lambda value: value.value),
    (_is_of(enum.Enum), "value.name", lambda value: value.name),
    (_is_of(str, os.PathLike), "str(value)", str),
    (_is_of(int), "int(value)", int),
    (_is_of(float), "float(value)", float),
    (_is_of(bytes, bytearray, memoryview), "bytes(value)", bytes),
    (lambda value: hasattr(value, "isoformat"), "value.isoformat()", lambda value: value.isoformat()),
    (_is_of(tuple), "tuple(value)", _unseen),
    (_is_of(Mapping), "dict(value)", _unseen),
    (_is_of(Set), "set(value)", _unseen),
    (_is_of(Collection), "list(value)", _unseen),
    (lambda v: dataclasses.is_dataclass(v) and not isinstance(v, type), "dataclasses.asdict(value)", _unseen),
    (lambda value: not callable(value) and bool(getattr(value, "__dict__", None)), "vars(value)", _unseen),
)

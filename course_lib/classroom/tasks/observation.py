"""What a probe saw, as plain data, and its wire form: JSON plus safetensors bytes, never pickle.

An Observation crosses from the process that ran a learner's code to the one that judges it. Reading it
back can't run code, whatever the learner's process wrote.
"""

import inspect
import json
import linecache
import struct
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from course_lib.errors import WireError

STUB = "Replace this line with your code."
"""The message of an untouched stub's NotImplementedError: torch raises that type too, so the text decides."""

LIMIT_BYTES = 8 * 2**20
_LIMIT_DEPTH = 12
_LIMIT_TEXT = 20_000
_LIMIT_BITS = 10_000
_EMPTY_BODIES = set()
_let_through: ContextVar[bool] = ContextVar("let_through", default=False)


@contextmanager
def errors_let_through() -> Iterator[None]:
    """Inside, `observe` raises what the answer raises, traceback and all: for a learner who reproduces one case."""
    token = _let_through.set(True)
    try:
        yield
    finally:
        _let_through.reset(token)


def errors_come_through() -> bool:
    """Whether a learner asked for the error itself."""
    return _let_through.get()


@dataclass(frozen=True)
class Observation:
    """What could be seen when an answer was called.

    `value` and `also` hold JSON types and tensors; anything else was turned into
    `{"object": type, "text": repr}`. Tuples arrive as lists: `type` says what the value was. `where` is the
    learner's own line that raised `error`, in words.
    """

    value: Any = None
    type: str = "NoneType"
    error: str = ""
    attempted: bool = True
    also: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def error_type(self) -> str:
        """The exception's class name, or an empty string."""
        return self.error.partition(":")[0]


def observe(
    answer: Callable, *args: Any, also: Mapping[str, Callable[[], Any]] | None = None, **kwargs: Any
) -> Observation:
    """Call an answer and record what can be seen.

    Args:
        answer: what the learner wrote, or a function that uses it in a few steps.
        args: passed on.
        also: name -> function called afterwards, also when the answer raised; what it returns is recorded.
        kwargs: passed on.

    Returns:
        The Observation. A learner's exception is recorded, never raised.

    >>> observe(lambda x: x / 0, 1).error
    'ZeroDivisionError: division by zero'
    >>> observe(sorted, [2, 1]).value
    [1, 2]
    """
    value, error, where, attempted = None, "", "", True
    try:
        value = answer(*args, **kwargs)
    except (Exception, SystemExit) as e:
        # torch raises NotImplementedError too: the text tells the stub
        attempted = not (isinstance(e, NotImplementedError) and STUB in str(e))
        if attempted and errors_come_through():
            raise
        error, where = _describe(e), _own_line(e)
    seen = {name: plain(look()) for name, look in (also or {}).items()}
    return Observation(plain(value), _type_name(value), error, attempted, seen, where)


def plain(value: Any, depth: int = 0) -> Any:
    """Turn a value into JSON types and CPU tensors; what has no plain form is described, not kept.

    >>> from fractions import Fraction
    >>> plain({"share": Fraction(1, 4), "shares": np.array([Decimal("0.5"), 2], dtype=object)})
    {'share': 0.25, 'shares': [0.5, 2]}
    """
    if isinstance(value, int) and value.bit_length() > _LIMIT_BITS:  # Python refuses to write longer ones as text
        return {"object": "int", "text": f"an integer of {value.bit_length():,} bits"}
    if value is None or isinstance(value, bool | int | float) or type(value) is str:
        return float(value) if isinstance(value, np.floating) else value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return plain(value.item(), depth)
    if isinstance(value, Real | Decimal):  # a Fraction, a Decimal
        return float(value)
    if not isinstance(value, type | np.ndarray | torch.Tensor) and hasattr(value, "__array__"):  # a pandas Series
        value = _array(value)
    if isinstance(value, np.ndarray) and value.dtype == object and depth < _LIMIT_DEPTH:
        return plain(value.tolist(), depth + 1)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(np.ascontiguousarray(value).copy())
    if isinstance(value, torch.Tensor) and value.layout is torch.strided and not value.is_meta:
        tensor = value.detach().cpu()
        return tensor.clone(memory_format=torch.contiguous_format)
    if depth < _LIMIT_DEPTH:
        if isinstance(value, Mapping):
            return {str(k): plain(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v, depth + 1) for v in value]
        if isinstance(value, set | frozenset):
            return sorted((plain(v, depth + 1) for v in value), key=repr)
    return {"object": _type_name(value), "text": _short_repr(value)}


def _array(value: Any) -> Any:
    try:
        return np.asarray(value)
    except Exception:  # a learner's __array__ may do anything
        return value


def encode(seen: Observation) -> bytes:
    """The wire form: the length of the JSON (8 bytes, little-endian), the JSON, then safetensors bytes."""
    tensors: dict[str, torch.Tensor] = {}

    def strip(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            name = str(len(tensors))
            tensors[name] = value
            return {"tensor": name}
        if isinstance(value, dict):
            return {"dict": {k: strip(v) for k, v in value.items()}}
        if isinstance(value, list):
            return [strip(v) for v in value]
        return value

    fields = {
        "value": strip(seen.value),
        "type": seen.type,
        "error": seen.error,
        "attempted": seen.attempted,
        "also": strip(dict(seen.also)),
        "where": seen.where,
    }
    head = json.dumps(fields).encode()
    return struct.pack("<Q", len(head)) + head + save(tensors)


def decode(wire: bytes) -> Observation:
    """Read the wire form back.

    Raises:
        WireError: it is cut, too large, or not an Observation.
    """
    try:
        if len(wire) > LIMIT_BYTES:
            raise ValueError(f"{len(wire):,} bytes, the limit is {LIMIT_BYTES:,}")
        (length,) = struct.unpack_from("<Q", wire)
        if length > len(wire) - 8:
            raise ValueError("it is cut short")
        fields = json.loads(wire[8 : 8 + length])
        tensors = load(wire[8 + length :])

        def fill(value: Any) -> Any:
            if isinstance(value, list):
                return [fill(v) for v in value]
            if isinstance(value, dict):
                return tensors[value["tensor"]] if "tensor" in value else {k: fill(v) for k, v in value["dict"].items()}
            return value

        text = {name: str(fields[name]) for name in ("type", "error", "where")}
        return Observation(
            value=fill(fields["value"]),
            attempted=fields["attempted"] is True,
            also=fill(fields["also"]),
            **text,
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        struct.error,
        SafetensorError,
    ) as e:
        raise WireError(
            f"Expected the wire form of an Observation; got something else ({e}). It counts as nothing seen."
        ) from e


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ in ("builtins", "torch") else f"{kind.__module__}.{kind.__name__}"


def _short_repr(value: Any) -> str:
    try:
        return repr(value)[:200]
    except Exception as e:  # a learner's __repr__ may do anything
        return f"(its repr raised {type(e).__name__})"


def _own_line(e: BaseException) -> str:
    """The innermost line of the learner's own code that an error passed, in words; nothing where there is none."""
    found = ""
    for frame, line in traceback.walk_tb(e.__traceback__):
        if frame.f_globals.get("__name__") == "__main__":
            code = linecache.getline(frame.f_code.co_filename, line).strip()[:200]
            found = f"line {line} of your cell, in `{frame.f_code.co_name}`" + (f": `{code}`" if code else "")
    return found


def _describe(e: BaseException) -> str:
    return f"{type(e).__name__}: {e}"[:_LIMIT_TEXT].rstrip(": ")


def has_empty_body(answer: Any) -> bool:
    """Whether a function does nothing at all: a docstring, `pass` or `...` and no more."""
    code = getattr(inspect.unwrap(answer) if callable(answer) else None, "__code__", None)
    if code is None:
        return False
    if not _EMPTY_BODIES:

        def with_pass(): ...

        def with_docstring():
            """Only this."""

        _EMPTY_BODIES.update(f.__code__.co_code for f in (with_pass, with_docstring))
    constants = [c for c in code.co_consts if c is not None and c != answer.__doc__]
    return code.co_code in _EMPTY_BODIES and not constants  # `return 3` has the same bytecode, and a constant

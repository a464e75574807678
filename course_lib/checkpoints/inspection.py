"""What is in a checkpoint file? Read it without executing anything, and compare two state dicts.

`inspect_file` never unpickles: it follows the pickle symbolically (see `symbolic_pickle`), so it may be given a
stranger's file. Whatever the file holds, the answer is an `Inspection`, in bounded time and memory.
"""

import io
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Literal

import torch
from torch import Tensor

from course_lib.checkpoints.anatomy import Record, TensorEntry, ValueEntry, dissect
from course_lib.errors import CheckpointError, InputError


@dataclass(frozen=True)
class Inspection:
    """What a file holds and what is wrong with it; `print(inspection)` gives the report.

    `verdict` is "unsafe" where torch.load(weights_only=True) refuses the file or where it claims more than it
    holds, "damaged" where the bytes can't be the ones that were saved, "not a checkpoint", or "good". "good"
    means that nothing was found: safetensors and files of torch < 1.6 have no checksum to compare with.
    """

    format: Literal["torch zip", "TorchScript", "legacy pickle", "safetensors", "not a checkpoint"]
    size_bytes: int
    records: tuple[Record, ...] = ()
    tensors: tuple[TensorEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    opcodes: dict[str, int] = field(default_factory=dict)
    globals: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Literal["good", "unsafe", "damaged", "not a checkpoint"]:
        """The worst that was found."""
        if self.refused or self.dangers:
            return "unsafe"
        if self.damage:
            return "damaged"
        return "not a checkpoint" if self.format == "not a checkpoint" else "good"

    def report(self, max_lines: int = 20) -> str:
        """The inspection as text, with at most `max_lines` lines of tensors and as many of values."""
        lines = [f"{self.format}, {self.size_bytes:,} bytes: {self.verdict}"]
        lines += [f"  refused by weights_only: {name}" for name in self.refused[:max_lines]]
        lines += [f"  danger: {text}" for text in self.dangers[:max_lines]]
        lines += [f"  damage: {text}" for text in self.damage[:max_lines]]
        lines += [f"  warning: {text}" for text in self.warnings[:max_lines]]
        for title, entries in (("tensors", self.tensors), ("other values", self.values)):
            lines.append(f"{len(entries)} {title}")
            for entry in entries[:max_lines]:
                lines.append(f"  {entry.path or '(the whole file)'}  {entry}")
            if len(entries) > max_lines:
                lines.append(f"  and {len(entries) - max_lines} more")
        return "\n".join(lines)

    __str__ = report


def inspect_file(source: str | os.PathLike | bytes | BinaryIO) -> Inspection:
    """List what a checkpoint file holds, executing nothing in it.

    Every record's checksum is computed (torch.load computes none), the pickle is followed symbolically, and
    each tensor is listed with the size of the whole storage that it drags along.

    Args:
        source: A path, the bytes themselves, or a binary file that can seek (it is read from its start and
            its position is restored).

    Returns:
        An Inspection, whatever the bytes are: damaged and hostile files get a verdict, not an exception.

    Raises:
        CheckpointError: There is no such file, or it is a directory or a device.

    >>> stream = io.BytesIO()
    >>> torch.save({"head": torch.zeros(1000, 1000)[:2, :5]}, stream)
    >>> found = inspect_file(stream)
    >>> found.verdict, found.tensors[0].size_bytes, found.tensors[0].storage_size_bytes
    ('good', 40, 4000000)

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    with _opened(source) as file:
        found = dissect(file)
        return Inspection(
            format=found.format,
            size_bytes=file.seek(0, os.SEEK_END),
            records=tuple(found.records),
            tensors=tuple(found.tensors),
            values=tuple(found.values),
            opcodes=dict(found.opcodes.most_common()),
            globals=tuple(sorted(found.globals)),
            refused=tuple(sorted(found.refused)),
            dangers=tuple(found.dangers),
            damage=tuple(found.damage),
            warnings=tuple(found.warnings),
        )


@contextmanager
def _opened(source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        try:
            if not stat.S_ISREG(os.stat(source).st_mode):  # opening a pipe would wait for ever
                raise CheckpointError(f"Expected a checkpoint file at {source}; it is a directory or a device.")
            file = open(source, "rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(f"Can't read {source}: {error.strerror}. Check the path.") from error
        with file:
            yield file
    elif hasattr(source, "read") and hasattr(source, "seek"):
        position = source.tell()
        try:
            yield source
        finally:
            source.seek(position)
    else:
        raise InputError(f"Expected a path, bytes or a binary file; got {type(source).__name__}.")


@dataclass(frozen=True)
class Comparison:
    """Where two state dicts differ; `print(comparison)` gives the report.

    Attributes:
        missing: Keys that only the first has: what you expected and did not get.
        unexpected: Keys that only the second has.
        shapes: For each key whose shape differs, both shapes.
        dtypes: For each key whose dtype differs, both dtypes.
        values: For each key whose values differ, the largest absolute difference; infinite where one side is
            NaN or infinite and the other is not, and where something other than a tensor differs.
        hints: The likely reason, and what to do about it.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    dtypes: dict[str, tuple[torch.dtype, torch.dtype]]
    values: dict[str, float]
    hints: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """The same keys, shapes, dtypes and values; NaN equals NaN in the same place."""
        return not (self.missing or self.unexpected or self.shapes or self.dtypes or self.values)

    def report(self) -> str:
        """The comparison as text."""
        if self.equal:
            return "equal: keys, shapes, dtypes and values"
        lines = [f"hint: {hint}" for hint in self.hints]
        lines += [f"missing: {key}" for key in self.missing]
        lines += [f"unexpected: {key}" for key in self.unexpected]
        lines += [f"shape of {key}: {list(a)} became {list(b)}" for key, (a, b) in self.shapes.items()]
        lines += [f"dtype of {key}: {a} became {b}" for key, (a, b) in self.dtypes.items()]
        lines += [f"values of {key}: differ by up to {largest:.3g}" for key, largest in self.values.items()]
        return "\n".join(lines)

    __str__ = report


def compare_state_dicts(expected: Mapping, got: Mapping) -> Comparison:
    """Compare keys, shapes, dtypes and every value, buffers included; the order of the keys doesn't count.

    Nested ones, such as an optimizer's, are compared all the way down, with keys such as "state/0/exp_avg".
    The devices may differ. 0.0 and -0.0 are equal; `model_fingerprint` tells them apart.

    Args:
        expected: The state dict to compare with, for instance the model's.
        got: The state dict in question, for instance the file's.

    Returns:
        A Comparison; its `equal` is the one-word answer.

    Raises:
        InputError: An argument is not a mapping, or a tensor is on the meta device and has no values.

    >>> layer = torch.nn.Linear(2, 1)
    >>> print(compare_state_dicts(layer.state_dict(), {"module.weight": layer.weight, "module.bias": layer.bias}))
    hint: every key starts with 'module.' (saved from DataParallel or DDP): remove the prefix
    missing: bias
    missing: weight
    unexpected: module.bias
    unexpected: module.weight

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
    """
    for name, value in (("expected", expected), ("got", got)):
        if not isinstance(value, Mapping):
            raise InputError(f"Expected a state dict as {name!r}; got {type(value).__name__}. Use model.state_dict().")
    found = Comparison((), (), {}, {}, {}, _hints(expected, got) if expected.keys() != got.keys() else ())
    return _compared(expected, got, "", found)


def _compared(expected: Mapping, got: Mapping, prefix: str, so_far: Comparison) -> Comparison:
    missing, unexpected = (
        tuple(prefix + str(key) for key in sorted(keys, key=str))
        for keys in (expected.keys() - got.keys(), got.keys() - expected.keys())
    )
    so_far = replace(so_far, missing=so_far.missing + missing, unexpected=so_far.unexpected + unexpected)
    for key in sorted(expected.keys() & got.keys(), key=str):
        name, a, b = prefix + str(key), expected[key], got[key]
        if isinstance(a, list | tuple) and isinstance(b, list | tuple):  # as in an optimizer's state dict
            a, b = dict(enumerate(a)), dict(enumerate(b))
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            so_far = _compared(a, b, f"{name}/", so_far)
        elif not (isinstance(a, Tensor) and isinstance(b, Tensor)):
            if isinstance(a, Tensor) or isinstance(b, Tensor) or (a != b and not (a != a and b != b)):
                so_far.values[name] = math.inf
        elif a.is_meta or b.is_meta:
            raise InputError(f"{name} is on the meta device and has no values: load with assign=True first.")
        else:
            if a.dtype != b.dtype:
                so_far.dtypes[name] = (a.dtype, b.dtype)
            if a.shape != b.shape:
                so_far.shapes[name] = (tuple(a.shape), tuple(b.shape))
            elif largest := _largest_difference(a.detach().cpu(), b.detach().cpu()):
                so_far.values[name] = largest
    return so_far


def _largest_difference(a: Tensor, b: Tensor) -> float:
    if a.dtype == b.dtype and a.dtype.itemsize > 1 and torch.equal(a, b):  # the common case, without copies
        return 0.0
    if a.is_complex() or b.is_complex():
        a, b = (torch.view_as_real(t.to(torch.complex128).resolve_conj()) for t in (a, b))
    integers = not (a.is_floating_point() or b.is_floating_point())
    exact_a, exact_b = (a, b) if integers else (a.double(), b.double())  # float8 can't be compared as it is
    same = (exact_a == exact_b) | (exact_a.isnan() & exact_b.isnan())
    if same.all():
        return 0.0
    difference = (a.double() - b.double()).abs()[~same].nan_to_num(math.inf, posinf=math.inf).max().item()
    return max(difference, 1.0) if integers else difference  # beyond 2**53, float64 rounds integers together


_PREFIXES = {"module.": "saved from DataParallel or DDP", "_orig_mod.": "saved from torch.compile(model)"}


def _hints(expected: Mapping, got: Mapping) -> tuple[str, ...]:
    hints = []
    for name, keys, others, advice in (
        ("every key", got, expected, "remove the prefix"),
        ("every expected key", expected, got, "compare with the state dict of the module inside"),
    ):
        for prefix, origin in _PREFIXES.items():
            marked = bool(keys) and all(str(key).startswith(prefix) for key in keys)
            if marked and not any(str(key).startswith(prefix) for key in others):
                hints.append(f"{name} starts with {prefix!r} ({origin}): {advice}")
    for key, value in got.items():
        if isinstance(value, Mapping) and key not in expected and value.keys() & expected.keys():
            hints.append(f"this is the whole checkpoint, the weights are inside: pass it[{key!r}]")
    if not hints and not (expected.keys() & got.keys()):
        hints.append("no key is the same: load_state_dict(strict=False) would load nothing and say nothing")
    return tuple(hints)

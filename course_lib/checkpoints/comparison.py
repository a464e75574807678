"""Where do two state dicts differ, and what is the likely reason?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import UninitializedTensorMixin

from course_lib.checkpoints.key_hints import key_hints
from course_lib.errors import InputError


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
    The devices may differ, and how a tensor lies in memory: sparse or dense. 0.0 and -0.0 are equal;
    `model_fingerprint` tells them apart. Quantized tensors are compared by the numbers that they stand for, by their
    steps, and by how these steps are scaled.

    Args:
        expected: The state dict to compare with, for instance the model's.
        got: The state dict in question, for instance the file's.

    Returns:
        A Comparison; its `equal` is the one-word answer.

    Raises:
        InputError: An argument is not a mapping, a tensor is on the meta device and has no values, or two values
            can't be compared.

    >>> layer = torch.nn.Linear(2, 1)
    >>> print(compare_state_dicts(layer.state_dict(), {"module.weight": layer.weight, "module.bias": layer.bias}))
    hint: every key starts with 'module.' (saved from DataParallel or DDP): remove the prefix, ...
    missing: bias
    missing: weight
    unexpected: module.bias
    unexpected: module.weight

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
    """
    for name, value in (("expected", expected), ("got", got)):
        if not isinstance(value, Mapping):
            raise InputError(f"Expected a state dict as {name!r}; got {type(value).__name__}. Use model.state_dict().")
    found = Comparison((), (), {}, {}, {}, key_hints(expected, got) if expected.keys() != got.keys() else ())
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
        elif isinstance(a, Tensor) and isinstance(b, Tensor):
            _compare_tensors(name, a, b, so_far)
        elif isinstance(a, Tensor) or isinstance(b, Tensor) or not _same(name, a, b):
            so_far.values[name] = math.inf
    return so_far


def _compare_tensors(name: str, a: Tensor, b: Tensor, so_far: Comparison) -> None:
    for tensor in (a, b):
        if tensor.is_meta:
            raise InputError(f"{name} is on the meta device and has no values: load with assign=True first.")
        if isinstance(tensor, UninitializedTensorMixin):
            raise InputError(f"{name} has no shape yet (a lazy layer): run one batch through the model first.")
    a, b = a.detach(), b.detach()
    try:
        if a.dtype != b.dtype:
            so_far.dtypes[name] = (a.dtype, b.dtype)
        if a.is_nested or b.is_nested:
            parts = [dict(enumerate(t.unbind())) if t.is_nested else {} for t in (a, b)]
            if not _compared(*parts, "", Comparison((), (), {}, {}, {})).equal:
                so_far.values[name] = math.inf
        elif a.shape != b.shape:
            so_far.shapes[name] = (tuple(a.shape), tuple(b.shape))
        elif largest := _largest_difference(a.cpu(), b.cpu()):
            so_far.values[name] = largest
    except (RuntimeError, NotImplementedError, TypeError) as error:  # a subclass that allows less than a tensor
        raise InputError(f"{name} can't be compared: {type(a).__name__} and {type(b).__name__}: {error}") from error


def _largest_difference(a: Tensor, b: Tensor) -> float:
    if a.layout != torch.strided or b.layout != torch.strided or a.is_quantized or b.is_quantized:
        return max(_largest_difference(x, y) for x, y in _in_parts(a, b))
    common = a.dtype == b.dtype != torch.complex32 and a.dtype.itemsize > 1
    if common and torch.equal(a, b):  # without copies
        return 0.0
    if a.is_complex() or b.is_complex():
        a, b = (torch.view_as_real(t.to(torch.complex128).resolve_conj()) for t in (a, b))
    a, b = _with_arithmetic(a), _with_arithmetic(b)
    integers = not (a.is_floating_point() or b.is_floating_point())
    exact_a, exact_b = (a, b) if integers else (a.double(), b.double())  # float8 can't be compared as it is
    same = (exact_a == exact_b) | (exact_a.isnan() & exact_b.isnan())
    if same.all():
        return 0.0
    difference = (a.double() - b.double()).abs()[~same].nan_to_num(math.inf, posinf=math.inf).max().item()
    return max(difference, 1.0) if integers else difference  # beyond 2**53, float64 rounds integers together


def _with_arithmetic(tensor: Tensor) -> Tensor:
    """The bytes of dtypes that can't be converted, such as float4 and bits8."""
    try:
        tensor.reshape(-1)[:1].double() + 1
    except (RuntimeError, NotImplementedError):
        return tensor.view(torch.uint8)
    return tensor


def _in_parts(a: Tensor, b: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Pairs of plain tensors that are equal exactly if the two are."""
    if a.is_quantized and b.is_quantized:
        return [(a.dequantize(), b.dequantize()), (a.int_repr(), b.int_repr()), _scales(a, b)]
    a, b = (t.dequantize() if t.is_quantized else t for t in (a, b))
    if a.layout != torch.sparse_coo or b.layout != torch.sparse_coo:
        return [(a.to_dense(), b.to_dense())]
    a, b = a.coalesce(), b.coalesce()  # dense, they might not fit into the memory
    places, rows = torch.cat([a.indices(), b.indices()], 1).unique(dim=1, return_inverse=True)
    values = []
    for tensor, own in ((a, rows[: a._nnz()]), (b, rows[a._nnz() :])):
        at_all = tensor.values().new_zeros((places.shape[1], *tensor.values().shape[1:]))
        at_all[own] = tensor.values()
        values.append(at_all)
    return [tuple(values)]


def _scales(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """How the integers of two quantized tensors become numbers; infinitely different if in different ways."""
    both = []
    for tensor in (a, b):
        if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
            both.append(torch.tensor([tensor.q_scale(), tensor.q_zero_point()], dtype=torch.float64))
        else:
            both.append(torch.cat([tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()]).double())
    same_kind = a.qscheme() == b.qscheme() and both[0].shape == both[1].shape
    return (both[0], both[1]) if same_kind else (torch.zeros(1), torch.full((1,), math.inf))


def _same(name: str, a: Any, b: Any) -> bool:
    """Whether two values that are no tensors are equal; NaN equals NaN, as in tensors."""
    try:
        if getattr(a, "ndim", 0) or getattr(b, "ndim", 0):  # NumPy's arrays, without importing it
            alike = type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
            return alike and bool(((a == b) | ((a != a) & (b != b))).all())
        return bool(a == b) or bool(a != a and b != b)
    except Exception as error:  # whatever a stranger's == raises
        raise InputError(f"{name} can't be compared: {type(a).__name__} and {type(b).__name__}: {error}") from error

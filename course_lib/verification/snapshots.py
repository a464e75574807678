"""What can be known about a model on fixed batches, as plain data that is saved beside the checkpoint."""

import copy
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_lib.errors import InputError
from course_lib.evaluation import LossFunction, evaluate

Snapshot = dict[str, Any]

PARTS = 64  # a tensor's checksums, so that one flipped bit can be told from another set of weights


def model_fingerprint(model_or_state_dict: nn.Module | Mapping) -> str:
    """SHA-256 of every key, dtype, shape and bit of a state dict: parameters **and** persistent buffers.

    The same in every process and on every device; the order of the keys doesn't count. A model has the
    fingerprint of its state dict. Nested dicts, such as a whole checkpoint, have one too.

    Args:
        model_or_state_dict: A module or a mapping of tensors, numbers, strings and containers of them.

    Raises:
        InputError: Something in it has no bytes to read: a meta tensor, an object.

    >>> model_fingerprint({"weight": torch.zeros(2)})[:12]
    'c333e6d58701'
    >>> model_fingerprint({"weight": -torch.zeros(2)}) == model_fingerprint({"weight": torch.zeros(2)})
    False
    """
    is_model = isinstance(model_or_state_dict, nn.Module)
    digest = hashlib.sha256()
    _feed(digest, model_or_state_dict.state_dict() if is_model else model_or_state_dict)
    return digest.hexdigest()


def _feed(digest, value: Any) -> None:
    """Each part is preceded by its type and length, so no two different values give the same bytes."""
    if is_lazy(value):
        raise InputError(
            "A lazy layer has no weights yet, so no fingerprint. Run the model once on a batch, then ask again."
        )
    if isinstance(value, Tensor):
        digest.update(f"tensor {value.dtype} {tuple(value.shape)};".encode())
        if value.is_quantized:
            scale = "q_scale" if value.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric) else ""
            steps = [value.q_scale(), value.q_zero_point()] if scale else [
                value.q_per_channel_scales(), value.q_per_channel_zero_points(), value.q_per_channel_axis()
            ]  # fmt: skip
            _feed(digest, [str(value.qscheme()), *steps, value.int_repr()])
        else:
            digest.update(_raw(_dense(value)))
    elif isinstance(value, Mapping):
        digest.update(f"mapping {len(value)};".encode())
        for key in sorted(value, key=lambda key: (type(key).__name__, str(key))):
            _feed(digest, key)
            _feed(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(f"sequence {len(value)};".encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, str | bytes | int | float | complex | None | torch.dtype | torch.device):
        text = repr(value).encode()
        digest.update(f"{type(value).__name__} {len(text)};".encode() + text)
    else:
        raise InputError(f"A {type(value).__name__} has no fingerprint; use tensors, numbers, strings, containers.")


def _dense(tensor: Tensor) -> Tensor:
    """The same numbers with every one of them in memory: of a quantised tensor what it stands for."""
    tensor = tensor.dequantize() if tensor.is_quantized else tensor
    return tensor if tensor.layout is torch.strided or tensor.is_meta else tensor.to_dense()


def _raw(tensor: Tensor):
    """The bytes of a tensor, as an array without a copy where it is on the CPU and contiguous."""
    try:
        tensor = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
        return tensor.reshape(-1).view(torch.uint8).numpy()
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise InputError(
            f"A {tensor.layout} tensor of {tensor.dtype} on {tensor.device} has no bytes to read. A meta tensor has no "
            "values yet: load them first, with load_state_dict(..., assign=True)."
        ) from error


def take_snapshot(
    model: nn.Module, batches: Iterable[tuple[Any, Tensor]], *, loss_fn: LossFunction | None = None
) -> Snapshot:
    """Record a model and what it answers on fixed batches, to be compared later, in this process or another.

    Save it with the checkpoint; `verify_reload` and `diagnose` read it. The model is evaluated as `evaluate`
    does it; if parts of it are in training mode, a copy is also run just as it stands, to show the difference.

    Args:
        model: The model; its flags, buffers and parameters are left as they are.
        batches: A few pairs (inputs, targets), always the same and in the same order: a list, or an
            unshuffled loader. They are held in memory, and inputs may be nested.
        loss_fn: Given to `evaluate`.

    Returns:
        Numbers, strings, lists, dicts and tensors only: `torch.load(weights_only=True)` reads it back.

    Raises:
        InputError: There are no batches.

    >>> seen = take_snapshot(nn.Linear(2, 2), [(torch.eye(2), torch.tensor([0, 1]))])
    >>> sorted(seen["tensors"]), seen["training"], tuple(seen["logits"].shape)
    (['bias', 'weight'], {'': True}, (2, 2))
    """
    with torch.random.fork_rng(devices=[]):  # a loader draws from the global random state when it starts
        batches = list(batches)
    if not batches:
        raise InputError("There are no batches to record; pass a list or a loader, not a used-up iterator.")
    seen: Snapshot = {
        "torch": torch.__version__.split("+")[0],
        "fingerprint": model_fingerprint(model),
        "tensors": {name: _describe(kind, value) for name, kind, value in _tensors_of(model)},
        "ties": _ties(model),
        "training": {name: module.training for name, module in model.named_modules()},
        "inputs": _summary([inputs for inputs, _ in batches]),
        "batch_sizes": [len(targets) for _, targets in batches],
        "targets": torch.cat([targets.detach().cpu() for _, targets in batches]),
    }
    device = next(model.parameters(), torch.empty(0)).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):  # recording must not disturb
        return seen | _answers(model, batches, loss_fn, device)


def _answers(model: nn.Module, batches: list, loss_fn: LossFunction | None, device: torch.device) -> Snapshot:
    try:
        evaluation = evaluate(model, batches, loss_fn=loss_fn)
        again = evaluate(model, batches[:1])
    except Exception as error:  # NaN logits, a dtype that doesn't fit: a finding, not a reason to stop
        return {"problem": str(error), "logits": None}
    answers: Snapshot = {
        "problem": None,
        "logits": evaluation.logits,
        "evaluation": evaluation.fingerprint(),
        "confusion": evaluation.matrix,  # None where there are too many classes to keep one
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "repeatable": torch.equal(again.logits, evaluation.logits[: len(again.logits)]),
    }
    if any(module.training for module in model.modules()):
        try:
            answers["accuracy_as_it_stands"] = evaluate(_AsItStands(model), batches, device=device).accuracy
        except Exception as error:  # batch norm refuses a batch of one while training, for instance
            answers["accuracy_as_it_stands"] = None
            answers["problem_as_it_stands"] = str(error)
    return answers


class _AsItStands(nn.Module):
    """Runs a copy of the model in the mode it is in: `eval()` doesn't reach a module in a list."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.hidden = [copy.deepcopy(model)]

    def forward(self, *inputs):
        return self.hidden[0](*inputs)


def _tensors_of(model: nn.Module) -> Iterator[tuple[str, str, Any]]:
    parameters = dict(model.named_parameters(remove_duplicate=False))
    state = model.state_dict()
    for name, value in state.items():
        yield name, "parameter" if name in parameters else "buffer" if isinstance(value, Tensor) else "extra", value
    for name, value in model.named_buffers(remove_duplicate=False):
        if name not in state:
            yield name, "unsaved buffer", value


def _ties(model: nn.Module) -> list[list[str]]:
    """The groups of names that are one tensor, such as an embedding and the output layer that shares it."""
    names: dict[tuple, list[str]] = {}
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor) and value.layout is torch.strided and value.numel() and not value.is_meta:
            names.setdefault((value.data_ptr(), tuple(value.shape), value.stride(), str(value.device)), []).append(name)
    return [group for group in names.values() if len(group) > 1]


def _describe(kind: str, value: Any) -> dict[str, Any]:
    digest = hashlib.sha256()
    _feed(digest, value)
    about = {"kind": kind, "digest": digest.hexdigest(), "dtype": type(value).__name__, "device": "", "shape": []}
    if not isinstance(value, Tensor):
        return about | {"mean": 0.0, "largest": 0.0, "not_finite": 0, "precision": "", "parts": []}
    dtype, value = value.dtype, _dense(value)
    raw = memoryview(_raw(value))
    part_bytes = -(-value.numel() // PARTS) * value.itemsize or 1
    device, value = str(value.device), value.detach().cpu()
    numbers = (value.abs() if value.is_complex() else value).double()
    finite = numbers[numbers.isfinite()]
    narrow = [d for d in (torch.bfloat16, torch.float16) if d.itemsize < value.dtype.itemsize]
    fits = [d for d in narrow if value.is_floating_point() and torch.equal(value, value.to(d).to(value.dtype))]
    return about | {
        "dtype": _name(dtype),
        "device": device,
        "shape": list(value.shape),
        "mean": finite.mean().item() if finite.numel() else 0.0,
        "largest": finite.abs().max().item() if finite.numel() else 0.0,
        "not_finite": numbers.numel() - finite.numel(),
        "precision": _name((*fits, value.dtype)[0]),
        "parts": [zlib.crc32(raw[at : at + part_bytes]) for at in range(0, len(raw), part_bytes)],
    }


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _summary(all_inputs: list) -> dict[str, Any]:
    """A digest that does not depend on how the examples were batched, and a few numbers to tell data apart."""
    leaves: dict[str, list[Tensor]] = {}
    words: dict[str, list[Any]] = {}
    for inputs in all_inputs:
        for name, leaf in _leaves(inputs, ""):
            if isinstance(leaf, Tensor):
                leaves.setdefault(name, []).append(_dense(leaf.detach()).cpu())
            else:
                words.setdefault(name, []).extend(leaf)
    digest = hashlib.sha256()
    for name, tensors in sorted(leaves.items()):
        digest.update(f"{name} {[(str(t.dtype), tuple(t.shape[1:])) for t in tensors[:1]]};".encode())
        for tensor in tensors:
            digest.update(_raw(tensor))
    for name, items in sorted(words.items()):
        _feed(digest, [name, items])
    parts = [tensor.reshape(-1) for tensors in leaves.values() for tensor in tensors]
    # A model that takes text has no numbers to tell: its lengths are the next best.
    parts = parts or [torch.tensor([len(str(item)) for items in words.values() for item in items])]
    numbers = torch.cat([(part.abs() if part.is_complex() else part).double() for part in parts])
    first = next(iter(leaves.values()))[0] if leaves else None
    return {
        "digest": digest.hexdigest(),
        "dtype": "text" if first is None else _name(first.dtype),
        "shape": [] if first is None else list(first.shape[1:]),
        "mean": numbers.mean().item() if numbers.numel() else 0.0,
        "std": numbers.std(correction=0).item() if numbers.numel() else 0.0,
        "min": numbers.min().item() if numbers.numel() else 0.0,
        "max": numbers.max().item() if numbers.numel() else 0.0,
    }


def _leaves(inputs: Any, name: str) -> Iterator[tuple[str, Tensor | list]]:
    """Every tensor with its place, and whatever else a model may be given (text, numbers, arrays) as a list."""
    if isinstance(inputs, Tensor):
        yield name, inputs
    elif isinstance(inputs, np.ndarray):
        yield name, torch.from_numpy(inputs) if inputs.dtype.kind in "biufc" else inputs.ravel().tolist()
    elif isinstance(inputs, Mapping):
        for key in sorted(inputs, key=str):
            yield from _leaves(inputs[key], f"{name}/{key}")
    elif isinstance(inputs, list | tuple) and inputs and not any(_nests(item) for item in inputs):
        yield name, list(inputs)  # a batch of texts or numbers, one an example
    elif isinstance(inputs, list | tuple):
        for place, item in enumerate(inputs):
            yield from _leaves(item, f"{name}/{place}")
    elif hasattr(inputs, "__dict__") and not isinstance(inputs, type):
        yield from _leaves(vars(inputs), name)  # an object with tensors in it
    else:
        yield name, [inputs]


def _nests(value: Any) -> bool:
    return not isinstance(value, str | bytes | int | float | complex | None)

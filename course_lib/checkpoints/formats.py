"""The portable format: safetensors, which can't run code, with the config and a checksum of each tensor inside.

safetensors alone knows tensors and nothing else: no config, no checksum (a flipped bit loads), no sharing. All
three go into its metadata, which other readers of safetensors skip.
"""

import json
import os
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from safetensors.torch import save_file as write_safetensors
from torch import Tensor, nn

from course_lib.checkpoints.comparison import compare_state_dicts
from course_lib.checkpoints.durable import replacing
from course_lib.checkpoints.paths import local_path, reading
from course_lib.checkpoints.plain_data import tensor_problem
from course_lib.checkpoints.recognition import Kind, recognise
from course_lib.errors import CheckpointError, DamagedFileError, InputError

_ABOUT = "save_portable"  # the key of our metadata


def save_portable(state_dict: Mapping[str, Tensor], path: str | os.PathLike, *, config: Mapping[str, Any]) -> Path:
    """Save weights with the config that builds their model, durably: the old file or the new one, never half.

    A tensor that is a view of something larger is saved without the rest, and one that is not contiguous as a
    contiguous copy. Tied weights (two names for the same tensor) are stored once and come back tied.

    Args:
        state_dict: Tensors by name, as from `model.state_dict()`.
        path: The file, by custom `*.safetensors`. ~ is the home folder.
        config: What is needed to build the model again; plain JSON: dicts with text keys, lists, text,
            numbers, booleans, None.

    Returns:
        The path.

    Raises:
        InputError: Something is not a dense tensor with data, or the config is not plain JSON.
        CheckpointError: The file can't be written; what was there before is unchanged.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_portable({"w": torch.eye(2).t()}, f"{folder}/m.safetensors", config={"hidden": 2})
    ...     load_portable(path)
    ({'w': tensor([[1., 0.],
            [0., 1.]])}, {'hidden': 2})

    Source: https://huggingface.co/docs/safetensors/index
    """
    path = local_path(path)
    tensors, aliases = _untied(state_dict)
    about = {"config": config, "aliases": aliases, "crc32": {name: _crc32(t) for name, t in tensors.items()}}
    text = _as_json(about)
    metadata = {"format": "pt", _ABOUT: text, "about_crc32": str(zlib.crc32(text.encode()))}
    try:
        with replacing(path) as temporary:
            write_safetensors(tensors, temporary, metadata)
            with safe_open(temporary, framework="pt", device="cpu"):  # the gate of loading: its header can be read
                pass
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} was not saved: {error}. What was there before is unchanged. Check that the folder exists and "
            "has room, and that you may write there."
        ) from error
    return path


def load_portable(
    path: str | os.PathLike,
    *,
    config: Mapping[str, Any] | None = None,
    model: nn.Module | None = None,
    device: str | torch.device = "cpu",
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Load weights and config; every tensor must be there and have the bits that were saved, by its CRC-32.

    Args:
        path: A file of `save_portable`.
        config: The config you expect; any difference is an error.
        model: Loaded too, if it has exactly the same keys, shapes and dtypes; otherwise an error comes before
            anything in it was changed (load_state_dict alone stops half-way).
        device: Where the tensors of the returned state dict go. The model stays where it is.

    Returns:
        The state dict and the config.

    Raises:
        DamagedFileError: The file is cut short, or a bit is not as it was saved.
        CheckpointError: There is no such file, another program wrote it, or the config or the model's keys,
            shapes or dtypes are others.
    """
    path = local_path(path)
    try:
        with reading(path) as opened:
            kind = recognise(opened)
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise _not_portable(path, kind, error) from error
    if _ABOUT not in metadata:
        raise CheckpointError(
            f"{path} has no config and no checksums, so save_portable did not write it. If you trust its weights: "
            "safetensors.torch.load_file(path)."
        )
    if str(zlib.crc32(metadata[_ABOUT].encode())) != metadata.get("about_crc32"):
        raise DamagedFileError(f"The metadata of {path} is not what was saved. Load an older file.")
    try:
        about = json.loads(metadata[_ABOUT])
        found, sums = about["config"], about["crc32"]
        broken = [name for name in sums.keys() | tensors.keys() if sums.get(name) != _crc32(tensors.get(name))]
        tensors |= {alias: tensors[name] for alias, name in about["aliases"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # made by somebody else
        raise DamagedFileError(f"The metadata of {path} is not what save_portable writes ({error!r}).") from error
    if broken:
        raise DamagedFileError(f"{min(broken)!r} in {path} is not what was saved. Load an older file.")
    _require_config(config, found, path)
    tensors = _on_device(tensors, device)
    if model is not None:
        _load_into(model, tensors, path)
    return tensors, found


def _not_portable(path: Path, kind: Kind, error: Exception) -> CheckpointError:
    if kind.format == "torch zip":
        return CheckpointError(f"{path} is {kind.what}, not of save_portable. Load it with load_file(path).")
    if kind.format == "safetensors" or kind.damaged or path.stat().st_size <= 8:  # not even the header's length
        advice = "Load an older one, or download it again."
        return DamagedFileError(f"{path} is not a sound safetensors file ({error}). {advice}")
    return CheckpointError(f"{path} is {kind.what}, and no safetensors file. {kind.advice_for(str(path))}")


def _untied(state_dict: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors that share no memory, and which names mean the same tensor."""
    tensors: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    first: dict[tuple, str] = {}
    storages: set[int] = set()
    for name, tensor in state_dict.items():
        if not isinstance(tensor, Tensor):
            raise InputError(
                f"{name}: expected a dense tensor with data, got {type(tensor).__name__}. Other things go into config."
            )
        if problem := tensor_problem(tensor):
            raise InputError(f"{name} is {problem}")
        if not _safetensors_has(tensor.dtype):
            raise InputError(f"{name} is a tensor of {tensor.dtype}, which safetensors doesn't know. Use save_file.")
        tensor = tensor.detach()
        view = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride(), tensor.is_conj())
        if tensor.numel() and first.setdefault(view, name) != name:
            aliases[name] = first[view]
            continue
        storage = tensor.untyped_storage()
        shared = storage.data_ptr() in storages or storage.nbytes() != tensor.nbytes
        storages.add(storage.data_ptr())
        tensor = tensor.resolve_conj().resolve_neg().contiguous()
        tensors[name] = tensor.clone() if shared else tensor
    return tensors, aliases


@cache
def _safetensors_has(dtype: torch.dtype) -> bool:
    try:
        safetensors_bytes({"": torch.empty(0, dtype=dtype)})
    except (KeyError, ValueError, RuntimeError, SafetensorError):
        return False
    return True


def _as_json(config: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(config, sort_keys=True, allow_nan=False)
        same = json.loads(text) == _lists(config)  # JSON turns the key 1 into "1" without a word
    except (TypeError, ValueError) as error:
        raise InputError(f"The config must be plain JSON: {error}. Save numbers, text, lists and dicts.") from error
    if not same:
        raise InputError("The config would come back changed: the keys of its dicts must be text.")
    return text


def _lists(value: Any) -> Any:
    """The value with lists for tuples, which is how JSON returns them."""
    if isinstance(value, Mapping):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value


def _crc32(tensor: Tensor | None) -> int | None:
    if tensor is None:
        return None
    outline = zlib.crc32(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
    return zlib.crc32(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy(), outline)


def _on_device(tensors: dict[str, Tensor], device: str | torch.device) -> dict[str, Tensor]:
    moved: dict[int, Tensor] = {}  # once for each tensor, so that tied ones stay tied
    return {name: moved.setdefault(id(tensor), tensor.to(device)) for name, tensor in tensors.items()}


def _require_config(expected: Mapping[str, Any] | None, found: dict[str, Any], path: str | os.PathLike) -> None:
    wanted = None if expected is None else json.loads(_as_json(expected))
    if wanted is None or wanted == found:
        return
    differing = [
        f"{key}: expected {wanted.get(key, 'nothing')!r}, found {found.get(key, 'nothing')!r}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key) or (key in wanted) != (key in found)
    ]
    raise CheckpointError(f"{path} was saved with another config ({'; '.join(differing)}). Build the model from it.")


def _load_into(model: nn.Module, tensors: dict[str, Tensor], path: str | os.PathLike) -> None:
    difference = compare_state_dicts({k: _outline(v) for k, v in model.state_dict().items()},
                                     {k: _outline(v) for k, v in tensors.items()})  # fmt: skip
    if not difference.equal:
        raise CheckpointError(f"{path} does not fit the model, which was not changed:\n{difference}")
    model.load_state_dict(tensors)


def _outline(tensor: Any) -> Tensor:
    """A tensor of the same shape and dtype that holds one zero: to compare everything but the values."""
    if not isinstance(tensor, Tensor):
        return tensor
    return torch.zeros((), dtype=tensor.dtype).expand(tensor.shape)

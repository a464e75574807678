"""Sharded checkpoints: every process saves its own part, and any number of processes can load them again.

torch.distributed.checkpoint (DCP) does the work. Added here: a manifest with sizes, checksums and your own plain
data, written last, so that a folder without one is unfinished; checks of keys, shapes and coverage before a
tensor is touched; and `dcp_gate`, because DCP by itself unpickles whatever the folder holds.
"""

import json
import math
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint import state_dict as dcp_state
from torch.distributed.checkpoint.metadata import BytesStorageMetadata, Metadata

from course_lib.checkpoints.dcp_gate import (
    METADATA,
    Planner,
    Reader,
    closed,
    dcp_errors,
    is_extra_state,
    opened,
    problem_with,
)
from course_lib.checkpoints.durable import replacing
from course_lib.checkpoints.files import load_file, save_file
from course_lib.checkpoints.paths import local_path
from course_lib.errors import CheckpointError, DamagedFileError, InputError, UnsafeFileError

MANIFEST = "manifest.json"


def save_sharded(
    model: nn.Module,
    directory: str | os.PathLike,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Save a model, sharded or not, into a new folder. **Every process of the group must call this.**

    A save that only rank 0 calls waits for the others for ever. Without a process group it saves alone.

    A module's extra state (`get_extra_state`) is saved as one value, as plain data and dense tensors.

    Args:
        model: A plain module, or one under fully_shard (FSDP2); each process writes the part that it holds.
        directory: A folder on a disk that all processes see; it must not hold a checkpoint yet.
        optimizer: Saved by parameter name, not by position.
        extra: Plain JSON, such as {"epoch": 3}; rank 0's is saved.

    Raises:
        CheckpointError: The folder holds a checkpoint, or can't be written.
        InputError: `extra` is not plain JSON, the optimizer is another model's, or a value can't be loaded back.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> model, copy = nn.Linear(2, 2), nn.Linear(2, 2)
    >>> save_sharded(model, folder, extra={"epoch": 3})
    >>> load_sharded(copy, folder), torch.equal(model.weight, copy.weight)
    ({'epoch': 3}, True)

    Source: https://docs.pytorch.org/docs/stable/distributed.checkpoint.html
    """
    _save(_state_of(model, optimizer), local_path(directory), dict(extra or {}))


def load_sharded(
    model: nn.Module, directory: str | os.PathLike, *, optimizer: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Load into a model of any sharding, whatever the number of processes that saved it. All must call this.

    DCP fills tensors that are already there, and passes over what it finds no place for. So keys, shapes and
    dtypes are compared first, and nothing is loaded if they differ.

    Args:
        model: The model to fill, already sharded as it shall be.
        directory: A folder of `save_sharded`.
        optimizer: Built from this model's parameters; None leaves the saved one in the folder.

    Returns:
        What was saved as `extra`.

    Raises:
        DamagedFileError: A shard is missing, or its bytes are not those that were saved.
        UnsafeFileError: It holds pickles of other things than checkpoints consist of.
        InputError: The optimizer is another model's.
        CheckpointError: The save was not finished, or the checkpoint is not one of this model.
    """
    directory = local_path(directory)
    manifest, metadata = _open(directory)
    state = _state_of(model, optimizer)
    _require_fit(state["model"], metadata, directory)
    with dcp_errors(f"{directory} can't be loaded"):
        dcp.load(state, storage_reader=Reader(directory), planner=Planner())
        dcp_state.set_model_state_dict(model, opened(state["model"]))
        if optimizer is not None:
            dcp_state.set_optimizer_state_dict(model, optimizer, state["optimizer"])
    return manifest["extra"]


def sharded_to_file(directory: str | os.PathLike, path: str | os.PathLike) -> Path:
    """Gather a sharded checkpoint into one plain file; one process, no group, enough memory for all of it.

    Returns:
        The path. `load_file(path)` gives a dict of "model" (a plain state dict), "extra", and "optimizer" if it
        was saved, with its state by parameter name.

    Raises:
        CheckpointError: As in `load_sharded`, or the file can't be written.
    """
    directory = local_path(directory)
    manifest, metadata = _open(directory)
    flat: dict[str, Any] = {
        name: None if isinstance(entry, BytesStorageMetadata) else torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in metadata.state_dict_metadata.items()
    }
    with dcp_errors(f"{directory} can't be loaded"):
        dcp.load(flat, storage_reader=Reader(directory), planner=Planner())
    nested: dict = {}
    for name, value in flat.items():
        *path_to, last = metadata.planner_data[name]
        inside = nested
        for key in path_to:
            inside = inside.setdefault(key, {})
        inside[last] = value
    whole = _with_lists(nested) | {"extra": manifest["extra"]}
    return save_file(whole | {"model": opened(whole.get("model", {}))}, path)


def file_to_sharded(path: str | os.PathLike, directory: str | os.PathLike) -> None:
    """The way back: a plain file with the parts "model", and perhaps "optimizer" and "extra", becomes a folder.

    Raises:
        CheckpointError: The file can't be loaded, or the folder can't be written.
        InputError: The file has no part "model", or an optimizer whose state goes by position.
    """
    checkpoint = load_file(path)
    model = checkpoint.get("model") if isinstance(checkpoint, Mapping) else None
    if not isinstance(model, Mapping) or not all(is_extra_state(k) or isinstance(v, Tensor) for k, v in model.items()):
        raise InputError(f"Expected a dict with the part 'model' in {path}. Save {{'model': model.state_dict()}}.")
    state: dict[str, Any] = {"model": closed(model)}
    if "optimizer" in checkpoint:
        state["optimizer"] = checkpoint["optimizer"]
        if any(isinstance(key, int) for key in state["optimizer"]["state"]):
            raise InputError(
                f"The optimizer in {path} numbers its parameters; shards need names. Save what "
                "torch.distributed.checkpoint.state_dict.get_optimizer_state_dict(model, optimizer) returns."
            )
    _save(state, local_path(directory), dict(checkpoint.get("extra") or {}))


def _state_of(model: nn.Module, optimizer: torch.optim.Optimizer | None) -> dict[str, Any]:
    state = {"model": closed(dcp_state.get_model_state_dict(model))}
    if optimizer is not None:
        ours = {id(parameter) for parameter in model.parameters()}
        if not all(id(held) in ours for group in optimizer.param_groups for held in group["params"]):
            raise InputError("The optimizer holds another model's parameters; build it from this one's parameters().")
        state["optimizer"] = dcp_state.get_optimizer_state_dict(model, optimizer)
    return state


def _require_loadable(state: dict[str, Any]) -> None:
    """Stop in all processes, or in none, if a value would not be taken back."""
    if problems := [text for text in _gather(problem_with(state)) if text]:
        raise InputError(f"Nothing was saved: {problems[0]}")


def _save(state: dict[str, Any], directory: Path, extra: dict[str, Any]) -> None:
    try:
        if json.loads(json.dumps(extra)) != extra:
            raise ValueError("it would come back changed")
    except (TypeError, ValueError) as error:
        raise InputError(
            f"extra must be plain JSON: {error}. Use numbers, text, lists, dicts with text keys."
        ) from error
    if (directory / MANIFEST).exists():
        raise CheckpointError(f"{directory} holds a checkpoint already; choose a new folder, such as step-1000.")
    _require_loadable(state)
    with dcp_errors(f"{directory} was not saved"):
        dcp.save(state, storage_writer=dcp.FileSystemWriter(directory))
    ours = sorted(directory.glob(f"__{_rank()}_*.distcp")) + ([directory / METADATA] if _rank() == 0 else [])
    sums = _gather({file.name: [file.stat().st_size, _crc32(file)] for file in ours})
    if _rank() == 0:
        files = {name: entry for part in sums for name, entry in part.items()}
        text = json.dumps({"world_size": len(sums), "extra": extra, "files": files}, indent=1)
        with dcp_errors(f"{directory} was not saved"), replacing(directory / MANIFEST) as temporary:
            temporary.write_text(text, encoding="utf-8")
    _gather(None)  # nobody goes on before the checkpoint is complete


def _open(directory: Path) -> tuple[dict[str, Any], Metadata]:
    """The manifest and DCP's metadata, after every check; all processes share the reading and the verdict."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        files = {str(name): (int(size), int(crc)) for name, (size, crc) in manifest["files"].items()}
        manifest["extra"]
    except FileNotFoundError as error:
        raise CheckpointError(f"{directory} has no {MANIFEST}: its save was not finished. Use another one.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedFileError(f"{directory / MANIFEST} can't be read ({error!r}). Use another checkpoint.") from error
    share = sorted(files)[_rank() :: len(_gather(None))]
    problems = [problem for name in share if (problem := _problem(directory, name, *files[name]))]
    problems = [problem for part in _gather(problems) for problem in part]
    if problems:
        raise DamagedFileError(f"{directory}: {'; '.join(sorted(problems)[:4])}. Use another checkpoint.")
    metadata = Reader(directory).read_metadata()
    if strangers := {info.relative_path for info in metadata.storage_data.values()} - files.keys():
        raise UnsafeFileError(f"{directory} refers to files that are not in its manifest: {sorted(strangers)[:3]}.")
    for name, entry in metadata.state_dict_metadata.items():
        if not isinstance(entry, BytesStorageMetadata):
            saved = sum(math.prod(chunk.sizes) for chunk in entry.chunks)
            if saved != math.prod(entry.size):
                raise DamagedFileError(
                    f"{directory} holds {saved:,} of the {math.prod(entry.size):,} elements of {name}: not every "
                    "process saved its part."
                )
    return manifest, metadata


def _problem(directory: Path, name: str, size_bytes: int, crc32: int) -> str | None:
    if Path(name).name != name:
        return f"the manifest names {name!r}, outside of the folder"
    file = directory / name
    if not file.is_file():
        return f"{name} is missing"
    if file.stat().st_size != size_bytes:
        return f"{name} has {file.stat().st_size:,} bytes instead of {size_bytes:,}"
    return None if _crc32(file) == crc32 else f"the bytes of {name} are not those that were saved"


def _require_fit(model: Mapping[str, Tensor], metadata: Metadata, directory: Path) -> None:
    saved = {n.removeprefix("model."): e for n, e in metadata.state_dict_metadata.items() if n.startswith("model.")}
    problems = [f"missing {name}" for name in model if name not in saved]
    problems += [f"unexpected {name}" for name in saved if name not in model]
    for name, entry in saved.items():
        is_tensor = not isinstance(entry, BytesStorageMetadata)
        if name in model and is_tensor != isinstance(model[name], Tensor):
            problems.append(f"{name} is a tensor on one side only")
        elif name in model and is_tensor:
            ours, theirs = (tuple(model[name].shape), model[name].dtype), (tuple(entry.size), entry.properties.dtype)
            problems += [f"{name} is {theirs} in the checkpoint and {ours} in the model"] if ours != theirs else []
    if problems:
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise CheckpointError(
            f"{directory} does not fit the model, nothing was loaded: {'; '.join(problems[:5])}{more}."
        )


def _with_lists(value: Any) -> Any:
    """Dicts whose keys are 0, 1, 2, ... back into the lists that DCP had taken apart."""
    if not isinstance(value, dict):
        return value
    value = {key: _with_lists(item) for key, item in value.items()}
    is_list = value and all(isinstance(key, int) for key in value)
    return [value[place] for place in range(len(value))] if is_list else value


def _rank() -> int:
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def _gather(value: Any) -> list[Any]:
    """The value of every process, in every process."""
    if not (dist.is_available() and dist.is_initialized()):
        return [value]
    values = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def _crc32(file: Path) -> int:
    crc = 0
    with open(file, "rb") as stream:
        while chunk := stream.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
    return crc

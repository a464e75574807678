"""Let torch.distributed.checkpoint (DCP) unpickle its own classes and plain data, and nothing else.

DCP reads its metadata with pickle.load and every value that is no tensor with weights_only=False, so a stranger's
folder could run code. Here each pickle is followed symbolically first.
"""

import io
import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor
from torch.distributed.checkpoint.metadata import Metadata

from course_lib.checkpoints.files import load_stream
from course_lib.checkpoints.plain_data import refuse_unloadable
from course_lib.checkpoints.symbolic_pickle import walk
from course_lib.errors import CheckpointError, InputError, UnsafeFileError

METADATA = ".metadata"
_DCP = "torch.distributed.checkpoint"
_CLASSES = (
    "Metadata TensorStorageMetadata TensorProperties BytesStorageMetadata ChunkStorageMetadata MetadataIndex "
    "StorageMeta _MEM_FORMAT_ENCODING"
)
_SAFE = (
    {f"{_DCP}.metadata.{name}" for name in _CLASSES.split()}
    | {f"{_DCP}.filesystem._StorageInfo", "torch.Size", "torch.serialization._get_layout"}
    | {str(value) for value in vars(torch).values() if isinstance(value, torch.dtype)}
    | {f"{module}.{kind}Path" for module in ("pathlib", "pathlib._local") for kind in ("Posix", "Windows")}
)


class Reader(dcp.FileSystemReader):
    """Unpickles the metadata only if it consists of DCP's own classes."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        """As DCP does, after a look at it.

        Raises:
            UnsafeFileError: It wants something else, or would flood the memory. Nothing was executed.
        """
        raw = (Path(self.path) / METADATA).read_bytes()
        seen = walk(io.BytesIO(raw))
        refused = sorted(seen.globals - _SAFE)
        if refused or seen.damage or seen.flood:
            raise UnsafeFileError(
                f"{self.path}/{METADATA} is not what torch.distributed.checkpoint writes: "
                f"{seen.damage or seen.flood or 'it wants ' + ', '.join(refused[:3])}. Nothing was executed."
            )
        if seen.limit:
            raise CheckpointError(f"{self.path}/{METADATA} can't be checked: {seen.limit}.")
        _OnlyOurs(io.BytesIO(raw)).load()  # the same answer from the machine that DCP will use
        return super().read_metadata(*args, **kwargs)


class _OnlyOurs(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in _SAFE:
            raise UnsafeFileError(f"The metadata wants {module}.{name}. Nothing was executed.")
        return super().find_class(module, name)


class Planner(dcp.DefaultLoadPlanner):
    """Hands DCP only values that weights_only accepts."""

    def load_bytes(self, read_item: Any, value: io.BytesIO) -> None:
        """As DCP does, which unpickles with weights_only=False; so it gets a file that we wrote ourselves.

        Raises:
            UnsafeFileError: The value is not plain data. Nothing was executed.
            CheckpointError: It is damaged, or more than `load_file` takes.
        """
        name = read_item.dest_index.fqn
        try:
            plain = load_stream(value, name)
        except UnsafeFileError as error:
            raise UnsafeFileError(f"{name} is not plain data. Nothing was executed. {error}") from error
        ours = io.BytesIO()
        torch.save(plain, ours)
        ours.seek(0)
        super().load_bytes(read_item, ours)


def is_extra_state(name: str) -> bool:
    """Whether a key of a state dict is what a module's get_extra_state() returned."""
    return name.rpartition(".")[2] == "_extra_state"


def closed(model: Mapping[str, Any]) -> dict[str, Any]:
    """Each extra state in a tuple, which DCP saves as one value; a dict or a list it would take apart."""
    return {name: (value,) if is_extra_state(name) else value for name, value in model.items()}


def opened(model: Mapping[str, Any]) -> dict[str, Any]:
    """The way back from `closed`."""
    return {name: value[0] if is_extra_state(name) else value for name, value in model.items()}


def problem_with(value: Any, name: str = "") -> str | None:
    """Why a part of the state could not be loaded back. What is no tensor of its own is pickled by DCP."""
    if isinstance(value, Mapping):
        parts = (problem_with(item, f"{name}.{key}".lstrip(".")) for key, item in value.items())
        return next((problem for problem in parts if problem), None)
    if isinstance(value, Tensor):
        return None
    stream = io.BytesIO()
    try:
        refuse_unloadable(value, name)
        torch.save(value, stream)
        load_stream(stream, name)
    except (InputError, CheckpointError) as error:
        return str(error)
    return None


@contextmanager
def dcp_errors(what: str) -> Iterator[None]:
    """DCP's errors as ours, and no warning that a single process saves alone."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="torch.distributed is disabled")
            yield
    except dcp.CheckpointException as error:  # a BaseException, which `except Exception` would let through
        causes = [cause for cause, _ in error.failures.values()]
        if isinstance(causes[0], CheckpointError):
            raise causes[0] from error
        raise CheckpointError(f"{what}: {'; '.join(str(cause) for cause in causes[:3])}") from error
    except OSError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{what}: {error}") from error

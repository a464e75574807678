"""Save an object so that it is on the disk or the old file still is; load it only if every bit is as saved.

A file is what torch.save writes, with a seal behind it (see `archive`); plain torch.load reads it too, and
`load_file` reads what plain torch.save wrote.
"""

import mmap
import os
import pickle
import shutil
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn

from course_lib.checkpoints.archive import Record, read_directory, seal
from course_lib.checkpoints.durable import replacing
from course_lib.checkpoints.pickle_gate import admit
from course_lib.errors import CheckpointError, DamagedFileError, InputError, UnsafeFileError

_LEAVES = {type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device}
_CONTAINERS = {list, tuple, set, dict, OrderedDict, Counter}


def save_file(obj: Any, path: str | os.PathLike) -> Path:
    """Save tensors and plain data; a crash at any moment leaves the old file or the new one, never half of one.

    The bytes go to a temporary file in the same folder, are forced to the disk, and only then take the name;
    at last the folder, which holds the name, is forced to the disk too. What `load_file` would not take back is
    refused before anything is written, and nothing is converted in silence.

    Args:
        obj: Tensors, numbers, text, bytes, None, dtypes and devices, in lists, tuples, sets, dicts,
            OrderedDicts and Counters: what state_dict() returns. No NumPy values, paths or own classes.
        path: The file; it may exist, its folder must.

    Returns:
        The path.

    Raises:
        InputError: Something in the object can't be loaded back safely; the message says where it is.
        CheckpointError: The file could not be written; the old one is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_file({"weight": torch.ones(2), "epoch": 3}, f"{folder}/model.pt")
    ...     load_file(path)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    >>> import numpy as np
    >>> save_file({"metrics": {"loss": np.float64(0.1)}}, "model.pt")
    Traceback (most recent call last):
    course_lib.errors.InputError: obj['metrics']['loss'] is a numpy.float64, ... Save value.item().

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html, https://lwn.net/Articles/457667/
    """
    refuse_unloadable(obj)
    if not torch.serialization.get_crc32_options():
        raise CheckpointError("torch.serialization.set_crc32_options(False) leaves out the checksums. Set it to True.")
    path = Path(path)
    try:
        with replacing(path) as temporary:
            temporary.touch(exist_ok=False)  # torch would say less about a folder that is missing or read-only
            torch.save(obj, temporary)
            seal(temporary)
    except (OSError, RuntimeError, pickle.PicklingError) as error:
        raise CheckpointError(
            f"{path} was not saved: {error}. What was there before is unchanged. Check that the folder exists, "
            f"that you may write there, and that the disk has room{_free(path.parent)}."
        ) from error
    return path


def check_file(path: str | os.PathLike) -> None:
    """Prove that every byte of the file that loading would use is the byte that was saved.

    Silence means that it is sound. Sealed files (those of `save_file`) are proven as a whole; in a file of plain
    torch.save everything is, except that nobody exchanged the names of two records.

    Raises:
        DamagedFileError: A bit flipped, an end cut off, junk appended, an empty file, ...
        UnsafeFileError: It could run code or flood the memory; nothing was loaded.
        CheckpointError: There is no such file, it can't be read, or it is not a checkpoint.

    >>> check_file(__file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    course_lib.errors.DamagedFileError: ...files.py: It begins with b'...', as no file of torch.save does. ...

    Source: https://github.com/pytorch/pytorch/issues/126952, on the checksums that torch.load leaves unread.
    """
    with _opened(path) as (_, view, records), ThreadPoolExecutor(_workers()) as pool:
        _require_intact(_start_checking(pool, view, records))


def load_file(path: str | os.PathLike, *, map_location: Any = "cpu", check: bool = True) -> Any:
    """Load what was saved, or raise: never something else. `weights_only` is always True.

    Reads files of `save_file` and of torch.save (1.6 or later) that hold tensors and plain data.

    Args:
        path: The file.
        map_location: Where the tensors go, as in torch.load; None: to the devices they were saved from.
        check: False saves time and trusts the tensors' bytes; all other checks are made anyway.

    Raises:
        DamagedFileError: The file's bytes are not what was saved.
        UnsafeFileError: Loading would run code or flood the memory; nothing of it was executed.
        CheckpointError: There is no such file, it can't be read, or not onto these devices.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    with _opened(path) as (file, view, records), ThreadPoolExecutor(_workers()) as pool:
        # While this thread loads, others compute the CRCs of the same bytes; neither waits for the other.
        checks = _start_checking(pool, view, records if check else {})
        loaded = failure = None
        try:
            loaded = torch.load(file, map_location=map_location, weights_only=True)
        except pickle.UnpicklingError as error:
            failure = UnsafeFileError(f"torch.load(weights_only=True) refuses it: {error}")
            failure.__cause__ = error
        except Exception as error:
            failure = CheckpointError(f"It can't be loaded: {error}")
            failure.__cause__ = error
        _require_intact(checks)
        if failure:
            raise failure
    return loaded


def refuse_unloadable(obj: Any) -> None:
    """Find what weights_only would not take back, and say where in the object it is."""
    todo, seen = [("obj", obj)], set()
    while todo:
        path, value = todo.pop()
        kind = type(value)  # exactly: np.float64 is a float by inheritance
        if kind in _LEAVES:
            if (kind is int and value.bit_length() > 2000) or value == b"":
                raise InputError(f"{path} is {kind.__name__} that weights_only can't load: {str(value)[:20]!r}.")
        elif kind in (Tensor, nn.Parameter):
            if value.layout != torch.strided or value.is_quantized or value.is_meta or value.__dict__:
                raise InputError(
                    f"{path} is a tensor of a special kind (sparse, quantized, without data, or with attributes of "
                    "its own). Save a dense one: value.dequantize() or value.to_dense(), then .detach().clone()."
                )
        elif kind not in _CONTAINERS:
            name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
            raise InputError(
                f"{path} is a {name}, and torch.load(weights_only=True) would refuse the whole file. {_instead(value)}"
            )
        elif id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, dict):
                todo += ((f"{path}[{key!r}]", item) for key, item in value.items())
                todo += ((f"the key {key!r} of {path}", key) for key in value)
                todo += ((f"{path}.{name}", item) for name, item in getattr(value, "__dict__", {}).items())
            else:
                todo += ((f"{path}[{place}]", item) for place, item in enumerate(value))


def _instead(value: Any) -> str:
    if hasattr(value, "dtype") and hasattr(value, "item"):  # NumPy's
        return "Save torch.from_numpy(value)." if getattr(value, "ndim", 0) else "Save value.item()."
    if isinstance(value, os.PathLike):
        return "Save str(value)."
    if hasattr(value, "state_dict"):
        return "Save value.state_dict()."
    return "Save plain numbers, text, lists and dictionaries in its place."


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[tuple[BinaryIO, memoryview, dict[str, Record]]]:
    """The file, its bytes and its records, after every check but the CRCs of the tensors.

    One open file for all: another one that takes its name meanwhile can't be mixed with it.
    """
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise DamagedFileError("It is empty, as a save leaves it that was killed at its start.")
            # Not closed by hand: an exception's traceback may still hold slices of it.
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            records = read_directory(file, view)
            pickled = records["data.pkl"]
            _require_intact([("data.pkl", lambda: pickled.is_intact(view))])
            storages = {n.removeprefix("data/"): r.size_bytes for n, r in records.items() if n.startswith("data/")}
            admit(view[pickled.start : pickled.start + pickled.size_bytes], storages)
            file.seek(0)
            yield file, view, records
    except CheckpointError as error:
        advice = ""
        if isinstance(error, DamagedFileError):
            advice = " Load an older checkpoint; CheckpointManager.load() finds the newest good one."
        if isinstance(error, UnsafeFileError):
            advice = " Don't load it in another way unless you trust whoever made it."
        raise type(error)(f"{path}: {error}{advice}") from error.__cause__
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror}. Check the path.") from error


def _workers() -> int:
    return min(4, os.cpu_count() or 1)


def _start_checking(
    pool: ThreadPoolExecutor, view: memoryview, records: dict[str, Record]
) -> list[tuple[str, Callable[[], bool]]]:
    return [(name, pool.submit(record.is_intact, view).result) for name, record in records.items()]


def _require_intact(checks: list[tuple[str, Callable[[], bool]]]) -> None:
    broken = [name for name, is_intact in checks if not is_intact()]
    if broken:
        raise DamagedFileError(f"The bytes of its record {broken[0]!r} are not those that were saved.")


def _free(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free >> 20:,} MiB are free)"
    except OSError:
        return ""

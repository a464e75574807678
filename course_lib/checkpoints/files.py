"""Save an object so that it is on the disk or the old file still is; load it only if every bit is as saved.

A file is what torch.save writes, with a seal behind it (see `archive`); plain torch.load reads it too, and
`load_file` reads what plain torch.save wrote.
"""

import io
import mmap
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch

from course_lib.checkpoints.archive import Record, has_seal, read_directory, seal
from course_lib.checkpoints.durable import replacing
from course_lib.checkpoints.inspection import inspect_file
from course_lib.checkpoints.paths import local_path, reading
from course_lib.checkpoints.pickle_gate import admit
from course_lib.checkpoints.plain_data import largest_part, refuse_unloadable
from course_lib.checkpoints.recognition import LEGACY, Kind, recognise
from course_lib.errors import CheckpointError, DamagedFileError, InputError, UnsafeFileError

_GROUP_BYTES = 8 << 20  # of records whose CRCs are computed in one go


def save_file(obj: Any, path: str | os.PathLike) -> Path:
    """Save tensors and plain data; a crash at any moment leaves the old file or the new one, never half of one.

    The bytes go to a temporary file in the same folder, are forced to the disk, and only then take the name;
    at last the folder, which holds the name, is forced to the disk too. Before it takes the name, it passes the
    gate of `load_file`: what would not be taken back is refused, and nothing is converted in silence.

    Args:
        obj: Tensors, numbers, text, bytes, bytearrays, None, dtypes, layouts, devices and sizes, in lists,
            tuples, sets, dicts, OrderedDicts and Counters: what state_dict() returns. No NumPy values, paths or own
            classes; no sparse, quantized or nested tensors.
        path: The file; it may exist, its folder must. ~ is the home folder.

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
    path = local_path(path)
    refuse_unloadable(obj)
    if not torch.serialization.get_crc32_options():
        raise CheckpointError("torch.serialization.set_crc32_options(False) leaves out the checksums. Set it to True.")
    try:
        with replacing(path) as temporary:
            temporary.touch(exist_ok=False)  # torch would say less about a folder that is missing or read-only
            torch.save(obj, temporary)
            require_loadable(obj, *seal(temporary))
    except RecursionError as error:
        raise InputError("obj is nested too deep to be saved; load_file takes 200 levels.") from error
    except (OSError, RuntimeError, pickle.PicklingError) as error:
        raise CheckpointError(
            f"{path} was not saved: {error}. What was there before is unchanged. Check that the folder exists, "
            f"that you may write there, and that the disk has room{_free(path.parent)}."
        ) from error
    return path


def require_loadable(obj: Any, pickled: bytes, storage_bytes: dict[str, int], name: str = "obj") -> None:
    """Send what was written through the gate of `load_file`; see `pickle_gate.admit`.

    Raises:
        InputError: It would not be taken back.
    """
    try:
        admit(pickled, storage_bytes)
    except CheckpointError as error:
        raise InputError(
            f"{name} was not saved, load_file would not take it back: {error}{largest_part(obj, name)}"
        ) from error


def check_file(path: str | os.PathLike) -> None:
    """Prove that the bytes of the file that loading would use are the bytes that were saved, accidents considered.

    Silence means that it is sound. Sealed files (those of `save_file`) are proven as a whole; in a file of plain
    torch.save everything is, except that nobody exchanged the names of two records.

    A CRC-32 finds every flipped bit and every burst of up to 32, and of all other accidents all but one in four
    billion. It is no signature: who wants to can change bytes so that it stays as it is, or seal the file anew. To
    know that a file is the one that somebody published, compare its SHA-256 with the one they published.

    Raises:
        DamagedFileError: A bit flipped, an end cut off, junk appended, an empty file, ...
        UnsafeFileError: It could run code or flood the memory; nothing was loaded.
        CheckpointError: There is no such file, it can't be read, it is not a checkpoint, or one that `load_file`
            does not take.

    >>> check_file(__file__)
    Traceback (most recent call last):
    course_lib.errors.CheckpointError: ...files.py: It is a text: ...

    Source: https://github.com/pytorch/pytorch/issues/126952, on the checksums that torch.load leaves unread.
    """
    with _opened(path) as (_, view, records), ThreadPoolExecutor(_workers()) as pool:
        _require_intact(_start_checking(pool, view, records))


def load_file(path: str | os.PathLike, *, map_location: Any = "cpu", check: bool = True) -> Any:
    """Load what was saved, or raise; what checksums can tell is told (see `check_file`). `weights_only` is always True.

    Reads files of `save_file` and of torch.save (1.6 or later) that hold dense tensors and plain data, up to 512 MiB
    of it. Before torch 2.10 a forged file could run code in spite of weights_only (CVE-2026-24747); here the file is
    followed first, but an update is the better answer.

    Args:
        path: The file.
        map_location: Where the tensors go, as in torch.load; None: to the devices they were saved from.
        check: False saves time and trusts the tensors' bytes; all other checks are made anyway.

    Raises:
        DamagedFileError: The file's bytes are not what was saved.
        UnsafeFileError: Loading would run code or flood the memory; nothing of it was executed.
        CheckpointError: There is no such file, it can't be read, or not onto these devices; it is no checkpoint,
            and the message says what it is; or it is beyond the limits above.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    with _opened(path) as opened:
        return _load(*opened, map_location, check)


def load_stream(stream: io.BytesIO, name: str) -> Any:
    """The same from memory, onto the CPU; `name` stands for the path in messages.

    Raises:
        CheckpointError: As `load_file`.
    """
    with _checked(stream, stream.getbuffer(), name) as opened:
        return _load(*opened, "cpu", True)


def _load(file: BinaryIO, view: memoryview, records: dict[str, Record], map_location: Any, check: bool) -> Any:
    with ThreadPoolExecutor(_workers()) as pool:
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


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[tuple[BinaryIO, memoryview, dict[str, Record]]]:
    """The file, its bytes and its records, after every check but the CRCs of the tensors.

    One open file for all: another one that takes its name meanwhile can't be mixed with it.
    """
    with reading(path) as file:
        empty = not os.fstat(file.fileno()).st_size
        # Not closed by hand: an exception's traceback may still hold slices of it.
        view = memoryview(b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        with _checked(file, view, str(path)) as opened:
            yield opened


@contextmanager
def _checked(file: BinaryIO, view: memoryview, name: str) -> Iterator[tuple[BinaryIO, memoryview, dict[str, Record]]]:
    try:
        records = _records(file, view, name)
        pickled = records["data.pkl"]
        if not pickled.is_intact(view):
            raise _broken("data.pkl")
        storages = {n.removeprefix("data/"): r.size_bytes for n, r in records.items() if n.startswith("data/")}
        admit(view[pickled.start : pickled.start + pickled.size_bytes], storages)
        file.seek(0)
        yield file, view, records
    except CheckpointError as error:
        advice = ""
        if isinstance(error, DamagedFileError):
            advice = " Load an older checkpoint (CheckpointManager.load() finds the newest good one), or copy it anew."
        if isinstance(error, UnsafeFileError):
            advice = " Don't load it in another way unless you trust whoever made it."
        raise type(error)(f"{name}: {error}{advice}") from error.__cause__


def _records(file: BinaryIO, view: memoryview, path: str) -> dict[str, Record]:
    """The records of a checkpoint; for everything else an error that says what it is."""
    if view[:4] != b"PK\x03\x04":
        raise _not_loadable(file, recognise(file), path)
    try:
        records = read_directory(file, view)
    except CheckpointError as error:
        kind = recognise(file)
        if kind.format == "torch zip" or has_seal(view):
            raise
        raise _not_loadable(file, kind, path) from error
    if "constants.pkl" in records:
        raise _not_loadable(file, recognise(file), path)
    return records


def _not_loadable(file: BinaryIO, kind: Kind, path: str) -> CheckpointError:
    if kind.damaged:
        return DamagedFileError(f"It is {kind.what}. {kind.advice}")
    if kind.format == "TorchScript":
        return UnsafeFileError(f"It is {kind.what}, and loading it, with torch.jit.load(path), runs it.")
    if kind.format == "safetensors":
        return CheckpointError(
            f"It is {kind.what}, which has a loader of its own: load_portable(path) if save_portable wrote it, else "
            "safetensors.torch.load_file(path)."
        )
    if kind.format != "legacy pickle":
        return CheckpointError(f"It is {kind.what}. That is no checkpoint of torch.save. {kind.advice_for(path)}")
    if kind is not LEGACY:
        return UnsafeFileError(f"It is {kind.what}: loading may run code. inspect_file(path) says what it wants.")
    found = inspect_file(file)
    if found.verdict == "unsafe":
        wanted = ", ".join((*found.refused, *found.dangers)[:3])
        return UnsafeFileError(f"It is {kind.what}, and loading may run code: it wants {wanted}.")
    if found.verdict == "damaged":
        return DamagedFileError(f"It is {kind.what}: {found.damage[0]}.")
    return CheckpointError(
        f"It is {kind.what}, which has no checksums, so that load_file can't prove it. It wants nothing but tensors and "
        "plain data. Convert it once: save_file(torch.load(path, map_location='cpu', weights_only=True), 'new.pt')."
    )


def _workers() -> int:
    return min(4, os.cpu_count() or 1)


def _start_checking(
    pool: ThreadPoolExecutor, view: memoryview, records: dict[str, Record]
) -> list[Callable[[], list[str]]]:
    """Start to compute all CRCs, small records together; each of the results names what is broken."""

    def broken(group: list[str]) -> list[str]:
        return [name for name in group if not records[name].is_intact(view)]

    groups: list[list[str]] = [[]]
    size_bytes = 0
    for name, record in records.items():
        groups[-1].append(name)
        size_bytes += record.size_bytes
        if size_bytes >= _GROUP_BYTES:
            groups.append([])
            size_bytes = 0
    return [pool.submit(broken, group).result for group in groups if group]


def _require_intact(checks: list[Callable[[], list[str]]]) -> None:
    for broken in checks:
        if names := broken():
            raise _broken(names[0])


def _broken(name: str) -> DamagedFileError:
    return DamagedFileError(f"The bytes of its record {name!r} are not those that were saved.")


def _free(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free >> 20:,} MiB are free)"
    except OSError:
        return ""

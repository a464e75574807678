"""What is in a checkpoint file? Read it without executing anything.

`inspect_file` never unpickles: it follows the pickle symbolically (see `symbolic_pickle`), so it may be given a
stranger's file. Whatever the file holds, the answer is an `Inspection`, in bounded time and memory.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from course_lib.checkpoints.anatomy import Record, dissect
from course_lib.checkpoints.comparison import Comparison, compare_state_dicts
from course_lib.checkpoints.entries import TensorEntry, ValueEntry
from course_lib.checkpoints.paths import reading
from course_lib.checkpoints.recognition import Format
from course_lib.errors import InputError

__all__ = ["Comparison", "Inspection", "compare_state_dicts", "inspect_file"]


@dataclass(frozen=True)
class Inspection:
    """What a file holds and what is wrong with it; `print(inspection)` gives the report.

    `verdict` is "unsafe" where torch.load(weights_only=True) refuses the file or where it claims more than it
    holds, "damaged" where the bytes can't be the ones that were saved, "not a checkpoint" (then `what` and
    `advice` say more), "too large" where a limit of ours stopped the reading and nothing was found till there, or
    "good". "good" means that nothing was found, and no more: safetensors and files of torch < 1.6 have no checksum
    to compare with, and a CRC is no signature (see `check_file`).
    """

    format: Format
    size_bytes: int
    what: str = ""
    advice: str = ""
    records: tuple[Record, ...] = ()
    tensors: tuple[TensorEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    opcodes: dict[str, int] = field(default_factory=dict)
    globals: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sealed: bool = False

    @property
    def verdict(self) -> Literal["good", "unsafe", "damaged", "not a checkpoint", "too large"]:
        """The worst that was found."""
        if self.refused or self.dangers:
            return "unsafe"
        if self.damage:
            return "damaged"
        if self.format == "not a checkpoint":
            return "not a checkpoint"
        return "too large" if self.limits else "good"

    def report(self, max_lines: int = 20) -> str:
        """The inspection as text, with at most `max_lines` lines of tensors and as many of values."""
        lines = [f"{self.format}, {self.size_bytes:,} bytes: {self.verdict}"]
        if self.format == "not a checkpoint":
            lines.append(f"  It is {self.what}. {self.advice}")
        lines += [f"  refused by weights_only: {name}" for name in self.refused[:max_lines]]
        lines += [f"  danger: {text}" for text in self.dangers[:max_lines]]
        lines += [f"  damage: {text}" for text in self.damage[:max_lines]]
        lines += [f"  limit of this program: {text}" for text in self.limits[:max_lines]]
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
        CheckpointError: There is no such file, or it is a directory, a pipe or a device.

    >>> import torch
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
            format=found.kind.format,
            size_bytes=file.seek(0, os.SEEK_END),
            what=found.kind.what,
            advice=found.kind.advice_for("FILE"),
            records=tuple(found.records),
            tensors=tuple(found.tensors),
            values=tuple(found.values),
            opcodes=dict(found.opcodes.most_common()),
            globals=tuple(sorted(found.globals)),
            refused=tuple(sorted(found.refused)),
            dangers=tuple(found.dangers),
            damage=tuple(found.damage),
            limits=tuple(found.limits),
            warnings=tuple(found.warnings),
            sealed=found.sealed,
        )


@contextmanager
def _opened(source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        with reading(source) as file:
            yield file
    elif hasattr(source, "read") and hasattr(source, "seek"):
        position = source.tell()
        try:
            yield source
        finally:
            source.seek(position)
    else:
        raise InputError(f"Expected a path, bytes or a binary file; got {type(source).__name__}.")

"""The header of a safetensors file, read without its library: names, dtypes, shapes and places of all tensors."""

import json
import math
import os
import re
from dataclasses import dataclass, field
from typing import BinaryIO

from course_lib.checkpoints.entries import TensorEntry, ValueEntry, short, sizes
from course_lib.checkpoints.symbolic_pickle import printable

MAX_HEADER_BYTES = 100_000_000  # safetensors' own limit
_PLAUSIBLE = re.compile(r"[A-Z]+[0-9]+(_[A-Z0-9]+)?")  # how a dtype that is newer than this table may be called
# torch's dtype, and the bits of one element.
_DTYPES = {
    "F64": ("float64", 64), "F32": ("float32", 32), "F16": ("float16", 16), "BF16": ("bfloat16", 16),
    "I64": ("int64", 64), "I32": ("int32", 32), "I16": ("int16", 16), "I8": ("int8", 8),
    "U64": ("uint64", 64), "U32": ("uint32", 32), "U16": ("uint16", 16), "U8": ("uint8", 8), "BOOL": ("bool", 8),
    "C64": ("complex64", 64), "F8_E4M3": ("float8_e4m3fn", 8), "F8_E5M2": ("float8_e5m2", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8), "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8), "F8_E8M0": ("float8_e8m0fnu", 8),
    "F6_E2M3": ("F6_E2M3", 6), "F6_E3M2": ("F6_E3M2", 6), "F4": ("float4_e2m1fn_x2", 4),
}  # fmt: skip


@dataclass
class Header:
    """What the header says, and what is wrong with it."""

    tensors: list[TensorEntry] = field(default_factory=list)
    values: list[ValueEntry] = field(default_factory=list)
    dangers: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_header(file: BinaryIO) -> Header:
    """Read and check it; never raises for what the bytes are.

    Every byte of the file must belong to one tensor, as safetensors demands too.
    """
    found = Header()
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    header_bytes = int.from_bytes(file.read(8), "little")
    if header_bytes > min(MAX_HEADER_BYTES, size_bytes - 8):
        findings = found.dangers if header_bytes > MAX_HEADER_BYTES else found.damage
        findings.append(f"the header claims {header_bytes:,} bytes of a file of {size_bytes:,}; it was not read")
        return found
    try:
        header = json.loads(file.read(header_bytes), object_pairs_hook=_unique)
        for key, value in header.pop("__metadata__", {}).items():
            found.values.append(ValueEntry(f"__metadata__/{printable(key[:100])}", type(value).__name__, short(value)))
        end = 0
        for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            begin, stop = entry["data_offsets"]
            if begin != end or stop < begin:
                found.dangers.append(f"{key[:100]!r} claims bytes {begin:,} to {stop:,}: a gap, an overlap or a lie")
            end = stop
            _add(found, key, sizes(entry["shape"]), entry["dtype"], stop - begin)
        if (expected := 8 + header_bytes + end) != size_bytes:
            found.damage.append(f"the header describes {expected:,} bytes; the file has {size_bytes:,}")
    except Exception as error:  # malformed JSON, deep nesting, missing fields, numbers that are no numbers
        found.damage.append(f"the header can't be read: {type(error).__name__}: {str(error)[:200]}")
    return found


def _add(found: Header, name: str, shape: tuple[int, ...], kind: str, size_bytes: int) -> None:
    dtype, bits = _DTYPES.get(kind, (kind[:50], None))
    if bits is None:
        if not _PLAUSIBLE.fullmatch(kind):
            raise ValueError(f"no dtype is called {kind[:50]!r}")
        found.warnings.append(f"{name[:100]!r} has the dtype {kind}, which this version doesn't know: size unchecked")
    elif math.prod(shape) * bits != size_bytes * 8:
        found.dangers.append(f"{name[:100]!r} claims {dtype} {list(shape)} in {size_bytes:,} bytes: a lie")
    if kind == "F4" and shape:  # torch counts pairs
        shape = (*shape[:-1], shape[-1] // 2)
    found.tensors.append(
        TensorEntry(printable(name[:200]), shape, dtype, "", printable(name[:200]), size_bytes, size_bytes)
    )


def _unique(pairs: list) -> dict:
    if len(pairs) != len(dict(pairs)):
        raise ValueError("a name occurs twice")
    return dict(pairs)

"""The parts of a checkpoint file, found without executing anything. `inspection.inspect_file` is the door.

Three containers: torch's zip, the pickle stream of torch before 1.6, and safetensors. Every length that a file
claims is compared with what it really holds before anything of that size is read.
"""

import io
import json
import math
import os
import struct
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import BinaryIO

from course_lib.checkpoints.entries import TensorEntry, ValueEntry, item_bytes, list_entries, short, sizes
from course_lib.checkpoints.symbolic_pickle import MAX_PICKLE_BYTES, Walk, walk

MAX_DIRECTORY_BYTES = 4 << 20  # of a zip: some 50,000 tensors
MAX_HEADER_BYTES = 8 << 20  # of a safetensors file: some 80,000 tensors
MAX_INFLATION = 10  # torch.save does not compress; a zip that grows more than this is a bomb
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle in a file of torch < 1.6

_SAFETENSORS_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "BOOL": "bool", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "C64": "complex64",
}  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One member of the archive. `crc_ok` is None where there is no checksum or it was not computed."""

    name: str
    size_bytes: int
    crc_ok: bool | None


@dataclass
class Anatomy:
    """What has been found so far; filled by `dissect`."""

    format: str = "not a checkpoint"
    records: list[Record] = field(default_factory=list)
    tensors: list[TensorEntry] = field(default_factory=list)
    values: list[ValueEntry] = field(default_factory=list)
    opcodes: Counter[str] = field(default_factory=Counter)
    globals: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    dangers: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, seen: Walk, what: str) -> None:
        """Count in what one pickle would have done."""
        self.opcodes += seen.opcodes
        self.globals |= seen.globals
        self.refused |= set(seen.refused)
        if seen.damage:
            self.damage.append(f"{what}: {seen.damage}")
        if seen.flood:
            self.dangers.append(f"{what}: {seen.flood}")

    def list(self, root: object) -> None:
        """Add the tensors and values below a pickle's root."""
        tensors, values, dangers = list_entries(root)
        self.tensors += tensors
        self.values += values
        self.dangers += dangers


def dissect(file: BinaryIO) -> Anatomy:
    """Find the parts of the file; damaged and hostile files give an Anatomy too."""
    found = Anatomy()
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(9)
    if not size_bytes:
        found.damage.append("the file is empty, as a save leaves it that was killed at its start")
    elif start[:4] == b"PK\x03\x04":  # torch.load looks at these four bytes, too
        _read_zip(file, size_bytes, found)
    elif start[8:9] == b"{":
        _read_safetensors(file, size_bytes, found)
    else:
        _read_legacy(file, size_bytes, found)
    _compare_storages(found)
    return found


# --- torch's zip --------------------------------------------------------------------------------------------


def _read_zip(file: BinaryIO, size_bytes: int, found: Anatomy) -> None:
    found.format = "torch zip"
    file.seek(max(0, size_bytes - 65_557))  # the directory's end record, with the longest comment
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        found.damage.append("the zip's directory, its last part, is missing: the file was cut short")
        return
    directory_bytes, _, comment_bytes = struct.unpack("<IIH", tail[at + 12 : at + 22])
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)  # where this record exists, zipfile believes it and not the other
    if zip64 >= 0 and len(tail) >= zip64 + 48:
        directory_bytes = max(directory_bytes % 0xFFFFFFFF, *struct.unpack("<Q", tail[zip64 + 40 : zip64 + 48]))
    if extra_bytes := len(tail) - at - 22 - comment_bytes:
        found.warnings.append(f"{extra_bytes:,} bytes of junk after the end of the archive")
    if directory_bytes > MAX_DIRECTORY_BYTES:
        found.dangers.append(f"the zip claims a directory of {directory_bytes:,} bytes; it was not read")
        return
    try:
        with zipfile.ZipFile(file) as archive:
            _read_members(archive, size_bytes, found)
    except Exception as error:  # zipfile raises many types for a broken archive
        found.damage.append(f"the zip can't be read: {str(error)[:200]}")


def _read_members(archive: zipfile.ZipFile, size_bytes: int, found: Anatomy) -> None:
    members = archive.infolist()
    by_name = {member.filename.lower(): member for member in members}  # torch's reader ignores the case
    root = members[0].filename.split("/")[0].lower() if members else ""
    for name, count in Counter(member.filename.lower() for member in members).items():
        if count > 1:
            found.dangers.append(f"{count} records are called {name[:100]!r}; readers disagree which one counts")
        if ".." in name.replace("\\", "/").split("/") or name[:1] in "/\\" or name[1:2] == ":":
            found.dangers.append(f"record {name[:100]!r} would leave the folder that it is unpacked in")
    compressed = [m for m in members if m.compress_type != zipfile.ZIP_STORED]
    if compressed:
        small, large = (sum(getattr(m, n) for m in compressed) for n in ("compress_size", "file_size"))
        text = f"{len(compressed)} records are compressed, {small:,} bytes to {large:,}; torch.save compresses none"
        bomb = large > MAX_INFLATION * size_bytes
        found.dangers.append("zip bomb: " + text) if bomb else found.warnings.append(text)
    lying = [m for m in members if m.compress_type == zipfile.ZIP_STORED and m.compress_size != m.file_size]
    overlapping = lying or sum(m.compress_size for m in members) > size_bytes
    if overlapping:
        found.dangers.append("records overlap, or claim other sizes than they have; none was read")
    for member in members:
        ok = None
        if not overlapping and member.compress_type == zipfile.ZIP_STORED:
            try:
                with archive.open(member) as stream:
                    while stream.read(1 << 20):
                        pass
                ok = True
            except Exception as error:  # a wrong checksum, a cut, a broken header
                ok = False
                found.damage.append(f"record {member.filename[:100]!r}: {str(error)[:200]}")
        found.records.append(Record(member.filename[:200], member.file_size, ok))
    if f"{root}/constants.pkl" in by_name:
        found.format = "TorchScript"
        found.dangers.append("TorchScript holds a program; weights_only=True refuses it")
    if f"{root}/data.pkl" not in by_name:
        found.format = "not a checkpoint"
        found.warnings.append("a zip archive without the record data.pkl")
        return
    pickled = by_name[f"{root}/data.pkl"]
    if overlapping or pickled.file_size > MAX_PICKLE_BYTES or pickled.compress_type not in (0, 8):
        found.dangers.append(f"data.pkl claims {pickled.file_size:,} bytes; it was not read")
        return
    data = _read_pickle(archive, pickled)
    seen = walk(io.BytesIO(data))
    found.add(seen, "data.pkl")
    if seen.end < len(data) and not seen.damage and not seen.flood:
        found.warnings.append(f"{len(data) - seen.end:,} bytes of junk after the end of the pickle")
    found.list(seen.root)
    for storage, claimed in {t.storage: t.storage_size_bytes for t in found.tensors if t.storage}.items():
        record = by_name.get(f"{root}/data/{storage}".lower())
        if record is None:
            found.damage.append(f"storage {storage} has no record")
        elif claimed != record.file_size:
            findings = found.dangers if claimed > record.file_size else found.damage
            findings.append(f"storage {storage} claims {claimed:,} bytes; its record holds {record.file_size:,}")


def _read_pickle(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The record's bytes even where its checksum is wrong: torch.load would not look at the checksum either."""
    if member.compress_type != zipfile.ZIP_STORED:
        with archive.open(member) as stream:
            return stream.read(MAX_PICKLE_BYTES)
    archive.fp.seek(member.header_offset + 26)
    archive.fp.seek(sum(struct.unpack("<HH", archive.fp.read(4))), os.SEEK_CUR)  # the name and the extra field
    return archive.fp.read(member.file_size)


# --- the stream of pickles before torch 1.6 ------------------------------------------------------------------


def _read_legacy(file: BinaryIO, size_bytes: int, found: Anatomy) -> None:
    file.seek(0)
    data = file.read(MAX_PICKLE_BYTES)
    stream = io.BytesIO(data)
    first = seen = walk(stream)
    if first.damage and stream.tell() >= MAX_PICKLE_BYTES:
        first.damage, first.flood = None, f"it has more than {MAX_PICKLE_BYTES:,} bytes"
    if first.damage and not first.calls and data[:1] != b"\x80":  # text and noise are no pickles
        if b"PK\x05\x06" in data[-65_557:] and size_bytes == len(data):
            found.damage.append("the end of a zip without its start: the first bytes were overwritten")
        return
    found.format = "legacy pickle"
    found.add(first, "the first pickle")
    if is_torch := first.root == _TORCH_MAGIC:
        for part in ("protocol version", "system information", "object", "storage list"):
            walked = walk(stream)
            found.add(walked, part)
            seen = walked if part == "object" else seen
            if walked.damage or walked.flood:
                break
    else:
        found.warnings.append("a plain pickle: torch did not write it")
    found.list(seen.root)
    if is_torch and not found.damage and not found.dangers:
        storages = {t.storage: t.storage_size_bytes for t in found.tensors if t.storage}
        difference = size_bytes - stream.tell() - sum(8 + claimed for claimed in storages.values())
        if difference < 0:
            found.damage.append(f"the tensors claim {-difference:,} bytes more than the file holds: it was cut short")
        elif difference:
            found.warnings.append(f"{difference:,} bytes of junk after the last storage")


# --- safetensors ---------------------------------------------------------------------------------------------


def _read_safetensors(file: BinaryIO, size_bytes: int, found: Anatomy) -> None:
    found.format = "safetensors"
    file.seek(0)
    header_bytes = int.from_bytes(file.read(8), "little")
    if header_bytes > min(MAX_HEADER_BYTES, size_bytes - 8):
        findings = found.dangers if header_bytes > MAX_HEADER_BYTES else found.damage
        findings.append(f"the header claims {header_bytes:,} bytes of a file of {size_bytes:,}; it was not read")
        return
    raw = file.read(header_bytes)
    file.seek(0)
    if walk(io.BytesIO(file.read(MAX_PICKLE_BYTES))).calls:
        found.dangers.append("the file is a pickle with calls as well: unpickling it would run them")
    try:
        header = json.loads(raw, object_pairs_hook=_unique)
        for key, value in header.pop("__metadata__", {}).items():
            found.values.append(ValueEntry(f"__metadata__/{key[:100]}", type(value).__name__, short(value)))
        end = 0
        for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            begin, stop = entry["data_offsets"]
            shape = sizes(entry["shape"])
            dtype = _SAFETENSORS_DTYPES[entry["dtype"]]
            nbytes = math.prod(shape) * item_bytes(dtype)
            if begin != end or nbytes != stop - begin:
                found.dangers.append(f"{key[:100]!r} claims bytes {begin:,} to {stop:,}: a gap, an overlap or a lie")
            end = stop
            found.tensors.append(TensorEntry(key[:200], shape, dtype, "", key[:200], stop - begin, nbytes))
        if (expected := 8 + header_bytes + end) != size_bytes:
            found.damage.append(f"the header describes {expected:,} bytes; the file has {size_bytes:,}")
    except Exception as error:  # malformed JSON, deep nesting, missing fields, numbers that are no numbers
        found.damage.append(f"the header can't be read: {type(error).__name__}: {str(error)[:200]}")


def _unique(pairs: list) -> dict:
    if len(pairs) != len(dict(pairs)):
        raise ValueError("a name occurs twice")
    return dict(pairs)


# --- all of them ----------------------------------------------------------------------------------------------


def _compare_storages(found: Anatomy) -> None:
    users, devices = defaultdict(list), Counter(t.device for t in found.tensors if t.storage)
    for tensor in found.tensors:
        users[tensor.storage].append(tensor)
    for storage, tensors in users.items():
        held, used = tensors[0].storage_size_bytes, sum(tensor.size_bytes for tensor in tensors)
        names = ", ".join(tensor.path for tensor in tensors[:4]) + ", …" * (len(tensors) > 4)
        if storage and len(tensors) > 1:
            found.warnings.append(f"{names} share storage {storage}")
        if storage and used < held:
            found.warnings.append(f"{names}: {used:,} bytes are used of the {held:,} that storage {storage} holds")
        if storage and used > held and len(tensors) == 1:
            found.warnings.append(f"{names}: {held:,} bytes are repeated to fill {used:,}")
    if len(devices) > 1:
        tags = ", ".join(f"{count} on {device!r}" for device, count in sorted(devices.items()))
        found.warnings.append(f"mixed device tags: {tags}; give torch.load a map_location")

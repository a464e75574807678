"""The parts of a checkpoint file, found without executing anything. `inspection.inspect_file` is the door.

Three containers: torch's zip, the pickle stream of torch before 1.6, and safetensors. Every length that a file
claims is compared with what it really holds before anything of that size is read.
"""

import io
import os
import struct
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import BinaryIO

from course_lib.checkpoints.archive import is_sealed_right, require_small_directory
from course_lib.checkpoints.entries import TensorEntry, ValueEntry, list_entries
from course_lib.checkpoints.pickle_gate import admit
from course_lib.checkpoints.recognition import BARE_PICKLE, TORCH_MAGIC, Kind, recognise
from course_lib.checkpoints.safetensors_header import read_header
from course_lib.checkpoints.symbolic_pickle import MAX_PICKLE_BYTES, Walk, printable, walk
from course_lib.errors import CheckpointError, DamagedFileError, UnsafeFileError

MAX_INFLATION = 10  # torch.save does not compress; a zip that grows more than this is a bomb
_FIRST_BYTES = 1 << 20  # how much of a stream of pickles is read at first


@dataclass(frozen=True)
class Record:
    """One member of the archive. `crc_ok` is None where there is no checksum or it was not computed."""

    name: str
    size_bytes: int
    crc_ok: bool | None


@dataclass
class Anatomy:
    """What has been found so far; filled by `dissect`."""

    kind: Kind
    records: list[Record] = field(default_factory=list)
    tensors: list[TensorEntry] = field(default_factory=list)
    values: list[ValueEntry] = field(default_factory=list)
    opcodes: Counter[str] = field(default_factory=Counter)
    globals: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    dangers: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sealed: bool = False

    def add(self, seen: Walk, what: str) -> None:
        """Count in what one pickle would have done."""
        self.opcodes += seen.opcodes
        self.globals |= seen.globals
        self.refused |= set(seen.refused)
        for findings, text in ((self.damage, seen.damage), (self.dangers, seen.flood), (self.limits, seen.limit)):
            if text:
                findings.append(f"{what}: {text}")

    def list(self, root: object) -> None:
        """Add the tensors and values below a pickle's root."""
        listed = list_entries(root)
        self.tensors += listed.tensors
        self.values += listed.values
        self.dangers += listed.dangers
        self.limits += listed.limits
        self.warnings += listed.warnings


def dissect(file: BinaryIO) -> Anatomy:
    """Find the parts of the file; damaged and hostile files give an Anatomy too."""
    found = Anatomy(recognise(file))
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(4)
    if not size_bytes:
        found.damage.append("the file is empty, as a save leaves it that was killed at its start")
    elif start == b"PK\x03\x04":  # torch.load looks at these four bytes, too
        _read_zip(file, size_bytes, found)
    elif found.kind.format == "safetensors":
        _read_safetensors(file, found)
    else:
        _read_legacy(file, size_bytes, found)
    _compare_storages(found)
    return found


# --- torch's zip --------------------------------------------------------------------------------------------


def _read_zip(file: BinaryIO, size_bytes: int, found: Anatomy) -> None:
    try:
        require_small_directory(file)
        with zipfile.ZipFile(file) as archive:
            file.seek(archive.start_dir)
            directory = file.read()
            end = directory.rfind(b"PK\x05\x06") + 22  # the end record; the comment is behind it
            if extra_bytes := len(directory) - end - len(archive.comment):
                found.warnings.append(f"{extra_bytes:,} bytes of junk after the end of the archive")
            found.sealed = bool(archive.comment)
            if not is_sealed_right(directory[:end], archive.comment):
                found.damage.append("the zip's directory is not the one that was sealed")
            _read_members(archive, size_bytes, found)
    except DamagedFileError as error:
        found.damage.append(str(error))
    except CheckpointError as error:
        found.limits.append(str(error))
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
            ok = _is_intact(archive, member, found)
        found.records.append(Record(printable(member.filename[:200]), member.file_size, ok))
    if found.kind.format == "TorchScript":
        found.dangers.append("TorchScript holds a program; weights_only=True refuses it")
    if f"{root}/data.pkl" not in by_name:
        found.warnings.append("a zip archive without the record data.pkl")
        return
    pickled = by_name[f"{root}/data.pkl"]
    if overlapping or pickled.compress_type not in (0, 8) or (compressed and bomb):
        found.dangers.append(f"data.pkl claims {pickled.file_size:,} bytes; it was not read")
        return
    if pickled.file_size > MAX_PICKLE_BYTES:
        found.limits.append(f"data.pkl has {pickled.file_size >> 20:,} MiB; the limit is {MAX_PICKLE_BYTES >> 20} MiB")
        return
    _read_pickle(_bytes_of(archive, pickled), by_name, root, found)


def _is_intact(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Anatomy) -> bool:
    try:
        with archive.open(member) as stream:
            while stream.read(1 << 20):
                pass
    except Exception as error:  # a wrong checksum, a cut, a broken header
        found.damage.append(f"record {member.filename[:100]!r}: {str(error)[:200]}")
        return False
    return True


def _read_pickle(data: bytes, by_name: dict[str, zipfile.ZipInfo], root: str, found: Anatomy) -> None:
    seen = walk(io.BytesIO(data))
    found.add(seen, "data.pkl")
    if seen.end < len(data) and not (seen.damage or seen.flood or seen.limit):
        found.warnings.append(f"{len(data) - seen.end:,} bytes of junk after the end of the pickle")
    found.list(seen.root)
    for storage, claimed in {t.storage: t.storage_size_bytes for t in found.tensors if t.storage}.items():
        record = by_name.get(f"{root}/data/{storage}".lower())
        if record is None:
            found.damage.append(f"storage {storage} has no record")
        elif claimed != record.file_size:
            findings = found.dangers if claimed > record.file_size else found.damage
            findings.append(f"storage {storage} claims {claimed:,} bytes; its record holds {record.file_size:,}")
    if found.kind.format == "torch zip" and not (found.refused or found.dangers or found.damage or found.limits):
        folder = f"{root}/data/"  # nothing was found: then let the gate of loading decide, too
        try:
            admit(data, {m.filename[len(folder) :]: m.file_size for n, m in by_name.items() if n.startswith(folder)})
        except UnsafeFileError as error:
            found.dangers.append(str(error))
        except CheckpointError as error:
            found.warnings.append(str(error))


def _bytes_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The record's bytes even where its checksum is wrong: torch.load would not look at the checksum either."""
    if member.compress_type != zipfile.ZIP_STORED:
        with archive.open(member) as stream:
            return stream.read(MAX_PICKLE_BYTES)
    archive.fp.seek(member.header_offset + 26)
    archive.fp.seek(sum(struct.unpack("<HH", archive.fp.read(4))), os.SEEK_CUR)  # the name and the extra field
    return archive.fp.read(member.file_size)


# --- safetensors, and the stream of pickles before torch 1.6 ---------------------------------------------------


def _read_safetensors(file: BinaryIO, found: Anatomy) -> None:
    header = read_header(file)
    found.tensors, found.values, found.dangers, found.damage, found.warnings = (
        header.tensors, header.values, header.dangers, header.damage, header.warnings,
    )  # fmt: skip
    file.seek(0)
    if walk(io.BytesIO(file.read(_FIRST_BYTES))).calls:
        found.dangers.append("the file is a pickle with calls as well: unpickling it would run them")


def _read_legacy(file: BinaryIO, size_bytes: int, found: Anatomy) -> None:
    is_pickle = found.kind.format == "legacy pickle"
    much = _FIRST_BYTES
    while True:  # a stream of which more is read only while the pickles have not ended
        file.seek(0)
        data = file.read(much)
        stream = io.BytesIO(data)
        walks = [walk(stream)]
        if walks[0].root == TORCH_MAGIC:
            while len(walks) < 5 and not (walks[-1].damage or walks[-1].flood or walks[-1].limit):
                walks.append(walk(stream))
        if not walks[-1].damage or len(data) == size_bytes or much >= MAX_PICKLE_BYTES or not is_pickle:
            break
        much *= 8
    first = walks[0]
    if first.damage and not first.calls and not is_pickle:  # text and noise are no pickles
        if found.kind.what.startswith("the end of a zip"):
            found.damage.append(f"{found.kind.what}: its first bytes were overwritten")
        return
    if not is_pickle:
        found.kind = BARE_PICKLE
    if len(data) < size_bytes and walks[-1].damage:
        walks[-1].damage, walks[-1].limit = None, f"the limit is {MAX_PICKLE_BYTES >> 20} MiB"
    parts = ("the first pickle", "protocol version", "system information", "object", "storage list")
    for part, walked in zip(parts, walks, strict=False):
        found.add(walked, part)
    is_torch = first.root == TORCH_MAGIC
    if not is_torch:
        found.warnings.append("a plain pickle: torch did not write it")
    found.list(walks[3].root if len(walks) > 3 else first.root)
    if is_torch and not (found.damage or found.dangers or found.limits):
        storages = {t.storage: t.storage_size_bytes for t in found.tensors if t.storage}
        difference = size_bytes - stream.tell() - sum(8 + claimed for claimed in storages.values())
        if difference < 0:
            found.damage.append(f"the tensors claim {-difference:,} bytes more than the file holds: it was cut short")
        elif difference:
            found.warnings.append(f"{difference:,} bytes of junk after the last storage")


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

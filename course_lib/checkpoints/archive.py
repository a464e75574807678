"""The shape of a torch.save file: what every byte of the zip must look like, checked before anything is loaded.

torch.load looks at no checksum: a flipped bit becomes another weight. The zip holds a CRC-32 of each record, and
its directory, the last part, holds these CRCs with the names and places of the records. So `seal` writes the
SHA-256 of the directory behind it, as the zip's comment, which torch.load and every zip tool skip. Directory and
CRCs together vouch for each byte that is read, and sealing never reads the data again. A file of plain
torch.save has no seal: two records that were exchanged under each other's names would go unnoticed there.

Neither is a signature: whoever can write the file can seal it. Against malice there are the rules here and in
`pickle_gate`, not the checksums.
"""

import hashlib
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from course_lib.errors import CheckpointError, DamagedFileError, UnsafeFileError

MAX_DIRECTORY_BYTES = 128 << 20  # some 1,500,000 records
_TAIL_BYTES = 65_557  # the end record, with the longest comment
_SEAL = b"SHA-256 of the directory: "
_END_BYTES = 22  # of the zip's end record, whose last two bytes are the length of the comment


@dataclass(frozen=True)
class Record:
    """One part of the zip: where its bytes are, and their CRC-32 as the directory has it."""

    start: int
    size_bytes: int
    crc: int

    def is_intact(self, view: memoryview) -> bool:
        """Whether the bytes are those that were saved (the CRC is computed without the GIL)."""
        return zlib.crc32(view[self.start : self.start + self.size_bytes]) == self.crc


def seal(path: Path) -> tuple[bytes, dict[str, int]]:
    """Write the digest of the zip's directory behind it.

    Returns:
        What the gate of loading wants to see: the pickle, and the size in bytes of each storage by its key.
    """
    with open(path, "r+b") as file, zipfile.ZipFile(file) as archive:
        sizes = {member.filename.partition("/")[2]: member.file_size for member in archive.infolist()}
        pickled = archive.read(next(name for name in archive.namelist() if name.endswith("/data.pkl")))
        file.seek(archive.start_dir)
        directory = file.read()[:-2] + len(_digest(b"")).to_bytes(2, "little")
        file.seek(archive.start_dir)
        file.write(directory + _digest(directory))
    return pickled, {name.removeprefix("data/"): size for name, size in sizes.items() if name.startswith("data/")}


def has_seal(view: memoryview) -> bool:
    """Whether `save_file` wrote it, or so it seems by its last bytes."""
    return view[-len(_digest(b"")) :][: len(_SEAL)] == _SEAL


def read_directory(file: BinaryIO, view: memoryview) -> dict[str, Record]:
    """The records by their names below the root folder, each proven to lie where the directory says.

    Records, directory and seal must fill the file from its first byte to its last: junk before, between or
    behind them is damage. What may still differ are bytes that nobody reads, such as padding.

    Raises:
        DamagedFileError: The bytes can't be what was saved.
        UnsafeFileError: A bare pickle, a compressed or encrypted record, a name that points elsewhere or that
            two records have.
        CheckpointError: A sound zip, but not of torch.save.
    """
    try:
        require_small_directory(file)
        archive = zipfile.ZipFile(file)
    except CheckpointError:
        raise
    except Exception as error:  # BadZipFile, struct.error, NotImplementedError, UnicodeDecodeError, ...
        raise DamagedFileError(f"Its end, with the zip's directory, is missing or broken ({error}).") from error
    end = len(view) - len(archive.comment)
    comment_bytes = int.from_bytes(view[end - 2 : end], "little")
    if view[end - _END_BYTES : end - _END_BYTES + 4] != b"PK\x05\x06" or comment_bytes != len(archive.comment):
        raise DamagedFileError("Something was appended to it or cut off.")
    if not is_sealed_right(bytes(view[archive.start_dir : end]), archive.comment):
        raise DamagedFileError("Its directory is not the one that was sealed.")
    root = archive.infolist()[0].orig_filename.split("/")[0] if archive.infolist() else ""
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    nexts = [member.header_offset for member in members[1:]] + [archive.start_dir]
    if members and members[0].header_offset:
        raise DamagedFileError("Something stands before its first record.")
    records: dict[str, Record] = {}
    lowered: set[str] = set()
    for member, following in zip(members, nexts, strict=True):
        name = _safe_name(member, root)
        if name.lower() in lowered:  # torch's zip reader ignores case
            raise UnsafeFileError(f"Two of its records are called {name!r}.")
        lowered.add(name.lower())
        records[name] = _locate(member, following, view)
    if "data.pkl" not in records:
        raise CheckpointError("It is a zip, but not a checkpoint: there is no record data.pkl in it.")
    return records


def is_sealed_right(directory: bytes, comment: bytes) -> bool:
    """Whether the seal, if there is one, is the seal of this directory (with its end record)."""
    return not comment or comment == _digest(directory)


def require_small_directory(file: BinaryIO) -> None:
    """Refuse a zip whose directory is missing, or so large that reading it would be a flood.

    Raises:
        DamagedFileError: There is no directory, or it claims more than the file holds.
        CheckpointError: It is larger than the limit.
    """
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END_BYTES:
        raise DamagedFileError("The zip's directory, its last part, is missing: the file was cut short.")
    claimed = int.from_bytes(tail[at + 12 : at + 16], "little")
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)  # where this record exists, zipfile believes it and not the other
    if zip64 >= 0 and len(tail) >= zip64 + 48:
        claimed = max(claimed % 0xFFFFFFFF, int.from_bytes(tail[zip64 + 40 : zip64 + 48], "little"))
    if claimed > size_bytes:
        raise DamagedFileError(f"The zip claims a directory of {claimed:,} bytes; the file has {size_bytes:,}.")
    if claimed > MAX_DIRECTORY_BYTES:
        raise CheckpointError(f"The zip has a directory of {claimed:,} bytes; the limit is {MAX_DIRECTORY_BYTES:,}.")


def _digest(directory: bytes | memoryview) -> bytes:
    return _SEAL + hashlib.sha256(directory).hexdigest().encode()


def _safe_name(member: zipfile.ZipInfo, root: str) -> str:
    name = member.orig_filename
    parts = name.split("/")
    if parts[0] != root or len(parts) < 2 or {"", ".", ".."} & set(parts) or "\\" in name or "\0" in name:
        raise UnsafeFileError(f"Its record {name!r} points out of the archive's folder {root!r}.")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise UnsafeFileError(
            f"Its record {name!r} is compressed, which torch.save never does: {member.compress_size:,} bytes "
            f"would unpack to {member.file_size:,}."
        )
    if member.flag_bits & 1:
        raise UnsafeFileError(f"Its record {name!r} is encrypted.")
    return "/".join(parts[1:])


def _locate(member: zipfile.ZipInfo, following: int, view: memoryview) -> Record:
    """Find the data as torch does, by the lengths in the local header, and check what stands around it."""
    header = view[member.header_offset : member.header_offset + 30]
    encoded = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")
    if len(header) == 30 and header[:4] == b"PK\x03\x04":
        name_bytes, extra_bytes = struct.unpack("<HH", header[26:])
        name_start = member.header_offset + 30
        start = name_start + name_bytes + extra_bytes
        stop = start + member.file_size
        # Behind the data torch repeats CRC and sizes; in 64 bits where a file is beyond 4 GiB.
        sums = member.CRC, member.file_size, member.file_size
        behind = [b"", struct.pack("<4sIQQ", b"PK\x07\x08", *sums)]
        if member.file_size < 1 << 32:
            behind.append(struct.pack("<4sIII", b"PK\x07\x08", *sums))
        if (
            view[name_start : name_start + name_bytes] == encoded
            and stop <= following <= stop + 24
            and bytes(view[stop:following]) in behind
        ):
            return Record(start, member.file_size, member.CRC)
    raise DamagedFileError(f"Its record {member.orig_filename!r} is not as its directory says.")

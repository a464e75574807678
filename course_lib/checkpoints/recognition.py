"""What a file is, by its first bytes, and what to do with one that is no checkpoint.

Half of all "corrupted checkpoints" never were checkpoints: a pointer of Git LFS, the web page of a download that
failed, an archive with the checkpoint in it. Nothing is executed, and a few kilobytes are read.
"""

import os
import re
import shlex
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Literal

from course_lib.checkpoints.archive import require_small_directory

Format = Literal["torch zip", "TorchScript", "legacy pickle", "safetensors", "not a checkpoint"]
TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle in a file of torch < 1.6
_TORCH_START = b"\x80\x02\x8a\x0a" + TORCH_MAGIC.to_bytes(10, "little") + b"."
_HEAD_BYTES = 4096
_CHECKPOINTS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".tar", ".pkl", ".zip")


@dataclass(frozen=True)
class Kind:
    """What a file is, in words that follow "It is", and what to do with it, in sentences and in code."""

    what: str
    advice: str = ""
    code: str = ""  # with {path} where Python, and {file} where a shell takes the path
    format: Format = "not a checkpoint"
    damaged: bool = False

    def code_for(self, path: str) -> str:
        """The code to paste for this file."""
        return self.code.format(path=repr(path), file=shlex.quote(path))

    def advice_for(self, path: str) -> str:
        """The sentences, and the code behind them."""
        return f"{self.advice} {self.code_for(path)}".strip() if self.code else self.advice


_UNPACK = "Unpack it, and load what is inside:"
_NUMPY = "import numpy, torch; {} = numpy.load({{path}}, allow_pickle=False)"
LEGACY = Kind("a checkpoint in the format of torch < 1.6", format="legacy pickle")
BARE_PICKLE = Kind("a bare pickle, not of torch.save", format="legacy pickle")


def recognise(file: BinaryIO) -> Kind:
    """The kind of a file that can seek, whatever it holds.

    >>> import io
    >>> recognise(io.BytesIO(b"<!DOCTYPE html><title>Quota exceeded</title>")).what
    "a web page, titled 'Quota exceeded'"
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _zip(file, head)
    file.seek(max(0, file.seek(0, os.SEEK_END) - _HEAD_BYTES))
    return _by_magic(head) or _packed(head) or _text(head) or _unknown(head, file.read())


def _by_magic(head: bytes) -> Kind | None:
    if not head:
        return Kind(
            "an empty file", "A save that was killed at its start leaves one, or a failed download.", damaged=True
        )
    if head.startswith(_TORCH_START):
        return LEGACY
    if head[3:9] == b"\0\0\0\0\0{" and head[2:3] != b"G":  # a header of 640 bytes begins like a pickle: 80 02
        return Kind("a safetensors file", format="safetensors")
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return BARE_PICKLE
    if head[8:9] == b"{" and not (head[:8].isascii() and head[:8].decode().isprintable()):
        return Kind("a safetensors file", format="safetensors")
    return next((kind for start, magic, kind in _MAGIC if head.startswith(magic, start)), None)


_MAGIC = (
    (
        0,
        b"\x93NUMPY",
        Kind("a NumPy array (.npy)", "Load it so:", _NUMPY.format("array") + "; torch.from_numpy(array)"),
    ),
    (0, b"\x89HDF\r\n\x1a\n", Kind("an HDF5 file, as of Keras", "Open it with Keras or h5py.")),
    (0, b"GGUF", Kind("a GGUF file, as of llama.cpp", "Look for the original weights, as safetensors.")),
    (4, b"TFL3", Kind("a TensorFlow Lite model", "Look for the original weights.")),
    (4, b"ftyp", Kind("a video", "Check the path.")),
    (0, b"\x89PNG\r\n", Kind("a PNG image", "Check the path.")),
    (0, b"\xff\xd8\xff", Kind("a JPEG image", "Check the path.")),
    (0, b"%PDF", Kind("a PDF document", "Check the path.")),
    (0, b"\x7fELF", Kind("a program", "Check the path.")),
    (0, b"SQLite format 3", Kind("an SQLite database", "Check the path.")),
    (0, b"PK\x05\x06", Kind("an empty zip archive", "Whoever made it packed nothing. Make it again.")),
)
_PACKERS = (
    (b"\x1f\x8b", "gzip", "gzip -dc {file} > unpacked"),
    (b"BZh", "bzip2", "bzip2 -dc {file} > unpacked"),
    (b"\xfd7zXZ\x00", "xz", "xz -dc {file} > unpacked"),
    (b"(\xb5/\xfd", "zstandard", "zstd -dc {file} > unpacked"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc {file} > unpacked"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x {file}"),
    (b"Rar!\x1a\x07", "RAR", "unrar x {file}"),
)


def _packed(head: bytes) -> Kind | None:
    if _is_tar(head):
        first = head[:100].rstrip(b"\0").decode("utf-8", "replace")
        if first in ("sys_info", "pickle", "tensors", "storages"):
            return Kind(
                "a checkpoint of torch 0.1, which was a tar", "Load it with a torch of its time, if you trust it."
            )
        inside = "" if "PaxHeader" in first else f", with {first!r} in it"
        return Kind(f"a tar archive{inside}", _UNPACK, "tar -xf {file}")
    for magic, name, command in _PACKERS:
        if head.startswith(magic):
            start = _gunzipped(head) if name == "gzip" else b""
            if _is_tar(start):
                return Kind("a tar archive packed with gzip", _UNPACK, "tar -xzf {file}")
            return Kind(f"a file packed with {name}", _UNPACK, command)
    return None


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _gunzipped(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 1024)
    except zlib.error:
        return b""


def _zip(file: BinaryIO, head: bytes) -> Kind:
    """A zip by the names in it; where its directory is lost, by the first name."""
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
    try:
        require_small_directory(file)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
        cut = False
    except Exception:  # zipfile raises many types for a broken archive
        names, cut = [first], True
    if not names:
        return Kind("an empty zip archive", "Whoever made it packed nothing. Make it again.")
    root = names[0].split("/")[0].lower()
    inside = {name.partition("/")[2].lower() for name in names if name.split("/")[0].lower() == root}
    if "constants.pkl" in inside:
        return Kind("a TorchScript program with its weights", format="TorchScript")
    if "data.pkl" in inside or (cut and first.count("/") == 1):
        return Kind("a checkpoint of torch.save", format="torch zip")
    if all(name.endswith(".npy") for name in names):
        return Kind(
            f"a NumPy archive (.npz), with {names[0]!r} in it",
            "Load it so:",
            _NUMPY.format("arrays") + "; {{name: torch.from_numpy(arrays[name]) for name in arrays}}",
        )
    if "model.weights.h5" in names:
        return Kind("a Keras model (.keras)", "Load it so:", "import keras; keras.saving.load_model({path})")
    if "archive_format" in inside or "serialized_exported_program.json" in names:
        return Kind("a program of torch.export (.pt2)", "If you trust it:", "import torch; torch.export.load({path})")
    if any(".data/extern_modules" in name for name in inside):
        return Kind("a torch.package, which holds code", "Load it with torch.package, if you trust it.")
    if "[Content_Types].xml" in names:
        return Kind("an Office document", "Check the path.")
    packed = next((name for name in names if name.lower().endswith(_CHECKPOINTS)), names[0])[:100]
    return Kind(
        f"a zip archive with {packed!r} in it, but no record data.pkl",
        _UNPACK,
        "python -m zipfile -e {file} unpacked",
    )


def _text(head: bytes) -> Kind | None:
    """What a text says it is; None for bytes that are no text."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, "replace" if len(head) == _HEAD_BYTES else "surrogateescape").strip()
    odd = sum(not (char.isprintable() or char.isspace()) for char in text)
    if not text or odd > 1:  # one: a character that the end of the head cuts
        return None
    if text.startswith("version https://git-lfs"):
        size = re.search(r"^size (\d+)$", text, re.MULTILINE)
        real = f"a file of {int(size[1]):,} bytes" if size and len(size[1]) < 20 else "the file"
        return Kind(
            f"a Git LFS pointer in the place of {real}",
            "Fetch the file itself, in its repository:",
            "git lfs install && git lfs pull",
        )
    again = "Download it again, with the link to the file itself"
    lowered = text[:500].lower()
    if lowered.startswith(("<!doctype html", "<html", "<head", "<script")) or "<html" in lowered:
        title = re.search(r"<title[^>]*>\s*([^<]{1,100}?)\s*<", text, re.IGNORECASE)
        about = f", titled {' '.join(title[1].split())!r}" if title else ""
        links = "on GitHub the one of 'Download raw file', on Hugging Face /resolve/ in the place of /blob/"
        return Kind(f"a web page{about}", f"{again} ({links}); open the page to see what it asks for.")
    if '"weight_map"' in text:
        return Kind("an index of weights in several files", "Load the files that it names, and merge their dicts.")
    if text[0] in "{[" and '"' in text[:200]:
        return Kind(f"JSON: {_start(text)}", f"If it is an error of the download: {again[0].lower()}{again[1:]}.")
    if text.startswith("<"):
        return Kind(f"XML: {_start(text)}", f"If it is an error of the download: {again[0].lower()}{again[1:]}.")
    return Kind(f"a text: {_start(text)}", f"If it is an error of the download: {again[0].lower()}{again[1:]}.")


def _start(text: str) -> str:
    line = " ".join(text[:200].split())
    return repr(line if len(line) <= 60 else f"{line[:60]}…")


def _unknown(head: bytes, tail: bytes) -> Kind:
    if not any(head) and not any(tail):
        return Kind("a file of zero bytes", "The disk or the download lost its content.", damaged=True)
    if b"PK\x05\x06" in tail:
        return Kind("the end of a zip without its start", "Its first bytes were overwritten.", damaged=True)
    return Kind(
        f"of no kind that is known here: it begins with {head[:12]!r}",
        "Check where it comes from. If it was a checkpoint, its beginning is lost.",
    )

"""What is this file, may I load it, and how? Everything one wants to know about a file with a problem."""

import os
import stat
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_lib.checkpoints.entries import TensorEntry
from course_lib.checkpoints.files import check_file
from course_lib.checkpoints.formats import load_portable
from course_lib.checkpoints.inspection import Inspection, inspect_file
from course_lib.checkpoints.loading_code import code_for, code_for_folder
from course_lib.checkpoints.paths import local_path, not_a_file, reading
from course_lib.checkpoints.recognition import recognise
from course_lib.errors import CheckpointError, DamagedFileError, UnsafeFileError

_MOST_LINES = 15


@dataclass(frozen=True)
class Part:
    """One key at the top of the file: how many tensors are below it, or the value."""

    name: str
    what: str
    tensors: int = 0
    size_bytes: int = 0


@dataclass(frozen=True)
class FileReport:
    """All about a file; `print(report)` for people, `to_dict()` for programs.

    Attributes:
        path: The file.
        what: What it is, in words.
        verdict: "good", "unsafe", "damaged", "too large" (a limit of this program), "not a checkpoint", or "not read"
            (a folder).
        size_bytes: Its size.
        safe: Whether loading it with weights_only=True runs nothing and floods nothing; None: not known.
        safe_because: The reasons.
        whole: Whether its bytes are those that were saved; None: the format has nothing to tell it by.
        whole_because: The reasons.
        devices: How many tensors were saved from which device.
        parts: The keys at the top.
        tensors: Every tensor with its place, shape, dtype and bytes.
        notes: What else one should know.
        advice: What to do.
        code: The lines that load it, or make it loadable; "" if nothing should.
    """

    path: str
    what: str
    verdict: str
    size_bytes: int = 0
    safe: bool | None = None
    safe_because: str = ""
    whole: bool | None = None
    whole_because: str = ""
    devices: dict[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    tensors: tuple[TensorEntry, ...] = ()
    notes: tuple[str, ...] = ()
    advice: str = ""
    code: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.what}, {self.size_bytes:,} bytes: {self.verdict}"]
        for title, answer, reason in (
            ("safe", self.safe, self.safe_because),
            ("whole", self.whole, self.whole_because),
        ):
            if reason:
                lines.append(f"{title}: { {True: 'yes', False: 'NO', None: 'not known'}[answer] }; {reason}")
        if self.devices:
            lines.append(f"tensors by device: {', '.join(f'{tag} {count:,}' for tag, count in self.devices.items())}")
        if self.parts:
            size_bytes = sum(tensor.size_bytes for tensor in self.tensors)
            lines.append(f"holds: {len(self.tensors):,} tensors, {size_bytes:,} bytes of numbers")
            lines += _first(f"  {part.name}: {part.what}" for part in self.parts)
        if any(part.tensors and "tensors" in part.what for part in self.parts):  # those at the top are listed above
            lines.append("tensors:")
            lines += _first(
                f"  {tensor.path or '(the whole file)'}: {tensor.dtype} {list(tensor.shape)}" for tensor in self.tensors
            )
        lines += _first(f"note: {note}" for note in self.notes)
        lines += [self.advice] if self.advice else []
        lines += ["", *(f"    {line}".rstrip() for line in self.code.splitlines())] if self.code else []
        return "\n".join(lines)


def describe_file(path: str | os.PathLike) -> FileReport:
    """Say what a file is, what is in it, whether it is safe and whole, and how to load it. Executes nothing in it.

    Args:
        path: Any file: a checkpoint, something that only looks like one, a folder, a pipe.

    Raises:
        CheckpointError: There is no such file, or it can't be read.
        InputError: It is no path.

    >>> import tempfile, torch
    >>> folder = tempfile.mkdtemp()
    >>> torch.save({"epoch": 3, "model": torch.nn.Linear(2, 1).state_dict()}, f"{folder}/c.pt")
    >>> report = describe_file(f"{folder}/c.pt")
    >>> report.verdict, report.safe, report.whole, [part.name for part in report.parts]
    ('good', True, True, ['epoch', 'model'])
    >>> print(report.code.replace(folder, "runs"))
    from course_lib.checkpoints import load_file
    <BLANKLINE>
    checkpoint = load_file('runs/c.pt')  # on the CPU, every byte checked
    model.load_state_dict(checkpoint['model'])  # a model built as it was

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    path = local_path(path)
    if path.exists() and not path.is_file():
        return _no_file(path)
    found = inspect_file(path)
    with reading(path) as file:
        kind = recognise(file)
    whole, whole_because, refusal = _whole(path, found)
    safe, safe_because = _safe(found)
    verdict = found.verdict
    if verdict == "good" and isinstance(refusal, UnsafeFileError):
        verdict, safe, safe_because = "unsafe", False, _reason(path, refusal)
    elif verdict == "good" and whole is False:
        verdict = "damaged"
    advice, code = code_for(path, found, verdict)
    if found.format == "not a checkpoint":
        advice, code = kind.advice, kind.code_for(str(path))
    return FileReport(
        str(path),
        kind.what,
        verdict,
        found.size_bytes,
        safe,
        safe_because,
        whole,
        whole_because,
        dict(Counter(tensor.device or "not in the file" for tensor in found.tensors).most_common()),
        _parts(found),
        found.tensors,
        (*found.limits, *found.warnings),
        advice,
        code,
    )


def _first(lines: Any) -> list[str]:
    lines = list(lines)
    return lines[:_MOST_LINES] + ([f"  and {len(lines) - _MOST_LINES:,} more"] if len(lines) > _MOST_LINES else [])


def _no_file(path: Path) -> FileReport:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        what, advice, code = code_for_folder(path)
        return FileReport(str(path), what, "not read", advice=advice, code=code)
    what, _, advice = not_a_file(mode).partition(". ")
    return FileReport(str(path), what, "not a checkpoint", advice=advice)


def _safe(found: Inspection) -> tuple[bool | None, str]:
    if found.verdict == "unsafe":
        names = [name for name in found.refused if not name.startswith("opcode")]
        wants = [f"loading it would run {', '.join(names[:3])}"] if names else []
        wants = wants or ["weights_only=True refuses its instructions"] * bool(found.refused)
        return False, "; ".join((*wants, *found.dangers[:2]))
    if found.verdict == "not a checkpoint" or not (found.opcodes or found.tensors or found.values):
        return None, ""
    if found.limits:
        return None, found.limits[0]
    if found.format == "safetensors":
        return True, "the format can't hold code"
    return True, "nothing in it but tensors and plain data"


def _whole(path: Path, found: Inspection) -> tuple[bool | None, str, CheckpointError | None]:
    """Whether the file is whole, why, and the error of the loader that said no."""
    if found.damage:
        return False, found.damage[0], None
    if found.format in ("not a checkpoint", "legacy pickle"):
        return None, "" if found.format == "not a checkpoint" else "its format has no checksums; the sizes fit", None
    is_ours = any(value.path == "__metadata__/save_portable" for value in found.values)
    if found.format == "safetensors" and not is_ours:
        return None, "its format has no checksums; the sizes fit", None
    try:
        load_portable(path) if is_ours else check_file(path)
    except DamagedFileError as error:
        return False, _reason(path, error), error
    except CheckpointError as error:  # a limit, or unsafe: then the checksums alone were compared
        intact = bool(found.records) and all(record.crc_ok for record in found.records)
        return intact or None, "the checksum of every record is right" if intact else "not looked at", error
    sealed = "names, places and checksums as they were sealed" if found.sealed else "every checksum is right"
    return True, sealed, None


def _reason(path: Path, error: Exception) -> str:
    return str(error).removeprefix(f"{path}: ").split(". ")[0]


def _parts(found: Inspection) -> tuple[Part, ...]:
    """The keys at the top, in the order of the file as far as it is known: values first."""
    tops: dict[str, dict] = {}
    flat = found.format == "safetensors"
    for entry in (*found.values, *found.tensors):
        name, _, below = (entry.path, "", "") if flat else entry.path.partition("/")
        top = tops.setdefault(name, {"tensors": 0, "size_bytes": 0, "values": 0, "only": None})
        if isinstance(entry, TensorEntry):
            top["tensors"] += 1
            top["size_bytes"] += entry.size_bytes
        else:
            top["values"] += 1
        top["only"] = None if below else entry
    return tuple(
        Part(name or "(the whole file)", _what(top), top["tensors"], top["size_bytes"]) for name, top in tops.items()
    )


def _what(top: dict) -> str:
    only = top["only"]
    if isinstance(only, TensorEntry):
        return f"{only.dtype} {list(only.shape)}"
    if only is not None:
        return f"{only.type} {only.text}".rstrip()
    words = f"{top['tensors']:,} tensors, {top['size_bytes']:,} bytes" if top["tensors"] else ""
    values = f"{top['values']:,} other values" if top["values"] else ""
    return ", ".join(text for text in (words, values) if text)

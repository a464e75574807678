"""What the X-ray lists: the rows of its four views, and the steps of a pickle in words."""

import io
import os
import pickletools
import zipfile
from dataclasses import dataclass
from typing import Any

from course_lib.checkpoints.inspection import Inspection
from course_lib.classroom.explorers.svg import fitted
from course_lib.lessons.state_dict.strip import wasted_bytes

MAX_STEPS = 5_000
MAX_BYTES = 1 << 18  # of a pickle: far more than anybody scrolls through

WORDS = {
    "PROTO": "version of the pickle language",
    "GLOBAL": "fetch this function or class",
    "STACK_GLOBAL": "fetch the function or class of that name",
    "REDUCE": "call it with the arguments before",
    "NEWOBJ": "make an object of that class",
    "BUILD": "give the object its state",
    "BINPERSID": "fetch the storage described before",
    "EMPTY_DICT": "an empty dictionary",
    "EMPTY_LIST": "an empty list",
    "EMPTY_TUPLE": "an empty tuple",
    "BINUNICODE": "a text",
    "SHORT_BINUNICODE": "a text",
    "BININT": "a number",
    "BININT1": "a number",
    "BININT2": "a number",
    "LONG1": "a number",
    "BINFLOAT": "a number",
    "MARK": "remember this place",
    "TUPLE": "a tuple of all since the mark",
    "TUPLE1": "a tuple of the one before",
    "TUPLE2": "a tuple of the two before",
    "TUPLE3": "a tuple of the three before",
    "SETITEM": "put the pair into the dictionary",
    "SETITEMS": "put all since the mark into it",
    "APPENDS": "put all since the mark into the list",
    "BINGET": "a value seen before, by its number",
    "LONG_BINGET": "a value seen before, by its number",
    "NEWFALSE": "False",
    "NEWTRUE": "True",
    "NONE": "None",
    "FRAME": "so many bytes belong together",
    "STOP": "done",
}
REMEMBERING = ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE")  # a third of all steps, and they build nothing
BOOKKEEPING = {
    "byteorder": "which end of a number comes first",
    "version": "version of the archive",
    ".format_version": "version of the archive",
    ".storage_alignment": "where storages may begin",
    ".data/serialization_id": "a number made from the contents",
    "constants.pkl": "constants of a program",
}


@dataclass(frozen=True)
class Row:
    """One line of a list. `flag`: here is what one should look at."""

    cells: tuple[str, ...]
    flag: bool = False


@dataclass(frozen=True)
class Step:
    """One instruction of a pickle; it was read, not followed."""

    opcode: str
    argument: str
    refused: bool = False


def read_steps(source: bytes | str | os.PathLike, found: Inspection) -> tuple[Step, ...]:
    """The instructions of a file's first 256 kB of pickle, in order, without those that only remember a value.

    Call it where `inspect_file` has followed the pickle already: sizes that lie were refused there.
    """
    stream = io.BytesIO(_pickled(source, found))
    steps: list[Step] = []
    names = ["", ""]
    while len(steps) < MAX_STEPS:
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                if isinstance(argument, str):
                    names = [names[1], argument]
                wanted = argument if opcode.name in ("GLOBAL", "INST") else None
                wanted = " ".join(names) if opcode.name == "STACK_GLOBAL" else wanted
                if opcode.name not in REMEMBERING:
                    shown = wanted.replace(" ", ".") if wanted else _short(argument)
                    steps.append(Step(opcode.name, shown, bool(wanted) and _is_refused(wanted, found)))
        except Exception:  # the end, a cut, or no pickle any more: what was read until here is shown
            break
    return tuple(steps[:MAX_STEPS])


def _pickled(source: bytes | str | os.PathLike, found: Inspection) -> bytes:
    """The beginning of the pickle in the file."""
    if found.format == "legacy pickle":
        if isinstance(source, bytes):
            return source[:MAX_BYTES]
        with open(source, "rb") as file:
            return file.read(MAX_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            name = next(name for name in archive.namelist() if name.partition("/")[2] == "data.pkl")
            with archive.open(name) as member:
                return member.read(MAX_BYTES)
    except (zipfile.BadZipFile, StopIteration, OSError, NotImplementedError, RuntimeError):
        return b""  # a record that is damaged itself; the verdict says so


def _is_refused(wanted: str, found: Inspection) -> bool:
    """Whether the verdict names it; old pickles call `builtins` by another name."""
    module, _, name = wanted.partition(" ")
    return any(full == f"{module}.{name}" or full == f"builtins.{name}" for full in found.refused)


def _short(argument: Any) -> str:
    if argument is None:
        return ""
    words = repr(argument)
    return words if len(words) <= 40 else words[:39] + "…"


def rows_of(source: bytes | str | os.PathLike, found: Inspection) -> dict[str, tuple[Row, ...]]:
    """The rows of every view: of records, tensors, pickle and verdict."""
    views = {"records": _records, "tensors": _tensors, "verdict": _verdict}
    rows = {view: tuple(make(found)) for view, make in views.items()}
    steps = read_steps(source, found) if found.opcodes else ()
    rows["pickle"] = tuple(
        Row(
            (
                f"{i:,}",
                step.opcode,
                fitted(step.argument, 40),
                "REFUSED" if step.refused else WORDS.get(step.opcode, "a value"),
            ),
            flag=step.refused,
        )
        for i, step in enumerate(steps, 1)
    )
    return rows


def _records(found: Inspection) -> list[Row]:
    if found.format == "safetensors":
        numbers = sum(tensor.storage_size_bytes for tensor in found.tensors)
        header = Row(("header", f"{found.size_bytes - numbers:,}", "none", "JSON: names, dtypes, shapes, places"))
        return [header] + [
            Row((fitted(t.path, 34), f"{t.size_bytes:,}", "none", "its numbers")) for t in found.tensors[:MAX_STEPS]
        ]
    users: dict[str, list[str]] = {}
    for tensor in found.tensors:
        users.setdefault(tensor.storage, []).append(tensor.path)
    rows = []
    for record in found.records[:MAX_STEPS]:
        _, _, name = record.name.partition("/")
        key = name.removeprefix("data/")
        if name == "data.pkl":
            holds = "the recipe: names, shapes, dtypes, devices"
        elif key != name and key in users:
            holds = "numbers of " + ", ".join(users[key])
        else:
            holds = BOOKKEEPING.get(name, "unknown")
        checksum = {True: "✓ right", False: "✗ WRONG", None: "none"}[record.crc_ok]
        cells = (fitted(record.name, 34), f"{record.size_bytes:,}", checksum, fitted(holds, 44))
        rows.append(Row(cells, flag=record.crc_ok is False))
    return rows


def _tensors(found: Inspection) -> list[Row]:
    return [
        Row(
            (
                fitted(tensor.path or "(the whole file)", 31),
                tensor.dtype,
                fitted(str(list(tensor.shape)), 15),
                fitted(tensor.device or "not in the file", 15),
                f"{tensor.size_bytes:,}",
                f"{tensor.storage_size_bytes:,}",
            ),
            flag=tensor.size_bytes < tensor.storage_size_bytes or tensor.device not in ("", "cpu"),
        )
        for tensor in found.tensors[:MAX_STEPS]
    ]


def _verdict(found: Inspection) -> list[Row]:
    rows = [Row(("✗ refused", f"{name}: weights_only=True says no"), flag=True) for name in found.refused]
    rows += [Row(("✗ danger", text), flag=True) for text in found.dangers]
    rows += [Row(("✗ damage", text), flag=True) for text in found.damage]
    rows += [Row(("! limit", text)) for text in found.limits]
    rows += [Row(("! note", text)) for text in found.warnings]
    if wasted := wasted_bytes(found):
        rows.append(
            Row(("! waste", f"{wasted:,} bytes are in no tensor: a slice brought its whole storage"), flag=True)
        )
    if found.verdict == "good":
        rows.append(Row(("✓ intact" if wasted else "✓ good", _GOOD[found.format])))
    rows += [Row(("✓ allowed", name)) for name in found.globals if name not in found.refused]
    if found.opcodes:
        calls = found.opcodes.get("REDUCE", 0)
        rows.append(
            Row(("• pickle", f"{sum(found.opcodes.values()):,} steps, {calls:,} of them calls; none was run here"))
        )
    return [Row((row.cells[0], fitted(row.cells[1], 92)), row.flag) for row in rows[:MAX_STEPS]]


_GOOD = {
    "torch zip": "every checksum is right, and weights_only=True will take it",
    "safetensors": "sizes agree, and there is nothing to run; this format has no checksums",
    "legacy pickle": "weights_only=True will take it; this format has no checksums",
}

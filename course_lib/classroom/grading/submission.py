"""Read what a student handed in, whatever it is: no link is followed, nothing is too large, and no file is a surprise.

A notebook that is broken is mended where it is clear what was meant, and what was done is said. One that can't be read
has a reason, for the person who then looks at it.
"""

import io
import json
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from course_lib.classroom.tasks.observation import STUB

LIMIT_NOTEBOOK = 300 * 2**20
LIMIT_FILES = 64 * 2**20
"""All other files together: what goes beyond isn't handed to the code."""

LIMIT_COUNT = 500
LIMIT_SOURCE = 2**20
"""Characters of one cell."""

_DEPTH = 5

_BROKEN = (ValueError, OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What an archive raises that can't be unpacked."""

_BY_PROGRAMS = {".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git"}

_INVISIBLE = {0xA0: " ", 0x200B: None, 0x2060: None, 0xFEFF: None}
"""What comes along when code is copied from a page or a chat, and Python refuses."""


@dataclass
class PlainCell:
    """A cell as it was handed in: its kind, its text, and the id that nbgrader gave it, if it has kept it."""

    kind: str
    source: str
    grade_id: str = ""


@dataclass
class Submission:
    """A folder as it was handed in.

    Attributes:
        cells: of its notebook; empty if there is none that can be read.
        files: everything else, by its path in the folder.
        remarks: what was odd, and what was done about it.
        unreadable: why a person has to look at it; empty if there is a notebook.
        doubt: why a person has to look, although it was graded: what else may have been meant.
        digest: of all of it; the same folder has the same.
    """

    cells: list[PlainCell] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    unreadable: str = ""
    doubt: str = ""
    digest: str = ""


def read_submission(folder: Path, notebook: str, names: Sequence[str] = ()) -> Submission:
    """Read a folder that was handed in.

    Args:
        folder: what the student handed in.
        notebook: the name that its notebook should have, with .ipynb.
        names: what a right notebook defines: tells which of several it is.
    """
    found = Submission()
    contents = _contents(folder, found)
    digest = sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode("utf-8", "replace") + contents[name])
    found.digest = digest.hexdigest()
    _unpack(contents, found)
    candidates = [name for name in contents if ".ipynb" in name.lower() or name.lower().endswith((".json", ".txt"))]
    answered = {name for name in candidates if _answered(contents[name], names)}
    candidates.sort(key=lambda name: (name not in answered, *_rank(name, notebook, contents[name], names)))
    works = [name for name in candidates if name in answered and name.lower().endswith(".ipynb")]
    why = "There is no notebook."
    for name in candidates:
        remarks: list[str] = []
        found.doubt = ""
        try:
            found.cells = _cells(_notebook(contents[name], found, remarks))
            _expect_any(found.cells, names)
        except ValueError as e:
            why = f"{name} can't be read: {e}" if why.startswith("There") else why
            continue
        if name != notebook:
            found.remarks.append(f"The notebook should be called {notebook}; it was found as {name}.")
            rivals = [other for other in works if name in works and contents[other] != contents[name]]
            if rivals:
                found.doubt = found.doubt or f"There are several notebooks; {name} was graded, {rivals[0]} was not."
        found.remarks += remarks
        del contents[name]
        break
    else:
        found.cells, found.unreadable, found.doubt = [], why, ""
    others = {name: content for name, content in contents.items() if not name.lower().endswith(".ipynb")}
    left = LIMIT_FILES
    for name, content in others.items():
        left -= len(content)
        if left < 0:
            found.remarks.append(f"Files of more than {LIMIT_FILES:,} bytes; {name} and what follows is left out.")
            break
        found.files[name] = content
    return found


def _contents(folder: Path, found: Submission) -> dict[str, bytes]:
    """The regular files of a folder, a few levels deep."""
    contents: dict[str, bytes] = {}
    left = {True: LIMIT_NOTEBOOK, False: LIMIT_FILES}  # of notebooks, and of all else
    for path, name in _walk(folder, "", found):
        if len(contents) >= LIMIT_COUNT:
            found.remarks.append(f"More than {LIMIT_COUNT} files; the rest is left out.")
            break
        is_notebook = ".ipynb" in name.lower()
        try:
            # O_NOFOLLOW and O_NONBLOCK: a link or a pipe put there meanwhile is refused, and nothing waits
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                content = file.read(left[is_notebook] + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        except OSError as e:
            found.remarks.append(f"{name} can't be opened ({e.strerror}).")
            continue
        if len(content) > left[is_notebook]:
            found.remarks.append(f"{name} is too large, with what stands before it, and is left out.")
        else:
            left[is_notebook] -= len(content)
            contents[name] = content
    return contents


def other_files(folder: Path) -> dict[str, bytes]:
    """What was handed in beside notebooks, by its path: as far as `read_submission` would take it."""
    return {name: text for name, text in _contents(folder, Submission()).items() if not name.endswith(".ipynb")}


def _walk(folder: Path, prefix: str, found: Submission, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth == 0 and folder.is_symlink():
        found.remarks.append("The folder is a link to somewhere else; it was not followed.")
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: (entry.is_dir(follow_symlinks=False), entry.name))
    except OSError as e:
        found.remarks.append(f"The folder can't be opened ({e.strerror}).")
        return
    for entry in entries:
        name = f"{prefix}{entry.name}".encode("utf-8", "replace").decode()
        if entry.is_symlink():
            found.remarks.append(f"{name} is a link; it was not followed.")
        elif entry.is_dir() and entry.name not in _BY_PROGRAMS:
            if depth < _DEPTH:
                yield from _walk(Path(entry.path), f"{name}/", found, depth + 1)
        elif entry.is_file() and not entry.name.startswith("._"):
            yield entry.path, name


def _unpack(contents: dict[str, bytes], found: Submission) -> None:
    """Put the files of a .zip beside it, if no notebook lies there."""
    if any(name.lower().endswith(".ipynb") for name in contents):
        return
    for name in [n for n in contents if n.lower().endswith(".zip")][:3]:
        try:
            with zipfile.ZipFile(io.BytesIO(contents[name])) as archive:
                left = LIMIT_FILES
                for info in archive.infolist()[:LIMIT_COUNT]:
                    inner = Path(info.filename)
                    away = inner.is_absolute() or not _BY_PROGRAMS.isdisjoint(inner.parts) or ".." in inner.parts
                    if away or info.is_dir() or inner.name.startswith("."):
                        continue
                    with archive.open(info) as file:
                        content = file.read(left + 1)
                    left -= len(content)
                    if left < 0:
                        raise ValueError("it unpacks to too much")
                    contents.setdefault(str(inner), content)
            found.remarks.append(f"{name} was unpacked.")
        except _BROKEN as e:
            found.remarks.append(f"{name} can't be unpacked ({e}).")


def _rank(name: str, notebook: str, content: bytes, names: Sequence[str]) -> tuple:
    defined = sum(content.count(f"def {n}".encode()) > 0 for n in names)
    stem = Path(notebook).stem.lower()
    proper = name.lower().endswith(".ipynb")
    return (name != notebook, not proper, Path(name).name != notebook, -defined, stem not in name.lower(), len(name))


def _answered(content: bytes, names: Sequence[str]) -> bool:
    """Whether a notebook defines more than stubs."""
    pattern = r"\b(?:(?:def|class)\s+{0}\b|{0}\s*=[^=])"
    defined = sum(re.search(pattern.format(re.escape(n)).encode(), content) is not None for n in set(names))
    return defined > content.count(STUB.encode())


def _expect_any(cells: Sequence[PlainCell], names: Sequence[str]) -> None:
    """Expect a trace of the assignment's tasks: with none it is another one's notebook, or another thing altogether."""
    tasks = [name for name in names if name != "quiz"]
    text = "\n".join(f"{cell.grade_id}\n{cell.source}" for cell in cells)
    if tasks and not any(re.search(rf"\b{re.escape(task)}\b", text) for task in tasks):
        raise ValueError("it has nothing of this assignment's tasks.")


def _notebook(content: bytes, found: Submission, remarks: list[str]) -> Any:
    """The notebook in these bytes.

    Raises:
        ValueError: there is none, said in words.
    """
    text = _text(content, remarks)
    if not text.strip():
        raise ValueError("it is empty.")
    if re.search(r"^<{7} ", text, flags=re.M):
        text = re.sub(r"^<{7} .*?\n(.*?)(?:^\|{7}.*?)?^={7}\n.*?^>{7}.*?(?:\n|\Z)", r"\1", text, flags=re.M | re.S)
        remarks.append("It holds the marks of a merge conflict; the first side was taken.")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("its JSON is too deep.") from None
    except ValueError as e:
        cells = _whole_cells(text)
        if not cells:
            raise ValueError(f"it is no JSON ({e}).") from None
        found.doubt = f"It is no whole JSON ({e}); the {len(cells)} cells before the damage were read."
        return {"cells": cells}


def _text(content: bytes, remarks: list[str]) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            remarks.append(f"It is written as {name}.")
            return content.decode(name, "replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        remarks.append("It is no UTF-8; bytes that make no sense were replaced.")
        return content.decode("utf-8", "replace")


def _whole_cells(text: str) -> list[Any]:
    """The cells in front of the place where a notebook breaks off."""
    start = re.search(r'"cells"\s*:\s*\[', text)
    decoder, cells = json.JSONDecoder(), []
    at = start.end() if start else len(text)
    while found := re.compile(r"\s*,?\s*(?=\{)").match(text, at):
        try:
            cell, at = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            break
        cells.append(cell)
    return cells


def _cells(notebook: Any) -> list[PlainCell]:
    """The cells of a notebook of any version, without what they put out.

    Raises:
        ValueError: this is no notebook.
    """
    sheets = notebook.get("worksheets") if isinstance(notebook, dict) else None
    cells = sheets[0].get("cells") if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else None
    if cells is None:
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it is JSON and no notebook: it has no list of cells.")
    return [plain for cell in cells[:5000] if isinstance(cell, dict) and (plain := _cell(cell))]


def _cell(cell: dict) -> PlainCell | None:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    source = source[:LIMIT_SOURCE].encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown", "raw") else "markdown"
    source = source.translate(_INVISIBLE)
    if kind == "markdown" and (fenced := re.fullmatch(r"\s*```(?:python|py)?\n(.*?)\n?```\s*", source, flags=re.S)):
        kind, source = "raw", fenced[1]
    metadata = cell.get("metadata")
    own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = own.get("grade_id") if isinstance(own, dict) else None
    return PlainCell(kind, source, grade_id if isinstance(grade_id, str) else "")

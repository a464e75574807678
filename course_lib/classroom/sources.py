"""Read the authored files of a lesson: Python with cells, as `# %%` marks them (py:percent).

The one reader of lesson.py, exercise.py and the attempts. It needs no tool of an author's, because
`solution()` reads an exercise on a learner's machine.

    # %% [markdown]
    # Text of a markdown cell.

    # %% a title · of any words solution="mean_loss" points=3
    def mean_loss(): ...
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from course_lib.classroom.tasks.observation import STUB
from course_lib.errors import ContentError

_HEADER = re.compile(r"# %%(?: (?P<rest>.*))?")
_PAIR = re.compile(r'(?:^| )(?P<key>[a-z_]+)=(?P<value>"[^"]*"|\[[^\]]*\]|-?\d+(?:\.\d+)?)(?=$| )')


@dataclass(frozen=True)
class Cell:
    """One cell: `title` is what its header says in words, `metadata` its key="value" pairs, `line` where it begins."""

    kind: Literal["code", "markdown"]
    source: str
    title: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    line: int = 1


def read_cells(path: Path) -> list[Cell]:
    """The cells of a file, in order.

    Raises:
        ContentError: there is no such file or it isn't UTF-8, text stands before the first cell, a value in a header
            can't be read, or a line of a markdown cell is no comment.
    """
    name, blocks = f"{path.parent.name}/{path.name}", []
    if not path.is_file():
        raise ContentError(f"There is no file {name}. Write it.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"{name} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.fullmatch(line):
            blocks.append((number, header["rest"] or "", []))
        elif blocks:
            blocks[-1][2].append(line)
        elif line.strip():
            raise ContentError(f"{name}, line {number}: text before the first cell. Begin the file with '# %%'.")
    return [_cell(name, *block) for block in blocks]


def to_text(cells: Iterable[Cell]) -> str:
    """The text of a file with these cells: what `read_cells` reads back. Formatting the code is left to ruff."""
    blocks = []
    for cell in cells:
        pairs = " ".join(f"{key}={json.dumps(value)}" for key, value in cell.metadata.items())
        markdown = "[markdown]" if cell.kind == "markdown" else ""
        lines = cell.source.split("\n")
        if cell.kind == "markdown":
            lines = [f"# {line}".rstrip() for line in lines]
        header = " ".join(filter(None, ("# %%", markdown, cell.title, pairs)))
        blocks.append("\n".join([header, *lines]).strip("\n"))
    return "\n\n".join(blocks) + "\n"


def as_stub(source: str) -> str:
    """A solution cell as a learner first sees it: what stands between the solution's marks is theirs to write."""
    marks = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION", flags=re.S | re.M)
    return marks.sub(rf'\1raise NotImplementedError("{STUB}")', source)


def without_marks(source: str) -> str:
    """A solution cell without the marks: the worked solution."""
    return re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", source, flags=re.M).strip()


def _cell(name: str, number: int, header: str, lines: list[str]) -> Cell:
    kind: Literal["code", "markdown"] = "code"
    if "[markdown]" in header:
        kind, header = "markdown", header.replace("[markdown]", "").strip()
    words = 'message: "' in header  # an attempt's header is words to its end, whatever pairs the message quotes
    pairs = () if words else _PAIR.finditer(header)
    try:
        metadata = {m["key"]: json.loads(m["value"]) for m in pairs if m["key"] != "message"}
    except json.JSONDecodeError:
        raise ContentError(
            f'{name}, line {number}: a value in {header!r} can\'t be read; write it as "text", 3 or ["a", "b"].'
        ) from None
    title = header if words else _PAIR.sub("", header).strip()
    if kind == "markdown":
        lines = [_uncommented(name, number + i, line) for i, line in enumerate(lines, start=1)]
    return Cell(kind, "\n".join(lines).strip("\n"), title, metadata, number)


def _uncommented(name: str, number: int, line: str) -> str:
    if not line.strip():
        return ""
    if not line.startswith("#"):
        raise ContentError(f"{name}, line {number}: a line of a markdown cell begins with '# '; got {line[:40]!r}.")
    return line[1:].removeprefix(" ")

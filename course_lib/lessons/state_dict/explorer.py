"""Lesson 06: the checkpoint X-ray, which opens any file and runs nothing in it. Its traces are next door."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from course_lib.checkpoints.inspection import Inspection, inspect_file
from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import BLUE, GREY, ORANGE, VERMILION
from course_lib.lessons.state_dict.rows import FLAG, Row, rows_of
from course_lib.lessons.state_dict.samples import sample_files
from course_lib.lessons.state_dict.trace import trace_loading, trace_prediction, trace_training

__all__ = [
    "XrayState",
    "open_file",
    "sample_files",
    "trace_loading",
    "trace_prediction",
    "trace_training",
    "uploaded",
    "xray",
]

VIEWS = {"Records": "records", "Tensors": "tensors", "Pickle": "pickle", "Verdict": "verdict"}
COLUMNS = {
    "records": (("record", 8), ("bytes", 300), ("checksum", 316), ("holds", 400)),
    "tensors": (("tensor", 8), ("dtype", 236), ("shape", 306), ("device", 420), ("shows", 560), ("drags along", 700)),
    "pickle": (("step", 44), ("opcode", 58), ("argument", 190), ("in words", 470)),
    "verdict": (("", 8), ("finding", 100)),
}
RIGHT_ALIGNED = {"bytes", "shows", "drags along", "step"}
LINES = 11
LINE_HEIGHT = 19
SIGNS = {"good": "✓", "unsafe": "✗", "damaged": "✗", "not a checkpoint": "○"}


@dataclass(frozen=True, eq=False)
class OpenedFile:
    """A file that was looked at once: what was found, and the rows of every view."""

    name: str
    about: str
    found: Inspection
    rows: dict[str, tuple[Row, ...]]


def open_file(name: str, source: bytes | str | os.PathLike, about: str = "a file of yours") -> OpenedFile:
    """Look into a file, or into its bytes, without running anything in it.

    Args:
        name: How to call it.
        source: Its path, or its bytes.
        about: What it is, in a few words.

    Raises:
        CheckpointError: there is no such file.
    """
    found = inspect_file(source)
    return OpenedFile(name, about, found, rows_of(source, found))


def xray(*paths: str | os.PathLike) -> "Xray":
    """Look into checkpoint files of all sorts: your own first, by their paths, then eight samples.

    A button in the explorer takes further files. For one too large to upload, give its path here.

    >>> explorer = xray()
    >>> explorer.set(view="tensors")
    >>> explorer.state.file.found.verdict, len(explorer.state.rows)
    ('good', 9)
    """
    files = [open_file(Path(path).name, path) for path in paths]
    files += [open_file(name, content, about) for name, (about, content) in sample_files().items()]
    return Xray(
        XrayState(files[0]),
        controls=[
            Choice("file", "File", {_label(i, file): file for i, file in enumerate(files, 1)}),
            Choice("view", "View", VIEWS),
            Slider("scroll", "Scroll %", 0, 100, 5),
        ],
    )


def _label(number: int, file: OpenedFile) -> str:
    return f"{number} {file.name}"


def uploaded(value: Any) -> list[tuple[str, bytes]]:
    """Names and bytes of what a FileUpload holds: a dictionary in ipywidgets 7, a tuple of them in 8."""
    entries = [(name, entry["content"]) for name, entry in value.items()] if isinstance(value, dict) else [
        (entry["name"], entry["content"]) for entry in value
    ]  # fmt: skip
    return [(name, bytes(content)) for name, content in entries]


class Xray(Explorer):
    """The explorer, with a button for files of the learner's own."""

    @property
    def view(self) -> widgets.Widget:
        """The widgets, built when first asked for."""
        if self._view is None:
            controls = super().view.children[0]
            upload = widgets.FileUpload(description="Open a file of yours", layout={"width": "auto"})
            upload.observe(lambda change: self.take(uploaded(change["new"])), "value")
            controls.children = (*controls.children, upload)
        return self._view

    def take(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Open files by their names and bytes, and show the last one."""
        options = self.controls["file"].options
        for name, content in files:
            opened = open_file(name, content)
            options[_label(len(options) + 1, opened)] = opened
            if self._view is not None:
                self._widgets["file"].options = list(options.items())
            self.set(file=opened)


@dataclass(frozen=True)
class XrayState:
    """Which file lies on the table, what is looked at, and how far down."""

    file: OpenedFile
    view: str = "records"
    scroll: int = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything this view lists."""
        return self.file.rows[self.view]

    @property
    def shown(self) -> tuple[int, int]:
        """The first row in the picture and the one after the last, counted from 0."""
        first = round(self.scroll / 100 * max(0, len(self.rows) - LINES))
        return first, min(first + LINES, len(self.rows))

    def text(self) -> str:
        """The picture in words."""
        found, (first, end) = self.file.found, self.shown
        words = f"{self.file.name}, {self.file.about}: {found.format}, {found.size_bytes:,} bytes; "
        words += f"verdict: {found.verdict}. "
        if first == end:
            return words + _nothing(self.view, found)
        cells = ", ".join(cell for cell in self.rows[first].cells if cell)
        words += f"View {self.view}, rows {first + 1} to {end} of {len(self.rows)}, the first: {cells}."
        marked = [f"{i:,}" for i, row in enumerate(self.rows, 1) if row.flag]
        return words + (f" Marked: row {', '.join(marked[:12])}{', …' * (len(marked) > 12)}." if marked else "")

    def svg(self) -> str:
        """The verdict, the file's bytes as a strip, and the list."""
        found = self.file.found
        sign = SIGNS[found.verdict]
        head = svg.text(8, 18, f"{sign} {found.verdict}", size=15, bold=True)
        title = f"{_fitted(self.file.name, 42)}: {found.format}, {found.size_bytes:,} bytes"
        head += svg.text(150, 18, title, size=13, bold=True) + svg.text(
            150, 36, _fitted(self.file.about, 80), faint=True
        )
        return svg.picture(720, 158 + LINE_HEIGHT * LINES, head, self._strip(), self._list())

    def _strip(self) -> str:
        """The file's bytes from the first to the last: what is used, what is dragged along, what is the recipe."""
        left, width, top, height = 8, 704, 50, 24
        parts = _parts(self.file.found)
        if not parts:
            words = "its parts can't be told apart"
            return svg.rect(left, top, width, height, edge="currentColor", dash="4 4") + svg.text(
                left + width / 2, top + 17, words, anchor="middle", faint=True
            )
        share = (width - 2 * len(parts)) / sum(part.size_bytes for part in parts)
        drawn, x = [], float(left)
        for part in parts:
            wide = 2 + part.size_bytes * share
            used = wide * part.used_share
            drawn.append(svg.rect(x, top, used, height, fill=part.color, opacity=0.75))
            if used < wide:
                drawn.append(svg.rect(x + used, top, wide - used, height, edge=VERMILION, dash="3 3"))
            if part.damaged:
                drawn.append(svg.rect(x, top - 3, wide, height + 6, edge=VERMILION))
                drawn.append(svg.text(x + wide / 2, top + 17, "✗", bold=True, anchor="middle"))
            x += wide
        return "".join(drawn) + _legend(top + height + 18)

    def _list(self) -> str:
        first, end = self.shown
        top = 124.0
        headings = COLUMNS[self.view]
        drawn = []
        drawn += [_cell(x, top, heading, heading, faint=True) for heading, x in headings]
        drawn.append(svg.line((8, top + 6), (712, top + 6)))
        if first == end:
            return "".join(drawn) + svg.text(8, top + 28, _nothing(self.view, self.file.found))
        lines = []
        for i, row in enumerate(self.rows[first:end]):
            y = top + 22 + i * LINE_HEIGHT
            if row.flag:
                lines.append(svg.rect(8, y - 14, 704, LINE_HEIGHT, fill=VERMILION, opacity=0.22))
                lines.append(svg.text(0, y - 1, FLAG, size=8))
            lines += [_cell(x, y, heading, cell) for (heading, x), cell in zip(headings, row.cells, strict=True)]
        share = LINES / len(self.rows)
        if share < 1:  # where we are in the list, as a scroll bar shows it, and where the marked rows are
            full, up = LINES * LINE_HEIGHT, top + 9
            lines.append(svg.rect(714, up + full * first / len(self.rows), 5, full * share, fill=GREY, rounded=2))
            marked = [i for i, row in enumerate(self.rows) if row.flag]
            lines += [svg.rect(713, up + full * i / len(self.rows), 7, 3, fill=VERMILION) for i in marked[:100]]
        return "".join(drawn) + f'<g font-family="ui-monospace, monospace">{"".join(lines)}</g>'


def _cell(x: float, y: float, heading: str, words: str, faint: bool = False) -> str:
    return svg.text(x, y, words, size=11.5, anchor="end" if heading in RIGHT_ALIGNED else "start", faint=faint)


def _legend(y: float) -> str:
    drawn, x = [], 8.0
    for words, color, hollow in (
        ("numbers in use", BLUE, False),
        ("dragged along, in no tensor", VERMILION, True),
        ("recipe (pickle or header)", ORANGE, False),
        ("bookkeeping", GREY, False),
    ):
        style = {"edge": color, "dash": "3 3"} if hollow else {"fill": color, "opacity": 0.75}
        drawn += [svg.rect(x, y - 9, 11, 11, **style), svg.text(x + 16, y, words, size=11)]
        x += 34 + 5.6 * len(words)
    return "".join(drawn) + svg.text(712, y, f"{FLAG} marked: look here", size=11, anchor="end")


@dataclass(frozen=True)
class _Part:
    """A stretch of the file."""

    size_bytes: int
    color: str
    used_share: float = 1.0
    damaged: bool = False


def _parts(found: Inspection) -> list[_Part]:
    used: dict[str, int] = {}
    for tensor in found.tensors:
        used[tensor.storage] = used.get(tensor.storage, 0) + tensor.size_bytes
    if found.format == "safetensors":
        header = found.size_bytes - sum(used.values())
        return [_Part(header, ORANGE), *(_Part(size, BLUE) for size in used.values())] if header > 0 else []
    parts = []
    for record in found.records:
        _, _, name = record.name.partition("/")
        key = name.removeprefix("data/")
        if name == "data.pkl":
            part = _Part(record.size_bytes, ORANGE)
        elif key != name and key in used:
            part = _Part(record.size_bytes, BLUE, min(1.0, used[key] / max(1, record.size_bytes)))
        else:
            part = _Part(record.size_bytes, GREY)
        parts.append(_Part(part.size_bytes, part.color, part.used_share, record.crc_ok is False))
    return parts


def _nothing(view: str, found: Inspection) -> str:
    """Why a view is empty."""
    if view == "pickle" and found.format == "safetensors":
        return "There is no pickle in this format, so there is nothing to run."
    if view == "records" and found.format == "legacy pickle":
        return "This file is no archive: a stream of pickles, with no records and no checksums."
    why = "" if found.verdict == "good" else " The verdict says why."
    return f"Nothing of this kind was found in the file.{why}"


def _fitted(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1] + "…"

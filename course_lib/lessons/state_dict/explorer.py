"""Lesson 06: the checkpoint X-ray, which opens any file and runs nothing in it. Its traces are next door."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from course_lib.checkpoints.inspection import Inspection, inspect_file
from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer
from course_lib.lessons.state_dict.listing import FLAG, listing
from course_lib.lessons.state_dict.rows import Row, rows_of
from course_lib.lessons.state_dict.samples import sample_files
from course_lib.lessons.state_dict.strip import draw_strip, wasted_bytes

VIEWS = {"Records": "records", "Tensors": "tensors", "Pickle": "pickle", "Verdict": "verdict"}
SIGNS = {"good": "✓", "unsafe": "✗", "damaged": "✗", "not a checkpoint": "○", "too large": "○"}


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
    """The explorer, with a list that scrolls and a button for files of the learner's own."""

    @property
    def view(self) -> widgets.Widget:
        """The widgets, built when first asked for."""
        if self._view is None:
            self._list = widgets.HTML()
            row, picture, *rest = super().view.children
            upload = widgets.FileUpload(description="Open a file of yours", layout={"width": "auto"})
            upload.observe(lambda change: self.take(uploaded(change["new"])), "value")
            row.children = (*row.children, upload)
            self._view.children = (row, picture, self._list, *rest)
        return self._view

    def _draw(self) -> None:
        super()._draw()
        self._list.value = self.state.listing()

    def static(self, **values: Any) -> str:
        """The picture and the list with these values as HTML that needs no widgets; the explorer itself stays put."""
        return super().static(**values) + replace(self.state, **values).listing()

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
    """Which file lies on the table, and what is looked at."""

    file: OpenedFile
    view: str = "records"

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything this view lists."""
        return self.file.rows[self.view]

    @property
    def waste(self) -> str:
        """What a good file drags along, in words; empty if nothing."""
        found = self.file.found
        wasted = wasted_bytes(found)
        return f"{wasted:,} of {found.size_bytes:,} bytes are in no tensor" if wasted else ""

    def text(self) -> str:
        """The picture in words."""
        found, rows = self.file.found, self.rows
        words = f"{self.file.name}, {self.file.about}: {found.format}, {found.size_bytes:,} bytes; "
        words += f"verdict: {found.verdict}{f', but {self.waste}' if self.waste else ''}. "
        if not rows:
            return words + self._nothing
        words += f"View {self.view}, {len(rows):,} row{'s' * (len(rows) > 1)}, the first: {_told(rows[0])}."
        marked = [i for i, row in enumerate(rows) if row.flag]
        if marked:
            others = f" and {len(marked) - 1:,} more" if len(marked) > 1 else ""
            words += f" Marked: row {marked[0] + 1:,}{others}: {_told(rows[marked[0]])}."
        return words

    def svg(self) -> str:
        """The verdict, and the file's bytes as a strip."""
        found, about = self.file.found, self.file.about
        verdict = "! wasteful" if self.waste else f"{SIGNS[found.verdict]} {found.verdict}"
        title = f"{svg.fitted(self.file.name, 42)}: {found.format}, {found.size_bytes:,} bytes"
        below = f"{about}; {self.waste}" if self.waste else about
        return svg.picture(
            720,
            100,
            svg.text(8, 18, verdict, size=15, bold=True),
            svg.text(150, 18, title, size=13, bold=True),
            svg.text(150, 36, svg.fitted(below, 90), faint=not self.waste, bold=bool(self.waste)),
            draw_strip(found, 50),
            svg.text(712, 92, f"{FLAG} marked: look here", size=11, anchor="end"),
        )

    def listing(self) -> str:
        """Everything this view lists, as a table that scrolls."""
        return listing(self.view, self.rows, empty=self._nothing)

    @property
    def _nothing(self) -> str:
        """Why a view is empty."""
        format_, verdict = self.file.found.format, self.file.found.verdict
        if self.view == "pickle" and format_ == "safetensors":
            return "There is no pickle in this format, so there is nothing to run."
        if self.view == "records" and format_ == "legacy pickle":
            return "This file is no archive: a stream of pickles, with no records and no checksums."
        why = "" if verdict == "good" else " The verdict says why."
        return f"Nothing of this kind was found in the file.{why}"


def _told(row: Row) -> str:
    return ", ".join(cell for cell in row.cells if cell).rstrip(".")

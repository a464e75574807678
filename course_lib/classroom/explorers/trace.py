"""A trace: the stages of a real run, recorded once, walked through with Previous and Next.

A trace types no numbers. A function such as `eval_mode.trace_modes()` runs the code, keeps what came out of
every step, and writes it into its stages.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
from torch import Tensor

from course_lib.classroom import style
from course_lib.classroom.explorers import svg
from course_lib.classroom.widgets import block, status
from course_lib.errors import InputError


@dataclass(frozen=True)
class Stage:
    """One step of a recorded run. The texts may use `code`, **bold** and *emphasis*.

    Args:
        title: A few words for the list of stages.
        goes_in: What the step is given.
        happens: What it does, with this run's numbers.
        comes_out: What it leaves.
        picture_svg: A small picture or table.
        picture_text: The picture in plain text, for screen readers and terminals; needed with a picture.
        note: What a learner might miss.
    """

    title: str
    goes_in: str
    happens: str
    comes_out: str
    picture_svg: str = ""
    picture_text: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.picture_svg and not self.picture_text:
            raise InputError(f"Stage {self.title!r} has a picture; give it a picture_text too.")


class Trace:
    """A stepper over stages. In a notebook, make it the last line of a cell.

    Raises:
        InputError: There are no stages.
    """

    def __init__(self, title: str, stages: Sequence[Stage]) -> None:
        if not stages:
            raise InputError(f"Trace {title!r} has no stages; record at least one.")
        self.title = title
        self.stages = tuple(stages)
        self.position = 0
        self._view = None

    def go(self, position: int) -> None:
        """Show the stage at `position` (0 is the first); a position beyond an end shows that end."""
        position = min(max(position, 0), len(self.stages) - 1)
        if self._view is None:
            self.position = position
        else:
            self._list.value = position  # and `_draw` follows

    def _draw(self) -> None:
        before, self.position = self.position, self._list.value
        with self._picture.hold_sync():
            self._picture.remove_class(f"cl-at-{before}").add_class(f"cl-at-{self.position}")
        here = f"Stage {self.position + 1} of {len(self.stages)}: {self.stages[self.position].title}"
        self._where.value = style.box(style.inline(here))

    def static(self) -> str:
        """All stages in order, as HTML that needs no widgets."""
        stages = "".join(
            f"<p><b>{i}. {style.inline(stage.title)}</b></p>{_body(stage)}" for i, stage in enumerate(self.stages, 1)
        )
        return style.panel(f"<p><b>{style.inline(self.title)}</b></p>{stages}")

    @property
    def view(self) -> widgets.Widget:
        """The widgets, built when first asked for."""
        if self._view is None:
            previous, following = widgets.Button(description="Previous"), widgets.Button(description="Next")
            previous.on_click(lambda _: self.go(self.position - 1))
            following.on_click(lambda _: self.go(self.position + 1))
            self._where, self._picture = status(), widgets.HTML(self._pictures()).add_class("cl-picture")
            titles = [(f"{i}. {style.bare(stage.title)}", i - 1) for i, stage in enumerate(self.stages, 1)]
            self._list = widgets.ToggleButtons(options=titles, value=self.position).add_class("cl-list")
            self._list.observe(lambda _: self._draw(), "value")
            row = widgets.HBox([previous, following, self._where], layout={"align_items": "center"})
            steps = widgets.HBox([self._picture, self._list]).add_class("cl-steps")
            self._view = block("trace", row.add_class("cl-buttons"), steps)
            self._draw()
        return self._view

    def __repr__(self) -> str:
        parts = [self.title]
        for i, stage in enumerate(self.stages, 1):
            lines = [f"{i}. {stage.title}", *(f"   {name}: {words}" for name, words in _rows(stage))]
            parts.append("\n".join([*lines, *(f"      {row}" for row in stage.picture_text.splitlines())]))
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return style.bundle(self.static(), repr(self), view=self.view)

    def _pictures(self) -> str:
        """All stages on top of each other, so that the height is that of the tallest; a class says which is seen."""
        rules = "".join(
            f".cl-at-{i} .cl-stage:nth-child({i + 1}) {{ visibility: visible; }}" for i in range(len(self.stages))
        )
        return f'<style>{rules}</style><div class="cl cl-stack">{"".join(map(_body, self.stages))}</div>'


def _rows(stage: Stage) -> list[tuple[str, str]]:
    rows = [("Goes in", stage.goes_in), ("Happens", stage.happens), ("Comes out", stage.comes_out)]
    return [*rows, ("Note", stage.note)] if stage.note else rows


def _body(stage: Stage) -> str:
    cells = "".join(f"<dt>{name}</dt><dd>{style.inline(words)}</dd>" for name, words in _rows(stage))
    label = html.escape(stage.picture_text, quote=True)
    shown = (
        f'<div role="img" aria-label="{label}">{style.picture(stage.picture_svg)}</div>' if stage.picture_svg else ""
    )
    return f'<div class="cl-stage"><dl>{cells}</dl>{shown}</div>'


def tables(columns: Sequence[str], *shown: tuple[str, Tensor | Sequence, Sequence[str], float]) -> dict[str, str]:
    """Small tables side by side, as the picture of a stage: `Stage(..., **tables(...))`.

    Args:
        columns: Headings of the columns, the same for every table.
        *shown: For each table its caption (may be empty), rows (tensor or lists; words are allowed), names of the
            rows (none: those of the table before it), and the number with the fullest tint (0: no tint).

    Returns:
        `picture_svg` and `picture_text`.
    """
    listed = [rows.tolist() if isinstance(rows, Tensor) else rows for _, rows, *_ in shown]
    longest = max(
        len(svg.shown(value)) for rows in (columns, *(row for rows in listed for row in rows)) for value in rows
    )
    cell, space = max(44, 8 + 6.5 * longest), max(8, 2 + longest)  # pixels, characters
    margin = max(16, 2 + max((len(name) for _, _, names, _ in shown for name in names), default=0))
    top = 42 if any(caption for caption, *_ in shown) else 26
    names, parts, lines, left = (), [], [], 4.0
    for (caption, _, own_names, span), rows in zip(shown, listed, strict=True):
        names = own_names or names
        room = 8 + 6.5 * max(map(len, own_names), default=0) if own_names else 0
        left += room
        parts.append(svg.text(left, 14, caption, bold=True) if caption else "")
        parts.append(
            svg.table(left, top, rows, columns=columns, names=own_names, name_width=room, cell_width=cell, span=span)
        )
        lines.append(f"{caption}: {', '.join(columns)}".removeprefix(": "))
        for i, row in enumerate(rows):
            name = names[i] if i < len(names) else ""
            lines.append(f"{name:<{margin}}" + "".join(f"{svg.shown(value):>{space}}" for value in row))
        left += max(cell * len(columns), 8 * len(caption)) + 20
    height = top + 4 + svg.ROW_HEIGHT * max(map(len, listed))
    return {"picture_svg": svg.picture(left, height, *parts), "picture_text": "\n".join(lines)}

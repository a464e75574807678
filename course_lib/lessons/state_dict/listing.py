"""The X-ray's list: a table that scrolls, by mouse and, once it has the focus, by the arrow keys."""

import html
from collections.abc import Sequence

from course_lib.classroom import style
from course_lib.lessons.state_dict.rows import Row

COLUMNS = {
    "records": ("record", "bytes", "checksum", "holds"),
    "tensors": ("tensor", "dtype", "shape", "device", "shows bytes", "drags along bytes"),
    "pickle": ("step", "opcode", "argument", "in words"),
    "verdict": ("", "finding"),
}
NUMBERS = {"bytes", "shows bytes", "drags along bytes", "step"}
FLAG = "▶"

_LOOK = f"""<style>
.cl-listing {{ height: 236px; overflow: auto; border: 1px solid rgba(127,127,127,.4); }}
.cl-listing:focus-visible {{ outline: 3px solid {style.BLUE}; outline-offset: 1px; }}
.cl-listing table {{ width: 100%; font: 12px/1.35 ui-monospace, monospace; margin: 0; }}
.cl-listing th, .cl-listing td {{ padding: 1px 8px; white-space: nowrap; font-weight: 400; }}
.cl-listing .cl-number {{ text-align: right !important; }}
.cl-listing th {{ position: sticky; top: 0; background: var(--jp-layout-color0, Canvas); font-weight: 600; }}
.cl-listing .cl-flag {{ background: {style.VERMILION}38; }}
</style>"""


def listing(view: str, rows: Sequence[Row], *, empty: str) -> str:
    """The rows of a view as HTML of a fixed height, marked rows with a sign; `empty` says why there are none."""
    heads = "".join(f"<th{_kind(column)}>{column}</th>" for column in COLUMNS[view])
    body = "".join(_line(row, COLUMNS[view]) for row in rows)
    table = f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table>"
    within = table if rows else f"<p>{html.escape(empty)}</p>"
    return _LOOK + style.box(f'<div class="cl-listing" tabindex="0" role="region" aria-label="{view}">{within}</div>')


def _line(row: Row, columns: Sequence[str]) -> str:
    cells = (f"<td{_kind(column)}>{html.escape(cell)}</td>" for column, cell in zip(columns, row.cells, strict=True))
    flag = (' class="cl-flag"', FLAG) if row.flag else ("", "")
    return f"<tr{flag[0]}><td>{flag[1]}</td>{''.join(cells)}</tr>"


def _kind(column: str) -> str:
    return ' class="cl-number"' if column in NUMBERS else ""

"""Small drawing functions: each takes numbers and gives back a piece of SVG as a string.

Pictures are written by hand because that is what makes them quick: a figure of matplotlib takes four times
as long from key press to pixels. Text, axes and grids are in `currentColor`, so a picture fits a light page
and a dark one; marks take Okabe and Ito's colours from `style`. Nothing has an id, so that two pictures on one
page can't disturb each other. Coordinates are pixels from the top left, as in SVG.
"""

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course_lib.classroom.style import BLUE, VERMILION
from course_lib.errors import InputError

Point = tuple[float, float]
ROW_HEIGHT = 22
"""Of a table, in pixels."""


def picture(width: float, height: float, *parts: str) -> str:
    """Put parts together: an SVG that shrinks with the page and never grows beyond `width` pixels."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" fill="currentColor" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif">{"".join(parts)}</svg>'
    )


def text(
    x: float,
    y: float,
    words: object,
    *,
    size: float = 12,
    anchor: str = "start",
    bold: bool = False,
    faint: bool = False,
    turned: bool = False,
) -> str:
    """Words with their baseline at (x, y); `anchor`: start, middle or end; `turned`: read from below.

    >>> text(0, 12, "p < 0.5")
    '<text x="0.0" y="12.0" font-size="12">p &lt; 0.5</text>'
    """
    more = f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += ' font-weight="600"' if bold else ""
    more += ' opacity="0.8"' if faint else ""
    more += f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}>{html.escape(str(words))}</text>'


def heading(left: float, right: float, words: object, *, y: float = 16) -> str:
    """Bold words with their baseline at `y`, and a rule under them to `right`: the head of a panel."""
    return text(left, y, words, size=13, bold=True) + line((left, y + 8), (right, y + 8), width=2)


def title(left: float, words: object, verdict: object, *, y: float = 44) -> str:
    """The name of a chart with its baseline at `y`, and below it in bold what it says now."""
    return text(left, y, words) + text(left, y + 18, verdict, size=14, bold=True)


def fitted(words: str, length: int) -> str:
    """At most `length` characters, the last an ellipsis where some were cut.

    >>> fitted("a long name", 6), fitted("short", 6)
    ('a lon…', 'short')
    """
    return words if len(words) <= length else words[: length - 1] + "…"


def line(start: Point, end: Point, *, color: str = "currentColor", width: float = 1, dash: str = "") -> str:
    """A straight line; `dash` as in SVG: "4 3" draws four pixels and leaves three."""
    return polyline([start, end], color=color, width=width, dash=dash)


def polyline(points: Iterable[Point], *, color: str = "currentColor", width: float = 1, dash: str = "") -> str:
    """A line through the points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:g}"{dashed}/>'


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = "none",
    opacity: float = 1,
    edge: str = "none",
    dash: str = "",
    rounded: float = 0,
) -> str:
    """A rectangle; `opacity` is the filling's."""
    more = f' stroke-dasharray="{dash}"' if dash else ""
    more += f' rx="{rounded:g}"' if rounded else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{fill}" fill-opacity="{opacity:.2f}" stroke="{edge}"{more}/>'
    )


def dot(x: float, y: float, *, color: str, radius: float = 3.5) -> str:
    """A filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{color}"/>'


def arrow(start: Point, end: Point, *, color: str = "currentColor") -> str:
    """A line with a head at its end."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - 7 * dx, y1 - 7 * dy)
    head = [(x1, y1), (base[0] - 4 * dy, base[1] + 4 * dx), (base[0] + 4 * dy, base[1] - 4 * dx)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in head)
    return line(start, base, color=color, width=1.5) + f'<polygon points="{corners}" fill="{color}"/>'


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers from `low` to `high`, in steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"An axis needs two finite numbers, the lower first; {low} and {high} came.")
    raw = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(raw))
    step = unit * min((1, 2, 5, 10), key=lambda m: abs(m * unit - raw))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


@dataclass(frozen=True)
class Axes:
    """A box in the picture and the range of data it shows; y grows upwards, as in a plot.

    >>> axes = Axes(left=40, top=10, width=100, height=50, x_range=(0, 10), y_range=(0, 1))
    >>> axes.place(5, 1)
    (90.0, 10.0)
    """

    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def place(self, x: float, y: float) -> Point:
        """Where the data point (x, y) lies in the picture, in pixels."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        return (
            self.left + self.width * (x - x0) / (x1 - x0),
            self.top + self.height * (1 - (y - y0) / (y1 - y0)),
        )

    def frame(
        self,
        *,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
    ) -> str:
        """The two axes with ticks, numbers and labels; ticks are chosen unless given, `()` means none."""
        bottom, right = self.top + self.height, self.left + self.width
        parts = [polyline([(self.left, self.top), (self.left, bottom), (right, bottom)])]
        for value in ticks(*self.x_range) if x_ticks is None else x_ticks:
            x, _ = self.place(value, self.y_range[0])
            parts += [line((x, bottom), (x, bottom + 4)), text(x, bottom + 16, _tick(value), anchor="middle")]
        for value in ticks(*self.y_range) if y_ticks is None else y_ticks:
            _, y = self.place(self.x_range[0], value)
            parts += [line((self.left - 4, y), (self.left, y))]
            parts += [text(self.left - 7, y + 4, _tick(value), anchor="end")]
        if x_label:
            parts.append(text(self.left + self.width / 2, bottom + 33, x_label, anchor="middle"))
        if y_label:
            parts.append(text(self.left - 36, self.top + self.height / 2, y_label, anchor="middle", turned=True))
        return "".join(parts)

    def curve(self, points: Iterable[Point], *, color: str, width: float = 2, dash: str = "") -> str:
        """A line through data points."""
        return polyline([self.place(x, y) for x, y in points], color=color, width=width, dash=dash)

    def dots(self, points: Iterable[Point], *, color: str, radius: float = 3.5) -> str:
        """A dot at each data point."""
        return "".join(dot(*self.place(x, y), color=color, radius=radius) for x, y in points)


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _heat_cell(x: float, y: float, width: float, height: float, value: float, *, span: float, words: str) -> str:
    """A cell whose tint is the value (blue above 0, vermilion below, full at `span`) with words in it.

    The tint stays pale enough for text in `currentColor` on a light page and on a dark one.
    """
    tint = 0.45 * min(abs(value) / span, 1.0) if span else 0.0
    return rect(x, y, width, height, fill=BLUE if value >= 0 else VERMILION, opacity=tint, edge="currentColor") + text(
        x + width / 2, y + height / 2 + 4, words, anchor="middle"
    )


def table(
    x: float,
    y: float,
    rows: Sequence[Sequence[object]],
    *,
    columns: Sequence[str] = (),
    names: Sequence[str] = (),
    name_width: float = 0,
    cell_width: float = 54,
    span: float = 0,
) -> str:
    """A table with its first cell at (x, y): `columns` above it, `names` in the `name_width` pixels before it.

    Args:
        x: Left edge of the first cell.
        y: Top edge of the first cell.
        rows: What to show; floats get two digits, everything else is shown as it is.
        columns: Headings, one for each column.
        names: Headings, one for each row.
        name_width: How far left of the table the names begin.
        cell_width: In pixels; every row is `ROW_HEIGHT` high.
        span: The number with the fullest tint; 0 leaves the cells blank.
    """
    width, height = cell_width, ROW_HEIGHT
    parts = [text(x + (j + 0.5) * width, y - 6, c, anchor="middle", faint=True) for j, c in enumerate(columns)]
    for i, row in enumerate(rows):
        if names:
            parts.append(text(x - name_width, y + (i + 0.5) * height + 4, names[i], faint=True))
        for j, value in enumerate(row):
            number, words = float(value) if isinstance(value, int | float) else 0.0, shown(value)
            parts.append(_heat_cell(x + j * width, y + i * height, width, height, number, span=span, words=words))
    return "".join(parts)


def shown(value: object, digits: int = 2) -> str:
    """A float with `digits` digits, a real minus sign and no negative zero; anything else as it is.

    >>> shown(-0.5), shown(-0.001), shown(3), shown("yes")
    ('−0.50', '0.00', '3', 'yes')
    """
    if not isinstance(value, float):
        return str(value)
    words = f"{value:.{digits}f}"
    return words.replace("-", "−" if float(words) else "")

"""An explorer as frames: its states rendered beforehand, for a page without Python.

A picture is kept as numbers into a table of pieces. Two states share most of their picture, so that hundreds of
frames take no more room than a photograph.
"""

import html
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from course_lib.classroom import style
from course_lib.classroom.explorers.explorer import Choice, Control, Explorer, Slider

BUDGET_BYTES = 400_000  # a page may have 1 MB, and a lesson's text, outputs and bank take half of that
MOST_FRAMES = 900  # some states take 10 ms
SAMPLES = (10_000, 41, 25, 17, 11, 9)  # positions of each slider, tried in turn until all combinations fit


@dataclass(frozen=True)
class Frames:
    """What a page needs to move an explorer.

    Attributes:
        positions: for each control the values it can stand on.
        start: for each control the position it starts on.
        together: every combination is there; otherwise one control moves at a time, the others at the start.
        thinned: the labels of sliders that stop at fewer values than in a notebook.
        pieces: of pictures; a picture is "<".join of some.
        frames: "0,3,1", a position for each control, -> the picture's pieces and its words.
    """

    positions: Mapping[str, Sequence[Any]]
    start: Sequence[int]
    together: bool
    thinned: Sequence[str]
    pieces: Sequence[str]
    frames: Mapping[str, tuple[Sequence[int], str]]

    def as_json(self) -> str:
        """Text for a script element of a page."""
        data = {"start": self.start, "pieces": self.pieces, "frames": self.frames}
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def record(explorer: Explorer, budget_bytes: int = BUDGET_BYTES) -> Frames:
    """Render an explorer: all combinations of its controls, with fewer stops of its sliders if they are too many.

    Where even nine stops a slider are too many or too large, one control at a time moves away from the start.
    """
    controls, tried = list(explorer.controls.values()), set()
    for most in SAMPLES:
        positions = {c.name: _values(c, getattr(explorer.state, c.name), most) for c in controls}
        sizes = tuple(map(len, positions.values()))
        if sizes in tried or math.prod(sizes) > MOST_FRAMES:
            continue
        tried.add(sizes)
        places = itertools.product(*map(range, sizes))
        if made := _render(explorer, positions, places, together=True, budget_bytes=budget_bytes):
            return made
    return _record_apart(explorer, controls, budget_bytes)


def _record_apart(explorer: Explorer, controls: Sequence[Control], budget_bytes: float) -> Frames:
    """One control at a time; each may use its share of the budget, a slider by as many stops as fit into it."""
    standing = {c.name: [getattr(explorer.state, c.name)] for c in controls}
    positions = dict(standing)
    for i, control in enumerate(controls):
        for most in SAMPLES[1:]:
            values = _values(control, standing[control.name][0], most)
            moved, places = {**standing, control.name: values}, _one_moves(i, len(values), [0] * len(controls))
            positions[control.name] = values
            if _render(explorer, moved, places, together=False, budget_bytes=budget_bytes / len(controls)):
                break
    start = _start(explorer, positions)
    places = {place for i, v in enumerate(positions.values()) for place in _one_moves(i, len(v), start)}
    made = _render(explorer, positions, sorted(places), together=False, budget_bytes=math.inf)
    assert made is not None
    return made


def _one_moves(i: int, stops: int, start: Sequence[int]) -> list[tuple[int, ...]]:
    """The places in which control i stands anywhere and the others at the start."""
    return [(*start[:i], stop, *start[i + 1 :]) for stop in range(stops)]


def _render(
    explorer: Explorer,
    positions: Mapping[str, Sequence[Any]],
    places: Iterable[tuple[int, ...]],
    *,
    together: bool,
    budget_bytes: float,
) -> Frames | None:
    """The frames, or None as soon as they take more than the budget."""
    table: dict[str, int] = {}
    frames, size = {}, 0
    for place in places:
        values = {name: positions[name][i] for name, i in zip(positions, place, strict=True)}
        state = replace(explorer.state, **values)
        before = len(table)
        numbers = [table.setdefault(piece, len(table)) for piece in state.svg().split("<")]
        frames[",".join(map(str, place))] = (numbers, style.inline(state.text()))
        size += sum(len(piece.encode()) + 3 for piece in itertools.islice(table, before, None))
        size += sum(len(str(n)) + 1 for n in numbers) + len(state.text()) + 20
        if size > budget_bytes:
            return None
    thinned = [c.label for c in explorer.controls.values() if len(positions[c.name]) < _stops(c)]
    return Frames(positions, _start(explorer, positions), together, thinned, tuple(table), frames)


def _start(explorer: Explorer, positions: Mapping[str, Sequence[Any]]) -> tuple[int, ...]:
    return tuple(values.index(getattr(explorer.state, name)) for name, values in positions.items())


def _stops(control: Control) -> int:
    if isinstance(control, Choice):
        return len(control.options)
    return round((control.high - control.low) / control.step) + 1


def _values(control: Control, start: Any, most: int) -> list[Any]:
    """Where a control can stand: all options of a choice; of a slider at most `most` stops, and its start."""
    if isinstance(control, Choice):
        return list(control.options.values())
    stops = _stops(control)
    count = min(stops, most)
    picked = sorted({round(i * (stops - 1) / max(1, count - 1)) for i in range(count)})
    whole = isinstance(control.step, int)
    grid = [Decimal(str(control.low)) + i * Decimal(str(control.step)) for i in picked]
    return sorted({start, *((int if whole else float)(value) for value in grid)})


def controls_html(explorer: Explorer, frames: Frames, name: str) -> str:
    """Native inputs for the controls; `name` tells this explorer's from another's on the page."""
    rows = []
    for number, (control, values) in enumerate(zip(explorer.controls.values(), frames.positions.values(), strict=True)):
        start, shown = frames.start[number], [control.reads(value) for value in values]
        label, here = html.escape(control.label), f"{name}-{number}"
        if isinstance(control, Slider):
            readings = html.escape(json.dumps(shown), quote=True)
            rows.append(
                f'<label class="site-control">{label} <input type="range" min="0" max="{len(values) - 1}" '
                f'value="{start}" data-shown="{readings}" aria-valuetext="{html.escape(shown[start])}"/>'
                f'<span class="site-value" aria-hidden="true">{html.escape(shown[start])}</span></label>'
            )
        elif len(values) > 6:
            options = "".join(
                f'<option value="{i}"{" selected" if i == start else ""}>{html.escape(words)}</option>'
                for i, words in enumerate(shown)
            )
            rows.append(f'<label class="site-control">{label} <select>{options}</select></label>')
        else:
            radios = "".join(
                f'<label><input type="radio" name="{here}" value="{i}"{" checked" if i == start else ""}/> '
                f"{html.escape(words)}</label>"
                for i, words in enumerate(shown)
            )
            rows.append(f'<fieldset class="site-control"><legend>{label}</legend>{radios}</fieldset>')
    return "".join(rows)


def explorer_html(explorer: Explorer, name: str) -> str:
    """An explorer for a page: the start without a script, every frame with it."""
    frames = record(explorer)
    says = [] if frames.together else ["Here one control moves at a time: moving another puts the rest at the start."]
    if frames.thinned:
        says.append(f"Fewer stops than in JupyterLab: {', '.join(frames.thinned)}.")
    note = f'<p class="cl cl-small">{html.escape(" ".join(says))}</p>' if says else ""
    return (
        f'<div class="site-explorer"><form class="site-controls cl" hidden="hidden">'
        f"{controls_html(explorer, frames, name)}</form>"
        f'<div class="site-picture">{style.picture(explorer.state.svg())}</div>'
        f'<div role="status" class="site-words">{style.words(explorer.state.text())}</div>{note}'
        f'<script type="application/json">{frames.as_json()}</script></div>'
    )

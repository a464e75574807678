"""An explorer: a few controls, a state, and one picture that follows them.

The *state* is a frozen dataclass. Its fields are what the controls set (and fixed inputs, such as a path); its
methods `svg()` and `text()` compute everything else with real PyTorch. It knows nothing of widgets, so a test
drives it without a browser. The *controls* say which values a field may take. The *explorer* joins the two:
widgets in a notebook, and the same picture standing still where there are none.

    @dataclass(frozen=True)
    class CoinState:
        tosses: int = 10

        def svg(self) -> str: ...
        def text(self) -> str: ...

    def coin() -> Explorer:
        return Explorer(CoinState(), controls=[Slider("tosses", "Tosses", 1, 100)])

A state is asked again at every key press: keep it under 10 ms, and put what is slow into a module-level
function with `functools.lru_cache`.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Protocol

import ipywidgets as widgets

from course_lib.classroom import style
from course_lib.classroom.widgets import block, status
from course_lib.errors import InputError


class State(Protocol):
    """What an explorer asks of its state, a frozen dataclass of plain values."""

    def svg(self) -> str:
        """The picture."""

    def text(self) -> str:
        """The picture in one to three sentences, with its numbers."""


@dataclass(frozen=True)
class Choice:
    """One of several values: `options` maps what is shown to the value. A switch is a choice of two."""

    name: str
    label: str
    options: dict[str, Any]

    @property
    def expects(self) -> str:
        """The values it takes, in words."""
        return "one of " + ", ".join(repr(value) for value in self.options.values())

    def accepts(self, value: object) -> bool:
        """Whether the field may have this value."""
        return any(type(value) is type(option) and value == option for option in self.options.values())

    def reads(self, value: object) -> str:
        """The value as the control shows it."""
        return next(shown for shown, option in self.options.items() if option == value)

    def widget(self, explorer: "Explorer") -> widgets.Widget:
        """Buttons for up to six options, else a drop-down, which has room for any number."""
        kind = widgets.ToggleButtons if len(self.options) <= 6 else widgets.Dropdown
        return _follow(kind(options=list(self.options.items())), self, explorer)


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high`, whole if `step` is an int; shown with as many digits as `step` has."""

    name: str
    label: str
    low: float
    high: float
    step: float = 1

    @property
    def expects(self) -> str:
        """The values it takes, in words."""
        return f"a {'whole ' if self._whole else ''}number from {self.low} to {self.high}"

    @property
    def _whole(self) -> bool:
        return isinstance(self.step, int)

    def accepts(self, value: object) -> bool:
        """Whether the field may have this value."""
        kinds = int if self._whole else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def reads(self, value: float) -> str:
        """The value as the control shows it."""
        return format(value, self._format)

    @property
    def _format(self) -> str:
        return "d" if self._whole else f".{max(0, -Decimal(str(self.step)).as_tuple().exponent)}f"

    def widget(self, explorer: "Explorer") -> widgets.Widget:
        """The control as a widget that moves the explorer."""
        kind = widgets.IntSlider if self._whole else widgets.FloatSlider
        slider = kind(min=self.low, max=self.high, step=self.step, readout_format=self._format)
        return _follow(slider, self, explorer)


Control = Choice | Slider


def _follow(widget: widgets.Widget, control: Control, explorer: "Explorer") -> widgets.Widget:
    """Join a widget that has a value to the explorer, in both directions."""
    widget.value = getattr(explorer.state, control.name)
    widget.description = control.label
    widget.style.description_width = "initial"
    if hasattr(widget.style, "button_width"):
        widget.style.button_width = "auto"
    widget.observe(lambda change: explorer.set(**{control.name: change["new"]}), "value")
    return widget


class Explorer:
    """Controls and a picture over a state. In a notebook, make it the last line of a cell.

    Args:
        state: Where it starts.
        controls: What the learner can move; each names a field of the state.

    Raises:
        InputError: A control names no field of the state, or the start is out of its range.
    """

    def __init__(self, state: State, *, controls: Sequence[Control]) -> None:
        self.controls = {control.name: control for control in controls}
        unknown = set(self.controls) - {field.name for field in fields(state)}
        if unknown:
            raise InputError(
                f"{type(state).__name__} has no field {', '.join(sorted(unknown))}: "
                "a control is named after the field it sets."
            )
        self.state = state
        self._check({name: getattr(state, name) for name in self.controls})
        self._widgets: dict[str, widgets.Widget] = {}
        self._picture = None
        self._view = None

    def set(self, **values: Any) -> None:
        """Move controls, as a learner would: `explorer.set(passes=12)`.

        Raises:
            InputError: There is no such control, or the value is out of its range.
        """
        self._check(values)
        state = replace(self.state, **values)
        if state == self.state:
            return
        self.state = state
        if self._view is not None:
            self._draw()
            for name, value in values.items():
                self._widgets[name].value = value

    def static(self, **values: Any) -> str:
        """The picture with these values as HTML that needs no widgets; the explorer itself stays put.

        Raises:
            InputError: There is no such control, or the value is out of its range.
        """
        self._check(values)
        state = replace(self.state, **values)
        where = "; ".join(f"{c.label}: {c.reads(getattr(state, c.name))}" for c in self.controls.values())
        words = html.escape(f"Still picture ({where}). In a running notebook you can move it.")
        return style.STYLE + style.figure(state.svg(), state.text()) + style.box(words, "cl-small")

    @property
    def view(self) -> widgets.Widget:
        """The widgets, built when first asked for."""
        if self._view is None:
            self._widgets = {name: control.widget(self) for name, control in self.controls.items()}
            row = widgets.HBox(list(self._widgets.values()), layout={"flex_flow": "row wrap"})
            row.add_class("cl-controls")
            self._picture, self._words = widgets.HTML(), status()
            self._draw()
            self._view = block("explorer", row, self._picture, self._words)
        return self._view

    def _draw(self) -> None:
        """The picture and its words apart: a screen reader is told the words, and of the picture nothing."""
        self._picture.value = style.picture(self.state.svg())
        self._words.value = style.words(self.state.text())

    def __repr__(self) -> str:
        return self.state.text()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return style.bundle(self.static(), repr(self), view=self.view)

    def _check(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.controls:
                raise InputError(f"There is no control {name!r} here; there is {', '.join(self.controls)}.")
            if not self.controls[name].accepts(value):
                raise InputError(f"{name} takes {self.controls[name].expects}; {value!r} came.")

"""The explorer and trace patterns, and the drawing underneath."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import ipywidgets as widgets
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from course_lib.classroom import style
from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.classroom.style import WIDGET_VIEW
from course_lib.errors import InputError

COLORS = {style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.GREY, "currentColor", "none"}


def parse(picture: str) -> ET.Element:
    """The picture as XML, after the checks that hold for every picture of the course."""
    root = ET.fromstring(picture)
    for element in root.iter():
        assert "id" not in element.attrib
        for name in ("fill", "stroke"):
            assert element.get(name, "none") in COLORS
    return root


def words(root: ET.Element) -> list[str]:
    return [element.text for element in root.iter() if element.tag.endswith("text")]


def parts(root: ET.Element, tag: str) -> list[ET.Element]:
    return [element for element in root.iter() if element.tag.endswith(tag)]


# --- svg ---------------------------------------------------------------------------------------------------


def test_words_are_escaped_and_the_picture_is_fluid():
    root = parse(svg.picture(300, 100, svg.text(0, 10, '<b> & "x"', turned=True, bold=True)))
    assert words(root) == ['<b> & "x"']
    assert root.get("viewBox") == "0 0 300 100"
    assert root.get("fill") == "currentColor"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 30, [0, 5, 10, 15, 20, 25, 30]), (-1.1, 1, [-1, -0.5, 0, 0.5, 1]), (0.031, 0.049, [0.035, 0.04, 0.045])],
)
def test_ticks_are_round_and_inside(low, high, expected):
    assert svg.ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize("bad", [(1, 1), (2, 1), (0, float("inf")), (float("nan"), 1)])
def test_an_axis_without_extent_is_refused(bad):
    with pytest.raises(InputError, match="two finite numbers"):
        svg.ticks(*bad)


def test_axes_place_data_with_y_growing_upwards():
    axes = svg.Axes(10, 20, 100, 50, (0, 10), (-1, 1))
    assert axes.place(0, -1) == (10, 70)
    assert axes.place(10, 1) == (110, 20)
    root = parse(svg.picture(200, 100, axes.frame(x_label="pass", y_label="loss", y_ticks=())))
    assert words(root) == ["0", "2", "4", "6", "8", "10", "pass", "loss"]


def test_a_heading_is_ruled_and_a_title_has_its_verdict_below():
    root = parse(svg.picture(200, 100, svg.heading(8, 100, "Disk", y=40), svg.title(8, "Loss", "falls", y=60)))
    heading, name, verdict = parts(root, "text")
    assert (heading.text, heading.get("font-weight")) == ("Disk", "600")
    assert parts(root, "polyline")[0].get("points") == "8.0,48.0 100.0,48.0"
    assert (name.text, name.get("font-weight"), name.get("y")) == ("Loss", None, "60.0")
    assert (verdict.text, verdict.get("font-weight"), verdict.get("y")) == ("falls", "600", "78.0")


def test_marks_lie_on_the_data():
    axes = svg.Axes(0, 0, 100, 100, (0, 1), (0, 1))
    root = parse(
        svg.picture(
            100,
            100,
            axes.curve([(0, 0), (1, 1)], color=style.BLUE, dash="4 3"),
            axes.dots([(0.5, 0.25)], color=style.VERMILION),
            svg.arrow((0, 0), (0, 50)),
        )
    )
    assert parts(root, "polyline")[0].get("points") == "0.0,100.0 100.0,0.0"
    assert parts(root, "circle")[0].get("cy") == "75.0"
    assert parts(root, "polygon")[0].get("points").startswith("0.0,50.0")


def test_a_table_tints_numbers_by_size_and_leaves_words_blank():
    root = parse(svg.picture(300, 100, svg.table(0, 20, [[-2.0, 1, "no"]], columns="abc", names=["row"], span=2)))
    assert words(root) == ["a", "b", "c", "row", "−2.00", "1", "no"]
    strong, weak, none = parts(root, "rect")
    assert strong.get("fill") == style.VERMILION
    assert weak.get("fill") == style.BLUE
    assert float(strong.get("fill-opacity")) > float(weak.get("fill-opacity")) > float(none.get("fill-opacity")) == 0


# --- explorer ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Toy:
    on: bool = True
    count: int = 2
    share: float = 0.25
    kind: str = "a"
    path: str = "fixed"

    def svg(self) -> str:
        return svg.picture(100, 20, svg.text(0, 10, self.text()))

    def text(self) -> str:
        return f"on={self.on} count={self.count} share={self.share} kind={self.kind}"


CONTROLS = [
    Choice("on", "Power", {"yes": True, "no": False}),
    Slider("count", "Count", 1, 5),
    Slider("share", "Share", 0.0, 1.0, 0.05),
    Choice("kind", "Kind", {letter.upper(): letter for letter in "abcdefgh"}),
]


@pytest.fixture
def toy() -> Explorer:
    return Explorer(Toy(), controls=CONTROLS)


def controls_of(explorer: Explorer) -> list[widgets.Widget]:
    return list(explorer.view.children[0].children)


def picture_of(explorer: Explorer) -> str:
    return explorer.view.children[1].value


def test_every_kind_of_control_moves_the_state_and_the_picture(toy):
    switch, count, share, kind = controls_of(toy)
    for change in (
        lambda: setattr(switch, "value", False),
        lambda: setattr(count, "value", 5),
        lambda: setattr(share, "value", 0.5),
        lambda: setattr(kind, "value", "h"),
    ):
        before = picture_of(toy)
        change()
        assert picture_of(toy) != before
    assert toy.state == Toy(on=False, count=5, share=0.5, kind="h")
    assert toy.state.svg() in picture_of(toy)
    assert toy.view.children[2].value == style.words(toy.state.text())


def test_a_screen_reader_is_told_the_words_and_not_the_picture(toy):
    picture, words = toy.view.children[1:3]
    assert "cl-status" in words._dom_classes  # which the block's script makes a region that stays
    assert 'aria-hidden="true"' in picture.value
    for shown in (toy.static(), picture.value + words.value):
        outside = re.sub(r"<svg.*?</svg>", "", shown)
        assert outside.count(toy.state.text()) == 1


def test_setting_by_code_moves_the_widgets_too(toy):
    switch, count, *_ = controls_of(toy)
    toy.set(on=False, count=3)
    assert (switch.value, count.value) == (False, 3)
    assert "on=False count=3" in picture_of(toy)


def test_only_core_widgets_and_one_picture(toy):
    def kinds(widget):
        return {type(widget).__name__}.union(*(kinds(child) for child in getattr(widget, "children", ())))

    assert kinds(toy.view) == {
        *("VBox", "HBox", "HTML"),
        *("ToggleButtons", "Dropdown", "IntSlider", "FloatSlider"),
        "Output",  # holds the script, see widgets.py
    }


def test_a_notebook_gets_the_widget_and_both_fallbacks(toy):
    shown, _ = DisplayFormatter().format(toy)
    assert shown[WIDGET_VIEW] == {"version_major": 2, "version_minor": 0, "model_id": toy.view.model_id}
    assert shown["text/html"] == toy.static()
    assert shown["text/plain"] == repr(toy) == toy.state.text()


def test_the_still_picture_says_where_the_controls_stand(toy):
    still = toy.static(on=False, share=0.5, kind="b")
    assert style.figure(Toy(on=False, share=0.5, kind="b").svg(), Toy(on=False, share=0.5, kind="b").text()) in still
    assert "Power: no; Count: 2; Share: 0.50; Kind: B)" in still
    assert toy.state == Toy()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"power": True}, "no control 'power' here; there is on, count, share, kind"),
        ({"path": "other"}, "no control 'path'"),
        ({"on": 1}, "on takes one of True, False; 1 came"),
        ({"count": 6}, "count takes a whole number from 1 to 5; 6 came"),
        ({"count": 2.0}, "whole number"),
        ({"count": True}, "whole number"),
        ({"share": 1.01}, "share takes a number from 0.0 to 1.0; 1.01 came"),
        ({"share": float("nan")}, "nan came"),
        ({"kind": "z"}, "kind takes one of 'a', 'b'"),
    ],
)
def test_what_no_control_can_set_is_refused(toy, values, message):
    for way in (toy.set, toy.static):
        with pytest.raises(InputError, match=re.escape(message)):
            way(**values)
    assert toy.state == Toy()


@pytest.mark.parametrize(("step", "shown"), [(1, "1"), (0.1, "0.5"), (0.25, "0.50"), (1e-05, "0.50000")])
def test_a_slider_shows_the_digits_of_its_step(step, shown):
    assert Slider("share", "Share", 0, 1, step).reads(1 if step == 1 else 0.5) == shown


def test_a_start_out_of_range_or_a_control_without_a_field_is_refused():
    with pytest.raises(InputError, match="count takes a whole number"):
        Explorer(Toy(count=9), controls=CONTROLS)
    with pytest.raises(InputError, match="Toy has no field speed"):
        Explorer(Toy(), controls=[Slider("speed", "Speed", 0, 1)])


# --- trace -------------------------------------------------------------------------------------------------


@pytest.fixture
def walk() -> Trace:
    numbers = torch.tensor([[1.0, -2.0]])
    return Trace(
        "A walk",
        [
            Stage("first", "a `tensor`", "doubled", "two", **tables(["x", "y"], ("in", numbers, ["row"], 2))),
            Stage("second < 2", "two", "halved", "one", note="watch"),
            Stage("third", "one", "kept", "one"),
        ],
    )


def parts_of(trace: Trace) -> tuple:
    (previous, following, where), (picture, listing) = (part.children for part in trace.view.children[:2])
    return (previous, following), where, picture, listing


def test_the_stepper_walks_to_the_end_and_back(walk):
    (previous, following), where, _, listing = parts_of(walk)
    for stage in ("1 of 3: first", "2 of 3: second", "3 of 3: third", "3 of 3: third"):
        assert f"Stage {stage}" in where.value
        following.click()
    assert "Stage 3 of 3: third" in where.value
    assert listing.value == 2
    previous.click()
    assert "second &lt; 2" in where.value
    previous.click()
    previous.click()
    assert "Stage 1 of 3" in where.value
    assert not any(button.disabled for button in (previous, following))  # one that is disabled loses the focus
    walk.go(99)
    assert walk.position == 2


def test_a_stage_can_be_chosen_and_one_stage_is_seen_at_a_time(walk):
    _, _, picture, listing = parts_of(walk)
    assert listing._options_labels == ("1. first", "2. second < 2", "3. third")
    before = picture.value
    listing.value = 1
    assert walk.position == 1
    assert picture.value == before  # nothing is drawn anew: a class says which stage is seen
    assert [name for name in picture._dom_classes if name.startswith("cl-at-")] == ["cl-at-1"]
    assert ".cl-at-1 .cl-stage:nth-child(2) { visibility: visible; }" in picture.value
    assert picture.value.count('class="cl-stage"') == 3
    assert "watch" in picture.value


def test_a_trace_moved_before_it_is_seen_opens_there(walk):
    walk.go(1)
    _, where, picture, listing = parts_of(walk)
    assert listing.value == 1
    assert "Stage 2 of 3" in where.value
    assert "cl-at-1" in picture._dom_classes


def test_a_trace_is_complete_without_widgets(walk):
    shown, _ = DisplayFormatter().format(walk)
    assert shown[WIDGET_VIEW]["model_id"] == walk.view.model_id
    html, text = shown["text/html"], shown["text/plain"]
    assert html.index("1. first") < html.index("2. second &lt; 2") < html.index("3. third")
    assert html.count("<svg") == 1
    assert [line.split() for line in text.splitlines() if "row" in line] == [["row", "1.00", "−2.00"]]
    assert text.count("Goes in:") == text.count("Happens:") == text.count("Comes out:") == 3
    assert "Note: watch" in text


def test_side_by_side_tables_share_names_and_are_well_formed():
    made = tables(["x"], ("left", [[1]], ["one"], 1), ("right", torch.tensor([[0.5]]), [], 1))
    assert words(parse(made["picture_svg"])) == ["left", "x", "one", "1", "right", "x", "0.50"]
    assert [line.split() for line in made["picture_text"].splitlines()[1::2]] == [["one", "1"], ["one", "0.50"]]


def test_an_empty_trace_and_a_picture_without_words_are_refused():
    with pytest.raises(InputError, match="no stages"):
        Trace("Nothing", [])
    with pytest.raises(InputError, match="picture_text"):
        Stage("mute", "a", "b", "c", picture_svg="<svg/>")

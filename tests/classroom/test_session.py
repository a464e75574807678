"""`begin`, `predict`, `came_out` and `finish`: in plain Python they print words, in a notebook they display."""

import re
import subprocess
import sys

import ipywidgets as widgets
import pytest

from course_lib.classroom import begin, finish, predict, progress, style
from course_lib.classroom.widgets import KEYS, block, came_out
from course_lib.errors import InputError

OPTIONS = ["more than `0.5`", "less"]


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as bundles."""
    bundles = []
    monkeypatch.setattr(style, "show", bundles.append)
    return bundles


@pytest.fixture
def buttons(shown, monkeypatch):
    """The buttons of a prediction, and what its status says."""
    views = []
    monkeypatch.setattr("course_lib.classroom.widgets.block", lambda kind, *parts: views.append(parts) or block(kind))
    predict("What *comes* out?", OPTIONS)
    _, options, said = views[0]
    return *options.children, said


def test_in_plain_python_they_print_their_text_and_nothing_else():
    program = (
        "from course_lib.classroom import begin, finish, predict\n"
        "from course_lib.classroom.widgets import came_out\n"
        "begin('eval_mode'); predict('What *comes* out of `f`?', ['one `1`', 'two']); came_out('`1`'); finish('eval_mode')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stderr == ""
    first, *rest = ran.stdout.splitlines()
    assert re.fullmatch(r"Lesson 1: .+\. Python 3\.\S+, torch \S+, device \w+\.", first)
    assert rest[:7] == [
        "Predict: What comes out of f?", "  - one 1", "  - two",
        "• Note: Prediction", "You committed to nothing.", "", "It came out: 1.",
    ]  # fmt: skip
    assert len(rest) == 9
    assert rest[8].startswith("You have reached the end of lesson 1, ")


def test_in_a_notebook_every_form_is_displayed(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", object)
    displayed = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: displayed.append((bundle, raw)))
    style.show(style.bundle("<b>x</b>", "x", view=widgets.HTML()))
    ((forms, raw),) = displayed
    assert raw
    assert set(forms) == {style.WIDGET_VIEW, "text/html", "text/plain"}


def test_begin_and_finish_are_noted(shown):
    begin("eval_mode")
    finish("eval_mode")
    assert [(e["kind"], e["lesson"]) for e in progress.events()] == [("opened", "eval_mode"), ("read", "eval_mode")]


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("start_here", r"end of lesson 0, Start here\. Its exercise: 1 task, 2 points\. Next: Two switches"),
        ("eval_mode", r"end of lesson 1, .* Its exercise: 4 tasks, 20 points\. Next: \w"),
    ],
)
def test_finish_says_what_is_true(shown, slug, words):
    finish(slug)
    (forms,) = shown
    assert re.search(words, forms["text/plain"])
    for form in forms.values():
        assert "Passed" not in form
        assert "1 tasks" not in form


def test_a_commitment_is_said_back_when_it_came_out(shown, buttons):
    more, less, said = buttons
    assert [more.description, less.description] == ["○ more than 0.5", "○ less"]
    more.value = True
    less.value = True
    assert [more.value, less.value] == [False, True]
    assert [more.description, less.description] == ["○ more than 0.5", "● less"]
    assert "Committed: less." in said.value
    came_out("0.7")
    assert "You said: less.\n\nIt came out: 0.7." in shown[-1]["text/plain"]
    less.value = False  # taken back
    assert "Commit to one" in said.value
    came_out("0.7")
    assert "You committed to nothing." in shown[-1]["text/plain"]


def test_a_new_question_forgets_the_last_commitment(shown, buttons):
    buttons[0].value = True
    predict("And now?", OPTIONS)
    came_out("0.7")
    assert "You committed to nothing." in shown[-1]["text/plain"]


def test_a_prediction_has_every_form(shown):
    predict("What *comes* out?", OPTIONS)
    (forms,) = shown
    assert set(forms) == {style.WIDGET_VIEW, "text/html", "text/plain"}
    assert "<p>○ more than <code>0.5</code></p>" in forms["text/html"]
    with pytest.raises(InputError, match="at least two options; got 1"):
        predict("What?", ["one"])


def test_a_block_says_how_to_reach_it_and_carries_its_script():
    view = block("toy", widgets.Button(description="Go"))
    button, foot, script = view.children
    assert {"cl-block", "cl-toy"} <= set(view._dom_classes)
    assert button.description == "Go"
    assert KEYS in foot.value
    assert style.STYLE in foot.value
    assert "<script>" in script.outputs[0]["data"]["text/html"]

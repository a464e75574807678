"""`course lab`: JupyterLab in the learner's folder, with widgets that are there tomorrow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.__main__ import main
from course_lib.classroom import lab, saved_widgets
from course_lib.errors import NotHereError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def started(monkeypatch):
    """What JupyterLab was started with."""
    from jupyterlab.labapp import LabApp

    calls = []
    monkeypatch.setattr(LabApp, "launch_instance", lambda argv: calls.append(argv))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "somebody's own")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    return calls


def test_course_lab_fills_the_folder_and_passes_options_on(started, tmp_path, capsys):
    assert main(["lab", "--folder", str(tmp_path / "m y"), "--no-browser", "--port=1"]) == 0
    start = str(tmp_path / "m y" / "notebooks" / "00_start_here.ipynb")
    assert started == [[f"--ServerApp.root_dir={tmp_path / 'm y'}", "--no-browser", "--port=1", start]]
    assert Path(start).exists()
    ours, theirs = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "somebody's own"
    assert (Path(ours) / "jupyter_server_config.json").exists()
    said = capsys.readouterr().out
    assert str(tmp_path / "m y") in said
    assert "Ctrl+C" in said
    assert "You are root" not in said


def test_root_is_told_and_let_in(started, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    main(["lab", "--folder", str(tmp_path / "mine")])
    assert "--allow-root" in started[0]
    assert "You are root" in capsys.readouterr().out


def test_what_is_wrong_is_said_in_a_sentence(started, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    assert main(["lab", "--folder", str(tmp_path / "file")]) == 1
    assert "choose another folder" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    with pytest.raises(NotHereError, match="pip install"):
        lab.open_lab(tmp_path / "mine")
    with pytest.raises(SystemExit):
        main(["progress", "--no-browser"])
    assert "takes nothing more; got --no-browser" in capsys.readouterr().err


def test_make_lab_passes_its_options_on():
    command = ["make", "--dry-run", "--old-file=.venv/lab-ready", "lab", "LAB_ARGS=--no-browser"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "course_lib lab --no-browser" in done.stdout


# ---------------------------------------------------------------- widgets that stay


class Server:
    def __init__(self, root_dir):
        self.root_dir = str(root_dir)


def shown(*widgets, **state):
    """A notebook that shows some widgets and knows the state of some."""
    outputs = [{"output_type": "display_data", "data": {saved_widgets.VIEW: {"model_id": w}}} for w in widgets]
    metadata = {"widgets": {saved_widgets.STATE: {"version_major": 2, "version_minor": 0, "state": state}}}
    return {
        "cells": [{"cell_type": "markdown", "source": ""}, {"cell_type": "code", "source": "", "outputs": outputs}],
        "metadata": metadata,
    }


def saved(folder, before, now):
    """The state in the file after a save."""
    (folder / "a.ipynb").write_text(json.dumps(before))
    saved_widgets.keep(model={"type": "notebook", "content": now}, path="/a.ipynb", contents_manager=Server(folder))
    return now["metadata"].get("widgets", {}).get(saved_widgets.STATE, {}).get("state")


BOX = {"state": {"children": ["IPY_MODEL_b1"], "layout": "IPY_MODEL_b2"}}


def test_a_save_keeps_the_widgets_that_are_shown_with_all_their_parts(tmp_path):
    before = shown("b0", "old", b0=BOX, b1={"state": {"value": 3}}, b2={}, old={}, gone={})
    now = shown("b0", "new", new={"state": {"value": "live"}})
    state = before["metadata"]["widgets"][saved_widgets.STATE]["state"]
    kept = {name: state[name] for name in ("b0", "b1", "b2")}
    assert saved(tmp_path, before, now) == {"new": {"state": {"value": "live"}}, **kept}


def test_a_save_prefers_what_the_front_end_knows(tmp_path):
    assert saved(tmp_path, shown("a", a={"state": 1}), shown("a", a={"state": 2})) == {"a": {"state": 2}}


def test_a_save_of_a_notebook_that_lost_its_state_altogether(tmp_path):
    now = shown("a")
    del now["metadata"]["widgets"]
    assert saved(tmp_path, shown("a", a={"state": 1}), now) == {"a": {"state": 1}}


@pytest.mark.parametrize("before", [{}, [], {"metadata": {"widgets": 3}}, {"cells": [], "metadata": {}}])
def test_a_save_never_fails_on_what_is_on_the_disk(tmp_path, before):
    assert saved(tmp_path, before, shown("a", b={})) == {"b": {}}


def test_a_save_of_something_else_is_left_alone(tmp_path):
    model = {"type": "file", "content": "text"}
    saved_widgets.keep(model=model, path="a.txt", contents_manager=Server(tmp_path))
    assert model == {"type": "file", "content": "text"}

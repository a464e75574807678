"""Lesson 07's explorer and trace: every cell is tried, and the stages follow the pickle that torch wrote."""

import builtins
import pickletools
import sys
import xml.etree.ElementTree as ET
import zipfile

import pytest
import torch

from course_lib.lessons.whole_model.explorer import MARKS, State, explore_formats
from course_lib.lessons.whole_model.survival import CHANGES, FORMATS, Flag, tried
from course_lib.lessons.whole_model.trace import trace_unpickling
from course_lib.lessons.whole_model.versions import NET, remove_module, write_module

SAME = {  # worked out by hand: which changes leave the answers as they were
    "whole model": {"nothing", "default changed", "saved on a GPU"},
    "state_dict": {"nothing", "module renamed", "class renamed", "attribute added", "saved on a GPU"},
    "safetensors": {
        "nothing",
        "module renamed",
        "class renamed",
        "attribute added",
        "default changed",
        "saved on a GPU",
    },
    "exported graph": set(CHANGES) - {"saved on a GPU", "a stranger's call"},
}


@pytest.mark.parametrize("format_", FORMATS)
def test_which_changes_a_format_survives(format_):
    assert {change for change in CHANGES if tried()[format_, change].kind == "same"} == SAME[format_]


def test_what_goes_wrong_in_silence():
    silent = {format_ for format_, change in tried() if tried()[format_, change].kind == "silent"}
    assert silent == {"whole model", "state_dict", "safetensors"}
    assert all(change == "forward edited" for (_, change), found in tried().items() if found.kind == "silent")
    call = {format_: tried()[format_, "a stranger's call"].kind for format_ in FORMATS}
    assert (call["whole model"], call["state_dict"], call["safetensors"]) == ("ran", "stopped", "impossible")


def test_nothing_is_left_behind():
    tried()
    assert not hasattr(builtins, "explored")
    assert not [name for name in sys.modules if name.startswith("explored_net")]


@pytest.mark.parametrize("change", CHANGES)
def test_the_picture_and_its_words_follow_the_controls(change):
    shown = explore_formats()
    shown.set(format="state_dict", change=change)
    assert shown.state == State("state_dict", change)
    found = tried()["state_dict", change]
    assert MARKS[found.kind][1] in repr(shown)
    assert found.said in repr(shown)
    ET.fromstring(shown.state.svg())
    assert f"state_dict, {change}" in "".join(ET.fromstring(shown.state.svg()).itertext())


def test_a_good_pickle_step_by_step(tmp_path):
    path = tmp_path / "good.pt"
    torch.save({"weight": torch.ones(2), "log": [1, 2, None, True]}, path)
    trace = trace_unpickling(path)
    record = zipfile.ZipFile(path).read("good/data.pkl")
    opcodes = [opcode.name for opcode, *_ in pickletools.genops(record) if opcode.name != "BINPUT"]
    assert [stage.title for stage in trace.stages] == opcodes
    assert "takes all of it" in trace.title
    assert all(before.comes_out == after.goes_in for before, after in zip(trace.stages, trace.stages[1:], strict=False))
    assert trace.stages[-1].comes_out.count("┃") == 0  # one value is left: the content
    assert "'weight': torch._utils._rebuild_tensor_v2" in trace.stages[-1].comes_out


def test_a_hostile_pickle_is_followed_and_not_run(tmp_path):
    path = tmp_path / "hostile.pt"
    torch.save({"note": Flag()}, path)
    builtins.explored = False
    try:
        trace = trace_unpickling(path)
        assert not builtins.explored
    finally:
        del builtins.explored
    stopped = [i for i, stage in enumerate(trace.stages) if "refuses here" in stage.note]
    called = [i for i, stage in enumerate(trace.stages) if "**calls** `builtins.eval`" in stage.happens]
    assert len(stopped) == len(called) == 1
    assert stopped < called
    assert all("has stopped" in stage.note for stage in trace.stages[stopped[0] + 1 :])


def test_a_version_is_what_was_written_last(tmp_path):
    before = list(sys.path)
    first = write_module(tmp_path, "a_version_of_net", NET)
    second = write_module(tmp_path, "a_version_of_net", NET.replace("hidden=16", "hidden=32"))
    assert (first.Net().hidden, second.Net().hidden) == (16, 32)
    remove_module(tmp_path, "a_version_of_net")
    assert sys.path == before
    with pytest.raises(ModuleNotFoundError):
        __import__("a_version_of_net")

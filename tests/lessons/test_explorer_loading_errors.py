"""Lesson 08's explorer and trace: what is shown is what PyTorch did, on every pair of file and model."""

import itertools
import xml.etree.ElementTree as ET

import pytest
import torch

from course_lib.lessons.loading_errors.explorer import CALLS, FILES, MODELS, Pair, contents, mended, side_by_side
from course_lib.lessons.loading_errors.trace import trace_load

PAIRS = list(itertools.product(FILES, MODELS, CALLS))


def words_in(picture: str) -> list[str]:
    return [e.text for e in ET.fromstring(picture).iter() if e.text and e.text.strip()]


@pytest.mark.parametrize(("file", "model", "call"), PAIRS)
def test_the_entries_that_meet_are_those_that_are_loaded(file, model, call):
    state = Pair(file, model, call)
    theirs, ours = state.theirs, state.ours
    meet = [n for n in ours if n in theirs and theirs[n].shape == ours[n].shape]
    assert list(state.outcome.loaded) == meet
    names_differ = theirs.keys() != ours.keys()
    sizes_differ = any(n in theirs and theirs[n].shape != ours[n].shape for n in ours)
    assert bool(state.outcome.error) == (sizes_differ or (names_differ and call != "strict=False"))
    assert f"{len(meet)} of 4 entries loaded" in state.text()
    assert any(f"{len(meet)} of 4 entries loaded" in word for word in words_in(state.svg()))


def test_a_load_that_says_nothing_and_loads_nothing_is_said():
    said = "Nothing was loaded, and nothing was said."
    silent = [pair for pair in PAIRS if Pair(*pair).silent == said]
    assert {call for _, _, call in silent} == {"strict=False"}
    assert {file for file, *_ in silent} == {"DataParallel", "compiled", "averaged", "in a dictionary"}
    assert said in Pair("compiled", "the same", "strict=False").text()
    assert said in words_in(Pair("compiled", "the same", "strict=False").svg())
    assert Pair().silent == ""
    assert "answers are others" in Pair(model="GELU for ReLU").silent
    assert "Rounded" in Pair(file="float16").silent


def test_the_names_are_mended_and_the_tensors_are_the_same():
    plain = contents("plain")
    for file in set(FILES) - {"float16"}:
        assert mended(contents(file)).keys() == plain.keys()
        assert all(torch.equal(mended(contents(file))[name], plain[name]) for name in plain)


def test_the_words_change_with_every_control():
    explorer = side_by_side()
    seen = {repr(explorer)}
    for change in ({"file": "compiled"}, {"model": "five classes"}, {"call": "strict=False"}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 4


def test_the_trace_says_what_the_failed_load_left():
    stages = trace_load().stages
    assert [stage.title for stage in stages[:4]] == ["mean", "body.weight", "body.bias", "head.weight"]
    assert [stage.comes_out.startswith("The model has the file's") for stage in stages[:4]] == [
        False,
        True,
        True,
        False,
    ]
    assert "missing" in stages[0].happens
    assert "[5, 2]" in stages[3].goes_in
    assert "`average`" in stages[4].goes_in
    assert "Of 4 entries 2 hold the file's values: `body.weight`, `body.bias`" in stages[5].comes_out
    assert "4 lines" in stages[5].happens

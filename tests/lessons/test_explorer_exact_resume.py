"""Lesson 10's explorer and trace: where runs part is computed by real runs, and checked in another way here."""

import itertools
import xml.etree.ElementTree as ET

import pytest
import torch

from course_lib.lessons.exact_resume import leave_one_out, trace_resume
from course_lib.lessons.exact_resume.explorer import LeftOutState
from course_lib.lessons.exact_resume.runs import (
    BATCHES,
    PARTS,
    PER_EPOCH,
    STOPS,
    Process,
    distances,
    parting,
    resumed,
    unbroken,
)
from course_lib.seeding import sealed

STATES = [LeftOutState(*each) for each in itertools.product(PARTS, STOPS)]


def test_with_nothing_left_out_every_bit_is_the_unbroken_runs():
    for stop in STOPS:
        pairs = zip(resumed("nothing", stop), unbroken()[stop:], strict=True)
        for a, b in pairs:
            assert a.loss == b.loss
            assert a.rate == b.rate
            assert torch.equal(a.weights, b.weights)


def test_a_run_that_was_never_captured_is_the_same():
    with sealed():
        process = Process(0)
        losses = [process.step().loss for _ in range(BATCHES)]
    assert losses == [step.loss for step in unbroken()]


def test_each_part_that_is_left_out_shows_and_when():
    for stop, part in itertools.product(STOPS, PARTS[1:]):
        if part == "position" and stop % PER_EPOCH == 0:
            assert parting(part, stop) is None  # at the end of an epoch nothing is done of the next
            continue
        assert distances(part, stop)[-1] > 0.01, (part, stop)
        end = -(-(stop + 1) // PER_EPOCH) * PER_EPOCH  # of the epoch that the first batch after the break is in
        late = {"optimizer": stop + 2, "scheduler": end + 2}
        assert parting(part, stop) == late.get(part, stop + 1), (part, stop)


@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_state_has_a_picture_and_words_that_agree(state):
    text, drawn = state.text(), [e.text for e in ET.fromstring(state.svg()).iter() if e.text]
    word, sentence = state.verdict()
    assert word in drawn
    assert sentence in drawn
    assert sentence in text
    assert f"up to {state.distance:.3f} apart" in text
    assert f"stopped after batch {state.stop} of {BATCHES}" in text
    assert (f"batch {state.parts_at}" in text) == (state.parts_at is not None)
    assert any("parts at batch" in each for each in drawn) == (state.parts_at is not None)


def test_every_control_moves_the_words():
    explorer = leave_one_out()
    seen = {repr(explorer)}
    for change in ({"left_out": "optimizer"}, {"stop": STOPS[1]}, {"left_out": "nothing"}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 4


@pytest.fixture(scope="module")
def stages():
    return trace_resume().stages


def test_the_trace_ends_when_the_losses_have_parted(stages):
    batches = stages[1:-1]
    assert len(batches) == parting("scheduler", STOPS[0]) - STOPS[0] == PER_EPOCH + 2
    for stage in batches[:PER_EPOCH]:
        assert stage.comes_out.startswith("Equal to the last bit")
    assert batches[-2].comes_out == "Parted: learning rate, weights after it."
    assert batches[-1].comes_out == "Parted: learning rate, loss, weights after it."


def test_the_trace_shows_the_numbers_of_the_runs(stages):
    for number, stage in enumerate(stages[1:-1]):
        a, b = unbroken()[STOPS[0] + number], resumed("scheduler", STOPS[0])[number]
        for shown in (f"{a.loss:.5f}", f"{b.loss:.5f}", f"{a.rate:.5f}", f"{b.rate:.5f}"):
            assert shown in stage.picture_text
    assert f"{distances('scheduler', STOPS[0])[-1]:.3f} apart" in stages[-1].comes_out

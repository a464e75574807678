"""Lesson 09's explorer and trace: what survives a kill is computed by real runs, not drawn from memory."""

import itertools
import os
import re
import xml.etree.ElementTree as ET

import pytest
import torch

from course_lib.lessons.checkpointing import (
    crash,
    killed,
    run_and_kill,
    run_and_stop,
    step_in_a_copy,
    steps_in_the_file,
    time_wasted,
    trace_folder,
)
from course_lib.lessons.checkpointing.explorer import INTERVALS, CrashState
from course_lib.lessons.checkpointing.runs import CONTENTS, EPOCHS, resumed, unbroken

STATES = [
    CrashState(*values)
    for values in itertools.product((1, 2, 6, 7, 12), ("training", "saving"), ("plain", "durable"), INTERVALS, CONTENTS)
]


def test_only_a_file_with_everything_ends_where_the_unbroken_run_ends():
    for step in range(1, EPOCHS):
        ends = {content: resumed(step, content) for content in CONTENTS}
        assert torch.equal(ends["everything"].weights, unbroken().weights)
        assert ends["everything"].losses == unbroken().losses[step:]
        for content in ("weights", "weights and optimizer"):
            assert not torch.allclose(ends[content].weights, unbroken().weights, atol=1e-3)
    assert torch.equal(resumed(0, "weights").weights, unbroken().weights)  # from the start, with the same seed


def test_what_is_on_the_disk_follows_from_a_list_of_the_saves():
    for state in STATES:
        on_disk = 0
        for epoch in range(1, EPOCHS + 1):
            if epoch == state.epoch and state.moment == "training":
                break
            if epoch % state.every == 0:
                killed_here = epoch == state.epoch
                on_disk = (on_disk if state.way == "durable" else 0) if killed_here else epoch
            if epoch == state.epoch:
                break
        assert state.on_disk == on_disk, state
        assert state.lost == state.done - on_disk, state
        if state.way == "durable":
            assert state.lost <= state.every, state


def test_every_state_has_a_picture_and_words_that_agree():
    for state in STATES:
        text, drawn = state.text(), [e.text for e in ET.fromstring(state.svg()).iter() if e.text]
        words = " ".join(drawn)
        assert f"{state.lost} finished epoch" in text
        assert f"{state.lost} finished epoch" in words
        assert sum(bool(re.fullmatch(r"\d+ safe", w)) for w in drawn) == state.on_disk
        assert sum(bool(re.fullmatch(r"\d+ lost", w)) for w in drawn) == state.lost
        assert state.disk()[0] in text
        assert state.disk()[0] in words
        assert ("0 bytes" in words) == (state.in_a_save and state.way == "plain")
        assert ("✓" in words) == (state.on_disk > 0 and state.content == "everything")
        assert f"{state.run.losses[-1]:.3f}" in text


def test_the_words_change_with_every_control():
    explorer = crash()
    seen = {repr(explorer)}
    for change in ({"way": "durable"}, {"moment": "training"}, {"epoch": 5}, {"every": 3}, {"content": "everything"}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 6


@pytest.fixture(scope="module")
def stages():
    return trace_folder().stages


def listed(stage) -> dict[int, str]:
    """The steps in a stage's listing, each with the rest of its line."""
    found = re.findall(r"^step-(\d+)\.pt +(.*)$", stage.picture_text, flags=re.M)
    return {int(step): rest for step, rest in found}


def test_last_two_and_best_are_there_after_every_save(stages):
    losses = {}
    for stage, last in zip((*stages[:5], stages[7], stages[10]), (1, 2, 3, 5, 7, 10, 12), strict=True):
        for step, rest in listed(stage).items():
            losses[step] = float(rest.split("val_loss ")[1].split()[0])
        best = next(step for step, rest in listed(stage).items() if "best" in rest)
        assert set(listed(stage)) == {best, last, max(last - 1, 1)}
        assert losses[best] == min(losses[step] for step in losses if step <= last)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process to kill it")
def test_the_kill_leaves_the_files_and_a_stray_that_the_next_save_sweeps_away(stages):
    assert listed(stages[5]).keys() == listed(stages[4]).keys() == listed(stages[6]).keys()
    assert "step-00000008.pt.tmp-" in stages[5].picture_text
    assert "SIGKILL" in stages[5].happens
    assert "Epoch 7. Lost: 1 epoch" in stages[6].comes_out
    assert ".tmp-" not in stages[7].picture_text
    assert "sweeps away step-00000008.pt.tmp-" in stages[7].note


def test_without_fork_the_kill_is_said_to_be_imitated(monkeypatch):
    monkeypatch.setattr(killed, "CAN_FORK", False)
    stages = trace_folder().stages
    assert "imitated" in stages[5].happens
    assert ".tmp-" in stages[5].picture_text
    assert ".tmp-" not in stages[7].picture_text


def test_a_flipped_bit_loads_and_the_manager_falls_back(stages):
    flipped, fallen, resumed_run, best = stages[8:]
    assert "says epoch 10" in flipped.comes_out
    assert "damaged" in listed(flipped)[10]
    assert "leaves out 10" in fallen.happens
    assert "1 warning" in fallen.happens
    assert "Epoch 9 is restored" in fallen.comes_out
    assert "True" in resumed_run.note  # bit for bit the unbroken run, after a kill and a fall back
    assert "knows all 12 epochs" in best.goes_in
    step = next(step for step, rest in listed(best).items() if "best" in rest)
    assert f"The weights of epoch {step}," in best.comes_out


PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3))
print(1, flush=True)
open(sys.argv[2], "w").close()
time.sleep(60)"""


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM reaches no handler there")
def test_a_program_is_killed_in_a_save_or_asked_to_stop(tmp_path):
    path = tmp_path / "run" / "last.pt"
    assert run_and_kill(PROGRAM, path) == 1
    assert path.stat().st_size == 0
    assert run_and_stop(PROGRAM, path) == (3, ["1"])


def test_crashes_by_the_thousand_cost_what_the_rule_says():
    for save, crash_every in ((1, 5000), (2, 20_000)):
        interval = (2 * save * crash_every) ** 0.5
        rule = save / interval + interval / 2 / crash_every
        assert time_wasted(interval, save=save, crash_every=crash_every) == pytest.approx(rule, rel=0.05)


def test_a_slow_disk_mixes_steps_and_a_copy_does_not():
    weights = {name: torch.zeros(500) for name in "abc"}
    assert len(set(steps_in_the_file(weights, weights))) == 3
    assert steps_in_the_file(weights, {name: weight.clone() for name, weight in weights.items()}) == [0, 0, 0]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_busy_gpu_has_not_made_the_copy_when_it_returns():
    step_in_a_copy()  # the first time everything takes longer
    assert step_in_a_copy() == (0, 1)

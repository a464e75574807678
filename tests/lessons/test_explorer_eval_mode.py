"""Lesson 01's explorer and trace: what the switches do is measured, not drawn from memory."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import torch
from sklearn.datasets import load_digits

from course_lib.lessons.eval_mode import switchboard, trace_modes
from course_lib.lessons.eval_mode.explorer import MOST_PASSES, SwitchboardState
from course_lib.lessons.eval_mode.trace import PIXELS

MODES = [(training, grad) for training in (True, False) for grad in (True, False)]


@pytest.mark.parametrize("grad", [True, False])
def test_the_mode_alone_decides_whether_outputs_scatter(grad):
    train = SwitchboardState(training=True, grad=grad, passes=MOST_PASSES).outputs
    still = SwitchboardState(training=False, grad=grad, passes=MOST_PASSES).outputs
    assert len(train) == len(still) == MOST_PASSES
    assert max(train) - min(train) > 0.3
    assert len(set(still)) == 1
    assert still[0] > 0.5  # the trained network is right about this digit
    assert train == SwitchboardState(training=True, grad=not grad, passes=MOST_PASSES).outputs


@pytest.mark.parametrize("grad", [True, False])
def test_the_running_mean_follows_batch_norms_rule_in_train_mode_only(grad):
    state = SwitchboardState(training=True, grad=grad, passes=MOST_PASSES)
    means = state.running_means
    assert len(means) == MOST_PASSES + 1
    batch = (means[1] - 0.9 * means[0]) / 0.1
    for before, after in itertools.pairwise(means):
        assert after == pytest.approx(0.9 * before + 0.1 * batch, abs=1e-5)
    assert abs(means[-1] - batch) < 0.1 * abs(means[0] - batch)
    still = SwitchboardState(training=False, grad=grad, passes=MOST_PASSES).running_means
    assert set(still) == {means[0]}


def test_gradients_alone_decide_whether_there_is_a_graph():
    for training in (True, False):
        assert SwitchboardState(training, grad=False).graph == ()
        assert SwitchboardState(training, grad=False).kept_bytes == 0
    train, still = SwitchboardState(True, True), SwitchboardState(False, True)
    assert len(train.graph) == 4  # linear, dropout, batch norm, linear
    assert len(still.graph) == 3  # in eval mode dropout leaves nothing behind
    # float32: the batch of 32 x 64, batch norm's input and the last layer's input, both 32 x 16
    assert still.kept_bytes == 4 * 32 * (64 + 16 + 16)
    assert train.kept_bytes > still.kept_bytes


@pytest.mark.parametrize(("training", "grad"), MODES)
@pytest.mark.parametrize("passes", [1, 2, MOST_PASSES])
def test_every_state_has_a_picture_and_words_that_agree(training, grad, passes):
    state = SwitchboardState(training, grad, passes)
    text, drawn = state.text(), [e.text for e in ET.fromstring(state.svg()).iter() if e.text]
    dots = [e for e in ET.fromstring(state.svg()).iter() if e.get("r") == "3.5"]
    assert len(dots) == passes
    assert ("train()" if training else "eval()") in text
    assert ("moves" if training else "stands still") in text
    assert ("moves" if training else "stands still") in drawn
    assert ("scatters" in text) == (training and passes > 1)
    assert f"{state.kept_bytes:,} bytes" in text
    assert any(f"{state.kept_bytes:,} bytes kept" in words for words in drawn)
    assert ("nothing recorded" in drawn) == (not grad)
    assert f"{state.running_means[0]:.3f}" in text


def test_the_words_change_with_every_control():
    board = switchboard()
    seen = {repr(board)}
    for change in ({"training": False}, {"grad": False}, {"passes": 9}):
        board.set(**change)
        seen.add(repr(board))
    assert len(seen) == 4


def worked_example(stage) -> list[float]:
    """The pixel, mean, variance and result of the formula that a stage spells out."""
    formula = r"\((\d+) − ([\d.]+)\) / √\(([\d.]+) \+ 0.00001\) = (\S+)\.$"
    return [float(number) for number in re.search(formula, stage.happens).groups()]


@pytest.fixture(scope="module")
def stages():
    pixels = torch.from_numpy(load_digits().data[:4, PIXELS]).float()
    return trace_modes().stages, pixels


def read(stage, caption: str) -> torch.Tensor:
    """The rows of one table of a stage, read back from its plain text."""
    lines = stage.picture_text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(caption + ":")) + 1
    rows = []
    for line in lines[start:]:
        if ": px" in line:
            break
        rows.append([float(word.replace("−", "-").replace("×", "")) for word in line[16:].split()])
    return torch.tensor(rows)


def test_train_mode_normalises_with_the_batch(stages):
    (first, second, *_), pixels = stages
    assert torch.equal(read(first, "the batch"), pixels)
    by_hand = (pixels - pixels.mean(0)) / (pixels.var(0, correction=0) + 1e-5).sqrt()
    assert torch.allclose(read(second, "normalised")[:4], by_hand, atol=0.006)  # printed with two digits
    expected = [16, pixels[:, 0].mean().item(), pixels[:, 0].var(correction=0).item(), by_hand[1, 0].item()]
    assert worked_example(second) == pytest.approx(expected, abs=0.006)


def test_train_mode_moves_the_stored_statistics(stages):
    (_, _, third, *_), pixels = stages
    for name, of_batch in (("mean", pixels.mean(0)), ("variance", pixels.var(0))):
        before, batch, after = read(third, name)
        assert torch.allclose(batch, of_batch, atol=0.006)
        assert torch.allclose(after, 0.9 * before + 0.1 * batch, atol=0.012)
        assert (after - before).abs().min() > 0.01


def test_dropout_zeroes_and_doubles_and_never_twice_the_same(stages):
    (_, _, _, fourth, fifth, *_), _ = stages
    normed, mask, output = read(fourth, "normalised"), read(fourth, "dropout"), read(fourth, "output")
    assert normed.abs().min() > 0.01  # so that a zero in the output is dropout's doing
    assert set(mask.flatten().tolist()) == {0.0, 2.0}
    assert torch.allclose(output, normed * mask, atol=0.012)
    assert f"{int((mask == 0).sum())} of 12" in fourth.comes_out
    differing = int((read(fifth, "first time") != read(fifth, "second time")).sum())
    assert differing > 0
    assert f"{differing} of 12" in fifth.comes_out


def test_eval_mode_uses_the_stored_statistics_and_leaves_them(stages):
    (_, _, third, _, _, sixth, seventh, eighth), pixels = stages
    mean, variance = read(third, "mean")[2], read(third, "variance")[2]
    by_hand = (pixels - mean) / variance.sqrt()
    assert torch.allclose(read(sixth, "normalised"), by_hand, atol=0.012)
    expected = [16, mean[0].item(), variance[0].item(), by_hand[1, 0].item()]
    assert worked_example(sixth) == pytest.approx(expected, abs=0.012)
    assert "stand still" in sixth.comes_out
    assert torch.equal(read(seventh, "input"), read(seventh, "output"))
    assert "`True`" in seventh.comes_out
    assert "0 of 12" in eighth.comes_out

"""Lesson 03's explorer and trace: means and sums against numbers computed here in another way."""

import re
import xml.etree.ElementTree as ET

import pytest
import torch
import torch.nn.functional as F

from course_lib.classroom.explorers import svg
from course_lib.lessons.evaluation_loop import batch_means, trace_image
from course_lib.lessons.evaluation_loop.explorer import FEWEST, MOST, BatchMeansState
from course_lib.lessons.evaluation_loop.network import test_losses as losses_of_test
from course_lib.lessons.evaluation_loop.network import trained

STATES = [
    BatchMeansState(size, n, hard) for size in (10, 64, 120, 200) for n in (FEWEST, 321, MOST) for hard in (False, True)
]


def drawn(state) -> list[str]:
    return [e.text for e in ET.fromstring(state.svg()).iter() if e.text]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_both_means_are_what_they_are_called(state):
    losses = losses_of_test()[: state.examples]
    if state.hardest_last:
        losses = losses.sort().values
    assert state.right == pytest.approx(losses.mean().item())
    means = [losses[i : i + state.batch_size].mean().item() for i in range(0, state.examples, state.batch_size)]
    assert state.wrong == pytest.approx(sum(means) / len(means))
    even = state.examples % state.batch_size == 0
    assert (state.wrong == pytest.approx(state.right, rel=1e-9)) == even
    assert ("Both agree" in state.text()) == even
    assert ("both means agree" in drawn(state)) == even


@pytest.mark.parametrize("state", STATES, ids=str)
def test_the_picture_has_a_bar_for_each_batch_as_wide_as_it_is_large(state):
    bars = [e for e in ET.fromstring(state.svg()).iter() if e.tag.endswith("rect")][: len(state.batches)]
    top = 1.08 * max(*state.means, state.right, state.wrong)
    for bar, batch, mean in zip(bars, state.batches, state.means, strict=True):
        assert float(bar.get("width")) == pytest.approx(470 * len(batch) / state.examples, abs=0.06)
        assert float(bar.get("height")) == pytest.approx(170 * mean / top, abs=0.06)
    assert f"{state.right:.4f}" in drawn(state)
    assert f"{state.wrong:.4f}" in drawn(state)


def test_the_words_say_what_the_last_batch_weighs():
    state = BatchMeansState(batch_size=100, examples=301, hardest_last=True)
    assert "3 batches of 100 and a last one of 1" in state.text()
    assert "holds 0.3% of the digits and has 25.0% of the say" in state.text()
    assert "last batch: 1 digit" in drawn(state)
    assert state.wrong > 3 * state.right


def test_the_words_change_with_every_control():
    board, seen = batch_means(), set()
    for change in ({}, {"batch_size": 60}, {"examples": 333}, {"hardest_last": True}):
        board.set(**change)
        seen.add(repr(board))
    assert len(seen) == 4


@pytest.fixture(scope="module")
def run():
    net, images, targets = trained()
    with torch.no_grad():
        logits = net(images)
    at = int(re.search(r"Test image (\d+)", trace_image().title).group(1))
    return trace_image().stages, logits, images, targets, at


def numbers(text: str) -> list[float]:
    return [float(word.replace("−", "-").replace(",", "")) for word in re.findall(r"[−-]?\d[\d,]*\.?\d*", text)]


def test_the_image_is_misread_and_its_pixels_are_shown(run):
    stages, logits, images, targets, at = run
    assert logits[at].argmax() != targets[at]
    assert f"Its label says {targets[at]}." in stages[0].goes_in
    shown = numbers(" ".join(stages[0].picture_text.splitlines()[1:]))
    assert shown == (images[at] * 16).round().tolist()


def test_logits_probabilities_and_label(run):
    stages, logits, _, targets, at = run
    label = int(logits[at].argmax())
    weight, bias, logit = numbers(stages[1].happens.rpartition(":")[2])
    assert weight + bias == pytest.approx(logit, abs=0.011)
    assert logit == pytest.approx(logits[at, label].item(), abs=0.006)
    assert numbers(stages[1].picture_text.splitlines()[1]) == pytest.approx(logits[at].tolist(), abs=0.006)
    assert numbers(stages[2].picture_text.splitlines()[1]) == pytest.approx(logits[at].softmax(0).tolist(), abs=0.006)
    assert "sum to 1.000" in stages[2].comes_out
    assert f"says {label}." in stages[3].comes_out
    assert f"says {targets[at]}: wrong" in stages[3].comes_out


def test_its_loss_enters_the_sums(run):
    stages, logits, _, targets, at = run
    loss = F.cross_entropy(logits[at : at + 1], targets[at : at + 1]).item()
    assert numbers(stages[4].comes_out)[0] == pytest.approx(loss, abs=6e-4)
    before, after = (numbers(line)[-3:] for line in stages[5].picture_text.splitlines()[1:])
    assert after[0] - before[0] == pytest.approx(loss, abs=0.011)
    assert after[1] == before[1] == (logits.argmax(1) == targets)[:at].sum().item()
    assert (before[2], after[2]) == (at, at + 1)


def test_it_lands_in_its_cell(run):
    stages, logits, _, targets, at = run
    true, label = int(targets[at]), int(logits[at].argmax())
    table = torch.zeros(10, 10)
    for t, p in zip(targets[: at + 1], logits.argmax(1)[: at + 1], strict=True):
        table[t, p] += 1
    rows = [numbers(line[16:]) for line in stages[6].picture_text.splitlines()[1:]]
    assert torch.equal(torch.tensor(rows), table)
    assert (
        f"row {true}, column {label} grows from {int(table[true, label]) - 1} to {int(table[true, label])}"
        in stages[6].happens
    )


def test_the_numbers_at_the_end(run):
    stages, logits, _, targets, _ = run
    loss, accuracy = numbers(stages[7].comes_out)[:2]
    assert loss == pytest.approx(F.cross_entropy(logits, targets).item(), abs=6e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == targets).double().mean().item(), abs=6e-5)
    assert svg.shown(loss, 4) in stages[7].happens

"""Lesson 02's explorer and trace: bytes against numbers computed here in another way."""

import re

import pytest
import torch
from torch import nn

from course_lib.lessons.no_grad.explorer import MODES, State, memory_of_a_pass
from course_lib.lessons.no_grad.measuring import bytes_behind, bytes_by_layer
from course_lib.lessons.no_grad.trace import trace_saved


@pytest.mark.parametrize(("depth", "width", "batch"), [(1, 64, 32), (4, 512, 256), (8, 128, 1024)])
def test_with_gradients_on_the_input_and_every_hidden_output_are_kept(depth, width, batch):
    state = State("gradients on", depth, width, batch)
    assert state.kept_bytes == 4 * batch * (784 + depth * width)
    assert (
        f"keeps {state.kept_bytes / 2**20:.1f} MiB" in state.text() or f"{state.kept_bytes // 1024} KiB" in state.text()
    )


@pytest.mark.parametrize("mode", MODES)
def test_the_picture_and_its_words_follow_the_mode(mode):
    shown = memory_of_a_pass()
    shown.set(mode=mode)
    expected = {"gradients on": 4 * 256 * (784 + 4 * 512), "body frozen": 4 * 256 * 512}.get(mode, 0)
    assert shown.state.kept_bytes == expected
    assert repr(shown).startswith(mode.capitalize())
    assert ("0 bytes" in repr(shown)) == (expected == 0)
    assert len(re.findall("<rect", shown.state.svg())) >= 9 + 3


def test_the_weights_are_those_of_the_network():
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    assert State(depth=2, width=128).weights_bytes == sum(p.nbytes for p in net.parameters())


def test_what_is_behind_an_output_is_what_the_layers_keep():
    net = nn.Sequential(nn.Linear(6, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0.5), nn.Linear(9, 3))
    x = torch.randn(7, 6)
    assert bytes_behind(net(x), net) == sum(kept for *_, kept in bytes_by_layer(net, x))
    with torch.no_grad():
        assert bytes_behind(net(x), net) == 0


def test_the_trace_adds_up():
    stages = trace_saved().stages
    so_far = [int(re.search(r"(\d+) bytes are kept so far", stage.comes_out)[1]) for stage in stages[:-1]]
    assert so_far == sorted(so_far)
    assert so_far[0] == 4 * 3 * 4  # the batch
    assert f"{so_far[-1]} bytes kept behind it" in stages[-1].goes_in
    assert "second time" in stages[-1].note

"""What all probes and judges share: the inputs they make, and the questions they ask about what came back."""

import io
import os
import pickle

import pytest
import torch
from torch import nn

from course_lib.classroom.tasks.comparing import (
    described,
    first_difference,
    is_mapping,
    near_each,
    number,
    same,
    sequence,
)
from course_lib.classroom.tasks.inputs import Call, changed, copied, drawn, flags, leaves, loaded, statistics
from course_lib.classroom.tasks.observation import plain


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Sequential(nn.Dropout(), nn.Linear(6, 2)))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- inputs ------------------------------------------------------------------------------------------------


def test_drawn_values_are_the_generators_and_tell_every_entry_from_a_fresh_model():
    model, fresh = drawn(network(), seeded()), network()
    for name, tensor in model.state_dict().items():
        assert (tensor != fresh.state_dict()[name]).any(), name
        assert torch.equal(tensor, drawn(network(), seeded()).state_dict()[name]), name
    assert not torch.equal(model[0].weight, drawn(network(), seeded(1))[0].weight)
    assert model[1].running_var.min() > 0  # a variance
    assert model[0].weight.min() < 0 < model[0].weight.max()
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_copy_stays_when_the_model_moves_on():
    model = drawn(network(), seeded())
    weights, buffers = copied(model), statistics(model)
    assert list(weights) == list(model.state_dict())
    assert list(buffers) == ["1.running_mean", "1.running_var", "1.num_batches_tracked"]
    model(torch.randn(8, 4)).sum().backward()
    with torch.no_grad():
        model[0].bias.add_(1)
    assert changed(weights, copied(model)) == ["0.bias", *buffers]
    assert changed(buffers, statistics(model)) == list(buffers)
    assert not any(tensor.requires_grad for tensor in weights.values())


def test_flags_name_the_modules_that_are_switched():
    model = network()
    before = flags(model)
    assert list(before) == ["model", "0", "1", "2", "2.0", "2.1"]
    assert all(before.values())
    model[1].eval()
    model[2][0].eval()
    assert changed(before, flags(model)) == ["1", "2.0"]
    assert changed(before, {}) == list(before)


def test_a_call_is_made_by_whoever_unpickles_it_and_refused_by_a_safe_load(tmp_path):
    trap, path = tmp_path / "made", tmp_path / "file.pt"
    torch.save({"weight": torch.ones(2), "note": Call(os.mkdir, str(trap))}, path)
    assert list(loaded(path)) == ["error"]
    assert "UnpicklingError" in loaded(path)["error"]
    assert not trap.exists()
    torch.load(path, weights_only=False)
    assert trap.is_dir()
    assert pickle.loads(pickle.dumps(Call(sum, [1, 2]))) == 3


def test_what_a_file_holds_or_why_it_cannot_be_read(tmp_path):
    path = tmp_path / "file.pt"
    assert loaded(path) == {"error": "there is no such file"}
    assert "error" in loaded(tmp_path)
    torch.save({"epoch": 3, "model": {"w": torch.ones(2)}}, path)
    assert same(loaded(path), {"epoch": 3, "model": {"w": torch.ones(2)}})
    whole = path.read_bytes()
    for broken in (b"", b"an older file", whole[: len(whole) // 2]):
        path.write_bytes(broken)
        found = loaded(path)
        assert list(found) == ["error"]
        assert len(found["error"]) < 200
        assert "\n" not in found["error"]


def test_leaves_of_nested_values():
    one, two = torch.ones(1), torch.zeros(2)
    found = dict(leaves({"model": {"w": one}, "states": [{"step": two, "lr": 0.1}, 5], "rng": (one,)}))
    assert list(found) == ["model.w", "states.0.step", "rng.0"]
    assert found["states.0.step"] is two
    assert dict(leaves(one)) == {"": one}
    assert dict(leaves("abc")) == {}


# --- comparing ---------------------------------------------------------------------------------------------

ODD = [None, True, "3", [], {}, {"object": "x", "text": "y"}, torch.ones(2), 10**400, object(), float("nan")]


@pytest.mark.parametrize("value", ODD, ids=lambda v: type(v).__name__)
def test_any_value_may_be_asked_about(value):
    number(value), sequence(value), is_mapping(value), described(value)
    assert not same(value, {"w": 1})
    assert not near_each(value, {"w": 1.0})
    assert not near_each(value, [1.0])
    assert first_difference({"w": torch.ones(1)}, value)


def test_numbers_come_from_numbers_and_single_tensors():
    assert [number(v) for v in (2, 0.5, torch.tensor(3), torch.tensor([[0.25]]))] == [2.0, 0.5, 3.0, 0.25]
    assert [number(v) for v in (True, "2", None, torch.ones(2), torch.tensor(True), 10**400)] == [None] * 6
    assert number(float("inf")) == float("inf")


def test_sequences_are_float64_vectors():
    for value in ([1, 2.5], (1, 2.5), torch.tensor([1, 2.5]), [torch.tensor(1), 2.5]):
        assert torch.equal(sequence(value), torch.tensor([1, 2.5], dtype=torch.float64))
    assert sequence(torch.tensor([1, 2])).dtype == torch.float64
    for value in (None, 3, torch.tensor(3.0), torch.ones(2, 2), [[1]], ["a"], [10**400]):
        assert sequence(value) is None


def test_the_same_is_exact():
    ones = torch.ones(2)
    assert same([ones, {"a": (1, "b")}], (ones.clone(), {"a": [1, "b"]}))
    for other in (ones.double(), torch.ones(2, 1), ones + 1e-6, [1.0, 1.0], None):
        assert not same(other, ones)
        assert not same(ones, other)
    assert not same(1, 1.0)
    assert not same(1, True)
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})  # the order of names counts
    assert not same([1], [1, 2])
    assert same({0: 1}, {"0": 1})  # JSON has only text for names


def test_near_each_wants_the_same_names_or_places():
    assert near_each({"a": torch.ones(2), "b": 1}, {"a": torch.ones(2) + 1e-6, "b": 1.00001})
    assert near_each([1, 2.0], [1.0, 2])
    assert not near_each({"a": 1.0}, {"a": 1.01})
    assert near_each({"a": 1.0}, {"a": 1.01}, rtol=0.1)
    assert not near_each({"a": 1.0}, {"a": 1.0, "b": 2.0})
    assert not near_each([1.0, 2.0], [1.0])
    assert not near_each([1.0], {"0": 1.0})


def test_the_first_difference_is_told_in_words():
    model = drawn(network(), seeded())
    expected = copied(model)
    assert first_difference(expected, copied(model)) == ""
    cases = {
        "expected a dictionary of tensors, got list": [1],
        "expected a dictionary of tensors, got _io.BytesIO": plain(io.BytesIO()),
        "`0.bias` missing": {k: v for k, v in expected.items() if k != "0.bias"},
        "`extra` should not be there": {**expected, "extra": 1},
        "`0.bias` is no tensor": {**expected, "0.bias": [1.0]},
        "`0.bias` is torch.float64, expected torch.float32": {**expected, "0.bias": expected["0.bias"].double()},
        "`0.bias` has shape (3,), expected (6,)": {**expected, "0.bias": torch.ones(3)},
        "`0.bias` has other values": {**expected, "0.bias": torch.ones(6)},
    }
    for message, got in cases.items():
        assert first_difference(expected, got) == message

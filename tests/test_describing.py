"""`describe_file`: what is it, is it safe, is it whole, and code that loads it, for every kind of file."""

import json
import os
import pickle
import warnings

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from course_lib.checkpoints import CheckpointManager, RNGState, describe_file, save_file
from course_lib.checkpoints.formats import save_portable
from course_lib.checkpoints.sharded import save_sharded
from course_lib.devices import saved_as
from course_lib.errors import CheckpointError, InputError


def make():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


def prefixed(state, prefix):
    return {prefix + key: value for key, value in state.items()}


def plain(folder, model, optimizer):
    torch.save(model.state_dict(), folder / "x")


def training(folder, model, optimizer):
    save_file(
        {"epoch": 2, "net": model.state_dict(), "opt": optimizer.state_dict(), "rng": torch.get_rng_state()},
        folder / "x",
    )


def wrapped(folder, model, optimizer):
    save_file({"state": {"ema": prefixed(model.state_dict(), "module._orig_mod.")}}, folder / "x")


def portable(folder, model, optimizer):
    save_portable(model.state_dict(), folder / "x", config={"hidden": 2})


def foreign_safetensors(folder, model, optimizer):
    safetensors.torch.save_file(prefixed(model.state_dict(), "module."), folder / "x")


@pytest.mark.parametrize("save", [plain, training, wrapped, portable, foreign_safetensors])
def test_the_code_loads_what_was_saved(save, tmp_path):
    model, optimizer = make()
    save(tmp_path, model, optimizer)
    report = describe_file(tmp_path / "x")
    assert (report.verdict, report.safe) == ("good", True)
    assert report.whole is (None if save is foreign_safetensors else True)
    other, other_optimizer = make()
    nn.init.zeros_(other[0].weight)
    exec(report.code, {"model": other, "optimizer": other_optimizer})
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))
    assert ("optimizer.load_state_dict" in report.code) == (save is training)


def test_a_managers_file_and_folder(tmp_path):
    model, optimizer = make()
    manager = CheckpointManager(tmp_path / "run", {"model": model, "optimizer": optimizer, "rng": RNGState()})
    path = manager.save(1).path
    other, other_optimizer = make()
    for target in (path, tmp_path / "run"):
        nn.init.zeros_(other[0].weight)
        report = describe_file(target)
        exec(report.code, {"model": other, "optimizer": other_optimizer, "rng": RNGState()})
        assert torch.equal(other[0].weight, model[0].weight)


def test_keys_tensors_and_devices(tmp_path):
    model, _ = make()
    with saved_as("cuda:1", only=[model[0].weight]):
        torch.save({"epoch": 7, "weights": model.state_dict(), "names": ["cat", "dog"]}, tmp_path / "x.pt")
    report = describe_file(tmp_path / "x.pt")
    parts = {part.name: part for part in report.parts}
    assert list(parts) == ["epoch", "names", "weights"]
    assert parts["epoch"].what == "int 7"
    assert parts["names"].what == "list[2] 'cat', 'dog'"
    assert (parts["weights"].tensors, parts["weights"].size_bytes) == (
        7,
        sum(t.nbytes for t in model.state_dict().values()),
    )
    assert report.devices == {"cpu": 6, "cuda:1": 1}
    assert ("weights/0.weight", (2, 3), "float32") in {(t.path, t.shape, t.dtype) for t in report.tensors}
    text = str(report)
    for words in ("epoch: int 7", "weights/0.weight: float32 [2, 3]", "cpu 6, cuda:1 1", "safe: yes", "whole: yes"):
        assert words in text
    torch.save({f"layer{i}.weight": torch.ones(1) for i in range(99)}, tmp_path / "x.pt")
    assert len(str(describe_file(tmp_path / "x.pt")).splitlines()) < 40


class Run:
    def __reduce__(self):
        return os.system, ("touch course_lib_was_here",)


BAD = {
    "command": ({"w": torch.ones(1), "x": Run()}, "posix.system", "delete it"),
    "whole model": (nn.Linear(1, 1), "torch.nn.modules.linear.Linear", "weights_only=False"),
    "numpy": ({"loss": np.float64(1)}, "numpy", "NumPy values"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_unsafe_files(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    obj, wanted, advice = BAD[kind]
    torch.save(obj, "x.pt")
    report = describe_file("x.pt")
    assert (report.verdict, report.safe, report.whole) == ("unsafe", False, True)
    assert wanted in report.safe_because
    assert "safe: NO" in str(report)
    assert advice in str(report)
    assert bool(report.code) == (kind != "command")
    with open("x.pkl", "wb") as file:
        pickle.dump(obj if kind == "command" else {"f": print}, file)
    assert describe_file("x.pkl").verdict == "unsafe"
    assert sorted(os.listdir()) == ["x.pkl", "x.pt"]


def test_damaged_files(tmp_path):
    model, _ = make()
    path = save_file(model.state_dict(), tmp_path / "x.pt")
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[good.index(model[0].weight.detach().numpy().tobytes()) + 2] ^= 1
    for content, safe in ((flipped, True), (good[:-200], None), (b"", None)):
        path.write_bytes(content)
        report = describe_file(path)
        assert (report.verdict, report.safe, report.whole, report.code) == ("damaged", safe, False, "")
        assert report.whole_because
    other = save_portable(model.state_dict(), tmp_path / "x.safetensors", config={})
    content = bytearray(other.read_bytes())
    content[-1] ^= 64  # safetensors' own loader does not notice
    other.write_bytes(content)
    assert describe_file(other).verdict == "damaged"


@pytest.mark.filterwarnings("ignore")
def test_what_only_torch_loads(tmp_path):
    torch.save({"w": torch.eye(2).to_sparse()}, tmp_path / "x.pt")
    report = describe_file(tmp_path / "x.pt")
    assert (report.verdict, report.safe, report.whole) == ("good", True, True)
    found = {}
    exec(report.code, found)
    assert found["checkpoint"]["w"].is_sparse


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    report = describe_file(tmp_path / "pipe")
    assert (report.what.split(",")[0], report.verdict) == ("a named pipe", "not a checkpoint")
    model, _ = make()
    save_sharded(model, tmp_path / "shards")
    report = describe_file(tmp_path / "shards")
    other, _ = make()
    nn.init.zeros_(other[0].weight)
    exec(report.code, {"model": other})
    assert torch.equal(other[0].weight, model[0].weight)
    assert "a folder without checkpoints" in str(describe_file(tmp_path))
    with pytest.raises(CheckpointError, match="No such file"):
        describe_file(tmp_path / "absent.pt")
    with pytest.raises(InputError):
        describe_file(b"x")


def test_the_report_is_json_and_no_name_steers_the_terminal(tmp_path):
    hostile = "\x1b[2J\nverdict: good\u202e"
    torch.save({hostile: torch.ones(1), "b": {hostile: 1, "inf": float("inf")}}, tmp_path / "x.pt")
    report = describe_file(tmp_path / "x.pt")
    again = json.loads(json.dumps(report.to_dict()))
    assert again["verdict"] == "good"
    assert again["tensors"][0]["shape"] == [1]
    assert all(line.isprintable() for line in str(report).splitlines())
    assert "\nverdict: good" not in str(report)


def test_nothing_is_executed_whatever_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in (0, 2, 4, 5):
        (tmp_path / "x").write_bytes(pickle.dumps(Run(), protocol=protocol))
        report = describe_file("x")
        assert report.verdict == "unsafe"
        assert not report.code
    with warnings.catch_warnings(action="ignore"):
        torch.save({"x": Run()}, "y", _use_new_zipfile_serialization=False)
    assert describe_file("y").safe is False
    assert sorted(os.listdir()) == ["x", "y"]

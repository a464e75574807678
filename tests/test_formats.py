import os
import random

import pytest
import safetensors.torch
import torch
from torch import nn

from course_lib.checkpoints.durable import replacing
from course_lib.checkpoints.formats import load_portable, save_portable
from course_lib.checkpoints.inspection import inspect_file
from course_lib.errors import CheckpointError, DamagedFileError, InputError
from course_lib.models import build_model

CONFIG = {"kind": "mlp", "inputs": 6, "hidden": 4, "classes": 3, "dropout": 0.5}


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.out = nn.Linear(8, 50, bias=False)
        self.out.weight = self.embed.weight


def test_a_model_comes_back_from_its_file_alone(tmp_path):
    model = build_model(CONFIG)
    path = save_portable(model.state_dict(), tmp_path / "m.safetensors", config=model.config)
    state, config = load_portable(path)
    again = build_model(config)
    again.load_state_dict(state)
    assert config == CONFIG
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))
    assert safetensors.torch.load_file(path).keys() == model.state_dict().keys()  # other readers read it, too
    assert inspect_file(path).verdict == "good"


def test_tied_weights_are_stored_once_and_come_back_tied(tmp_path):
    model = Tied()
    with pytest.raises(RuntimeError, match="share memory"):  # the common code
        safetensors.torch.save_file(model.state_dict(), tmp_path / "common.safetensors")
    path = save_portable(model.state_dict(), tmp_path / "m.safetensors", config={})
    assert path.stat().st_size < 1.5 * 50 * 8 * 4
    state, _ = load_portable(path)
    assert state["embed.weight"] is state["out.weight"]
    other = Tied()
    load_portable(path, model=other)
    assert other.embed.weight is other.out.weight
    assert torch.equal(other.out.weight, model.out.weight)


def test_views_and_turned_tensors_become_small_contiguous_copies(tmp_path):
    large = torch.arange(1000.0).reshape(10, 100)
    tensors = {"row": large[3], "column": large[:, 4], "turned": torch.eye(3)[:2].t(), "empty": torch.zeros(0, 3)}
    tensors |= {"conj": torch.tensor([1 + 2j]).conj(), "b16": torch.ones(2).bfloat16(), "scalar": torch.tensor(7)}
    with pytest.raises(ValueError, match="non contiguous"):
        safetensors.torch.save_file({"turned": tensors["turned"]}, tmp_path / "common.safetensors")
    path = save_portable(tensors, tmp_path / "m.safetensors", config={})
    state, _ = load_portable(path)
    assert state.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert state[name].dtype == tensor.dtype
        assert torch.equal(state[name], tensor)
    assert path.stat().st_size < 4000


def test_saving_changes_nothing_in_the_model(tmp_path):
    model = Tied()
    before = model.embed.weight.data_ptr()
    save_portable(model.state_dict(), tmp_path / "m.safetensors", config={})
    assert model.embed.weight.data_ptr() == before
    assert model.out.weight is model.embed.weight
    assert model.embed.weight.requires_grad


def test_the_config_is_checked_to_the_letter(tmp_path):
    path = save_portable({"w": torch.ones(1)}, tmp_path / "m.safetensors", config=CONFIG | {"sizes": (1, 2)})
    assert load_portable(path, config=CONFIG | {"sizes": [1, 2]})[1]["sizes"] == [1, 2]
    with pytest.raises(CheckpointError, match=r"hidden: expected 8, found 4"):
        load_portable(path, config=CONFIG | {"hidden": 8, "sizes": [1, 2]})
    with pytest.raises(CheckpointError, match=r"eps: expected 0.1, found 'nothing'"):
        load_portable(path, config=CONFIG | {"eps": 0.1, "sizes": [1, 2]})


def test_a_model_that_does_not_fit_is_not_touched(tmp_path):
    small, large = nn.Linear(2, 2), nn.Linear(2, 3)
    path = save_portable({"weight": torch.ones(2, 2), "bias": torch.ones(9)}, tmp_path / "m.safetensors", config={})
    with pytest.raises(RuntimeError):
        small.load_state_dict(safetensors.torch.load_file(path))
    assert small.weight.eq(1).all()  # the common code copied half of it before it raised
    for model in (large, nn.Linear(2, 2).half(), nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 2, bias=False)):
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with pytest.raises(CheckpointError, match="was not changed"):
            load_portable(path, model=model)
        assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_every_flipped_bit_is_found_or_harmless(tmp_path):
    """safetensors finds none of those in the data."""
    draw = random.Random(0)
    tensors = {"w": torch.randn(50), "b": torch.randn(50)}
    path = save_portable(tensors, tmp_path / "m.safetensors", config=CONFIG)
    data, found = path.read_bytes(), 0
    for _ in range(400):
        bad = bytearray(data)
        bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
        path.write_bytes(bad)
        try:
            state, config = load_portable(path)
        except CheckpointError:
            found += 1
            continue
        assert config == CONFIG
        assert state.keys() == tensors.keys()
        assert all(torch.equal(state[name], tensors[name]) for name in tensors)
    assert found > 300
    for cut in (0, 1, 7, 8, 50, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(DamagedFileError):
            load_portable(path)


def test_a_flip_that_safetensors_loads_is_named(tmp_path):
    path = save_portable({"b": torch.zeros(4), "w": torch.full((4,), 0.0625)}, tmp_path / "m.safetensors", config={})
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x40
    path.write_bytes(data)
    assert safetensors.torch.load_file(path)["w"].max() > 1e30
    with pytest.raises(DamagedFileError, match="'w'"):
        load_portable(path)


@pytest.mark.parametrize(
    "dtype", sorted({v for v in vars(torch).values() if isinstance(v, torch.dtype)}, key=str), ids=str
)
def test_every_dtype_comes_back_and_is_called_good_or_is_refused(tmp_path, dtype):
    path = tmp_path / "m.safetensors"
    try:
        tensor = torch.arange(16, dtype=torch.uint8).view(dtype)
    except RuntimeError:
        tensor = torch.empty(0, dtype=dtype)
    tensors = {"w": tensor, "scalar": tensor.flatten()[:1], "two": tensor[: 2 * (len(tensor) // 2)]}
    try:
        save_portable(tensors, path, config={})
    except InputError:
        with pytest.raises(InputError, match=f"w is a tensor of {dtype}|quantized"):
            save_portable(tensors, path, config={})
        assert not path.exists()
        return
    again = load_portable(path)[0]["w"]
    assert again.dtype == dtype
    assert torch.equal(again.view(torch.uint8), tensor.view(torch.uint8))
    found = inspect_file(path)
    assert (found.verdict, found.warnings) == ("good", ())
    described = {entry.path: (entry.dtype, entry.shape) for entry in found.tensors}
    assert described["w"] == (str(dtype).removeprefix("torch."), tuple(tensor.shape))


def test_the_home_folder_and_other_doors(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert save_portable({"w": torch.ones(1)}, "~/m.safetensors", config={}) == tmp_path / "m.safetensors"
    assert load_portable("~/m.safetensors")[0]["w"].tolist() == [1]
    assert os.listdir(tmp_path) == ["m.safetensors"]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="a named pipe"):
        load_portable(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="a directory"):
        load_portable(tmp_path)
    with pytest.raises(InputError, match="URL"):
        save_portable({}, "s3://bucket/m.safetensors", config={})


def test_special_tensors_are_refused_with_advice(tmp_path):
    class Own(torch.Tensor):
        pass

    for tensor, words in (
        (torch.ones(2).as_subclass(Own), r"as_subclass\(torch.Tensor\)"),
        (nn.LazyLinear(2).weight, "lazy layer"),
    ):
        with pytest.raises(InputError, match=f"^w is .*{words}"):
            save_portable({"w": tensor}, tmp_path / "m.safetensors", config={})


def test_files_of_other_programs_and_missing_ones_are_clear_errors(tmp_path):
    safetensors.torch.save_file({"w": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="save_portable did not write it"):
        load_portable(tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="No such file"):
        load_portable(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("state", "config", "words"),
    [
        ({"epoch": 3}, {}, "epoch: expected a dense tensor with data, got int"),
        ({"w": torch.eye(2).to_sparse()}, {}, "sparse"),
        ({"w": torch.empty(2, device="meta")}, {}, "meta"),
        ({"w": torch.ones(1)}, {"device": torch.device("cpu")}, "plain JSON"),
        ({"w": torch.ones(1)}, {"eps": float("nan")}, "plain JSON"),
        ({"w": torch.ones(1)}, {"names": {0: "no"}}, "must be text"),
    ],
)
def test_what_can_not_come_back_is_refused_before_writing(state, config, words, tmp_path):
    with pytest.raises(InputError, match=words):
        save_portable(state, tmp_path / "m.safetensors", config=config)
    assert not list(tmp_path.iterdir())


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    path = save_portable({"w": torch.ones(1)}, tmp_path / "m.safetensors", config={"version": 1})
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="was not saved"):
        save_portable({"w": torch.ones(1)}, tmp_path / "absent" / "m.safetensors", config={})

    def interrupted():
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_the_whole_file_is_forced_to_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(("sync", os.fstat(fd).st_size > 0)), sync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append(("replace", True)), replace(a, b)))
    save_portable({"w": torch.ones(1)}, tmp_path / "m.safetensors", config={})
    assert [what for what, _ in done] == ["sync", "replace", "sync"]  # the bytes, the name, the folder
    assert done[0][1]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "last.safetensors").symlink_to(tmp_path / "disk" / "m.safetensors")
    save_portable({"w": torch.ones(1)}, tmp_path / "last.safetensors", config={})
    assert (tmp_path / "last.safetensors").is_symlink()
    assert (tmp_path / "disk" / "m.safetensors").is_file()

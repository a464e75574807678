"""Sharded checkpoints. This file is also the program of each process of a group: see `main`."""

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict
from torch.distributed.device_mesh import init_device_mesh

from course_lib.checkpoints.comparison import compare_state_dicts
from course_lib.checkpoints.files import load_file, save_file
from course_lib.checkpoints.sharded import file_to_sharded, load_sharded, save_sharded, sharded_to_file
from course_lib.errors import CheckpointError, DamagedFileError, InputError, UnsafeFileError

# Whether a stranger's code ran; pickles below set it.
RAN = []


def make(seed):
    """A model with a number of rows that neither two nor three processes can share evenly, and its optimizer."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 4))
    return model, torch.optim.AdamW(model.parameters(), lr=0.01)


def step(model, optimizer):
    inputs = torch.randn(12, 6, generator=torch.Generator().manual_seed(3))  # the same in every process
    nn.functional.cross_entropy(model(inputs), torch.arange(12) % 4).backward()
    optimizer.step()
    optimizer.zero_grad()


def trained():
    model, optimizer = make(seed=0)
    step(model, optimizer)
    return model, optimizer


@pytest.fixture
def saved(tmp_path):
    model, optimizer = trained()
    save_sharded(model, tmp_path / "c", optimizer=optimizer, extra={"epoch": 3})
    return tmp_path / "c", model, optimizer


def equal(a, b):  # with the differences in pytest's message
    comparison = compare_state_dicts(a, b)
    assert comparison.equal, comparison
    return True


# --- one process -------------------------------------------------------------------------------------------------


def test_a_plain_model_and_its_optimizer_come_back(saved):
    folder, model, optimizer = saved
    other, other_optimizer = make(seed=1)
    assert load_sharded(other, folder, optimizer=other_optimizer) == {"epoch": 3}
    assert equal(model.state_dict(), other.state_dict())
    assert equal(optimizer.state_dict(), other_optimizer.state_dict())
    step(model, optimizer)
    step(other, other_optimizer)
    assert equal(model.state_dict(), other.state_dict())
    weights_only, _ = make(seed=2)
    load_sharded(weights_only, folder)


def test_to_a_plain_file_and_back(saved, tmp_path):
    folder, model, optimizer = saved
    path = sharded_to_file(folder, tmp_path / "whole.pt")
    checkpoint = load_file(path)
    assert checkpoint.keys() == {"model", "optimizer", "extra"}
    assert checkpoint["extra"] == {"epoch": 3}
    plain, _ = make(seed=1)
    plain.load_state_dict(checkpoint["model"])  # strict, as anybody would load it
    assert equal(model.state_dict(), plain.state_dict())
    assert checkpoint["optimizer"]["param_groups"][0]["params"] == [name for name, _ in model.named_parameters()]
    file_to_sharded(path, tmp_path / "again")
    other, other_optimizer = make(seed=2)
    assert load_sharded(other, tmp_path / "again", optimizer=other_optimizer) == {"epoch": 3}
    assert equal(model.state_dict(), other.state_dict())
    assert equal(optimizer.state_dict(), other_optimizer.state_dict())


class Scaled(nn.Linear):
    """A layer with a state of its own, as Transformer Engine's have."""

    def __init__(self, extra):
        super().__init__(2, 2)
        self.extra = extra

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra = state


EXTRA_STATES = {
    "dict": ({"scale": 2.5, "history": [1, 2]}, {}),
    "nested": ({"amax": {"fwd": torch.arange(3.0), 7: (1, None)}}, {"amax": None}),
    "list": ([{"a": 1}, torch.ones(2)], []),
    "tensor": (torch.arange(4.0), torch.zeros(0)),
    "nothing": (None, {"scale": 1}),
    "empty": ({}, {"scale": 1}),
    "bytes": (b"\x00\xff", b"x"),
    "long": ({"log": [0.5] * 200_000}, {}),
}


@pytest.mark.parametrize("kind", EXTRA_STATES)
def test_extra_state_comes_back_whatever_the_fresh_model_has(tmp_path, kind):
    state, fresh = EXTRA_STATES[kind]
    model, other = (nn.Sequential(Scaled(extra), nn.Linear(2, 1)) for extra in (state, fresh))
    save_sharded(model, tmp_path / "a")
    load_sharded(other, tmp_path / "a")
    assert equal({"extra": state}, {"extra": other[0].extra})
    assert type(other[0].extra) is type(state)
    assert torch.equal(model[0].weight, other[0].weight)
    path = sharded_to_file(tmp_path / "a", tmp_path / "whole.pt")
    other = nn.Sequential(Scaled(fresh), nn.Linear(2, 1))
    other.load_state_dict(load_file(path)["model"])
    file_to_sharded(path, tmp_path / "b")
    again = nn.Sequential(Scaled(fresh), nn.Linear(2, 1))
    load_sharded(again, tmp_path / "b")
    assert equal({"extra": state}, {"extra": other[0].extra})
    assert equal({"extra": state}, {"extra": again[0].extra})


def test_what_load_sharded_would_refuse_is_not_saved(tmp_path):
    for extra, words in (
        ({"scale": np.float64(2)}, r"model\._extra_state\[0\]\['scale'\] is a numpy\.float64.*value\.item\(\)"),
        (Path("x"), "str\\(value\\)"),
        (Call(), "plain data"),
    ):
        with pytest.raises(InputError, match=words):
            save_sharded(Scaled(extra), tmp_path / "x")
    model, optimizer = make(seed=0)
    optimizer.param_groups[0]["lr"] = np.float64(0.1)
    with pytest.raises(InputError, match=r"param_groups.*lr.* is a numpy\.float64"):
        save_sharded(model, tmp_path / "x", optimizer=optimizer)
    assert not (tmp_path / "x").exists()
    assert not RAN


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    model, _ = make(seed=0)
    save_sharded(model, "~/a")
    sharded_to_file("~/a", "~/a.pt")
    file_to_sharded("~/a.pt", "~/b")
    load_sharded(make(seed=1)[0], "~/b")
    assert sorted(os.listdir(tmp_path)) == ["a", "a.pt", "b"]


def test_a_missing_or_damaged_shard_is_found_before_anything_is_loaded(saved, tmp_path):
    folder, *_ = saved
    shard = next(folder.glob("*.distcp"))
    for number, (damage, words) in enumerate(
        [
            (lambda path: path.unlink(), "is missing"),
            (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes instead of"),
            (lambda path: path.write_bytes(path.read_bytes()[:5000] + b"!" + path.read_bytes()[5001:]), "not those"),
        ]
    ):
        for name in (shard.name, ".metadata"):
            if name == ".metadata" and number == 2:
                continue  # it is shorter than that
            copied = tmp_path / f"damaged-{number}{name}"
            shutil.copytree(folder, copied)
            damage(copied / name)
            model, _ = make(seed=5)
            before = copy.deepcopy(model.state_dict())
            with pytest.raises(DamagedFileError, match=words):
                load_sharded(model, copied)
            assert equal(before, model.state_dict())


def test_flipped_bits_load_in_silence_with_dcp_alone(saved):
    folder, model, _ = saved
    shard = next(folder.glob("*.distcp"))
    data = bytearray(shard.read_bytes())
    at = data.find(model[0].weight.detach().numpy().tobytes())
    data[at + 3] ^= 0x40
    shard.write_bytes(data)
    common, _ = make(seed=5)
    state = {"model": common.state_dict()}
    with pytest.warns(UserWarning, match="single process"):
        dcp.load(state, checkpoint_id=folder)
    assert (common[0].weight.detach() - model[0].weight.detach()).abs().max() > 1e10
    with pytest.raises(DamagedFileError, match="not those that were saved"):
        load_sharded(make(seed=5)[0], folder)


def test_a_model_of_another_shape_is_refused_and_untouched(saved):
    folder, *_ = saved
    base, _ = make(seed=5)
    for model, words in (
        (nn.Sequential(*base, nn.Linear(4, 4)), "missing 4.weight"),
        (base[:2], "unexpected 3.weight"),
        (nn.Sequential(*base[:3], nn.Linear(7, 5)), "3.weight is"),
        (copy.deepcopy(base).double(), "float64"),
    ):
        before = copy.deepcopy(model.state_dict())
        with pytest.raises(CheckpointError, match=words):
            load_sharded(model, folder)
        assert equal(before, model.state_dict())
    no_optimizer = folder.parent / "weights"
    save_sharded(base, no_optimizer)
    with pytest.raises(CheckpointError, match="optimizer"):
        load_sharded(base, no_optimizer, optimizer=torch.optim.AdamW(base.parameters()))
    with pytest.raises(InputError, match="another model's parameters"):
        load_sharded(base, folder, optimizer=torch.optim.AdamW(make(seed=5)[0].parameters()))


def test_dcp_alone_passes_over_what_it_finds_no_place_for(saved):
    folder, *_ = saved
    state = {}  # no pre-shaped target: the common mistake
    with pytest.warns(UserWarning, match="single process"):
        dcp.load(state, checkpoint_id=folder)
    assert state == {}  # loaded nothing, said nothing
    small, _ = make(seed=5)
    with pytest.raises(CheckpointError, match=r"unexpected 3.bias"):
        load_sharded(nn.Sequential(small[0], small[1]), folder)


def test_an_unfinished_or_foreign_folder_is_refused(saved, tmp_path):
    folder, model, _ = saved
    with pytest.raises(CheckpointError, match="holds a checkpoint already"):
        save_sharded(model, folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(CheckpointError, match="not finished"):
        load_sharded(model, folder)
    with pytest.raises(CheckpointError, match="not finished"):
        load_sharded(model, tmp_path / "absent")
    (folder / "manifest.json").write_text("[]")
    with pytest.raises(DamagedFileError, match="can't be read"):
        load_sharded(model, folder)


def test_shards_that_do_not_cover_a_tensor_are_found(saved):
    """What rank 0 leaves when it alone saves its part of a sharded model."""
    folder, model, _ = saved
    metadata = pickle.loads((folder / ".metadata").read_bytes())
    entry = metadata.state_dict_metadata["model.0.weight"]
    entry.chunks[0].sizes = torch.Size([4, 6])
    rewrite_metadata(folder, pickle.dumps(metadata))
    with pytest.raises(DamagedFileError, match=r"24 of the 42 elements of model.0.weight"):
        load_sharded(model, folder)


def rewrite_metadata(folder, data):
    """Replace the metadata and make the manifest agree, as somebody with bad intentions could."""
    (folder / ".metadata").write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][".metadata"] = [len(data), zlib.crc32(data)]
    (folder / "manifest.json").write_text(json.dumps(manifest))


class Call:
    def __reduce__(self):
        return (exec, ("import test_sharded; test_sharded.RAN.append(1)",))


def test_pickles_of_strangers_are_not_executed(saved, tmp_path):
    folder, model, optimizer = saved
    assert load_sharded(model, folder, optimizer=optimizer)  # honest metadata is let through
    rewrite_metadata(folder, pickle.dumps(Call()))
    with pytest.raises(UnsafeFileError, match=r"builtins.exec.*Nothing was executed"):
        load_sharded(model, folder)
    hostile = tmp_path / "hostile"
    with pytest.warns(UserWarning, match="single process"):
        dcp.save({"model": model.state_dict(), "optimizer": {"note": Call()}}, checkpoint_id=hostile)
    shutil.copy(folder / "manifest.json", hostile)
    files = {path.name: path.read_bytes() for path in hostile.iterdir() if path.name != "manifest.json"}
    manifest = {"extra": {}, "files": {name: [len(data), crc(data)] for name, data in files.items()}}
    (hostile / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UnsafeFileError, match=r"optimizer.note is not plain data"):
        sharded_to_file(hostile, tmp_path / "out.pt")
    assert not RAN
    assert not (tmp_path / "out.pt").exists()


def crc(data):
    return zlib.crc32(data)


def test_what_can_not_be_saved_is_a_clear_error(saved, tmp_path):
    _, model, optimizer = saved
    for extra in ({"when": {1: 2}}, {"device": torch.device("cpu")}):
        with pytest.raises(InputError, match="plain JSON"):
            save_sharded(model, tmp_path / "x", extra=extra)
    save_file(model.state_dict(), tmp_path / "bare.pt")
    with pytest.raises(InputError, match="'model'"):
        file_to_sharded(tmp_path / "bare.pt", tmp_path / "y")
    save_file({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "numbered.pt")
    with pytest.raises(InputError, match="numbers its parameters"):
        file_to_sharded(tmp_path / "numbered.pt", tmp_path / "y")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError):
        save_sharded(model, tmp_path / "file" / "c")


# --- several processes -------------------------------------------------------------------------------------------


def group(world_size, task, folder):
    """Run `main` below in a group of processes; they meet in a file, so no network name is needed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, __file__]
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(world_size), task, str(folder)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(world_size)
    ]  # fmt: skip
    try:
        for process in processes:
            output, _ = process.communicate(timeout=140)  # a CUDA build of torch takes long to import
            assert process.returncode == 0, output
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_two_processes_save_one_loads_and_three_go_on(tmp_path):
    group(2, "save", tmp_path)
    assert {p.name for p in (tmp_path / "two").glob("*.distcp")} == {"__0_0.distcp", "__1_0.distcp"}
    gathered = load_file(tmp_path / "save.pt")
    model, optimizer = make(seed=9)
    assert load_sharded(model, tmp_path / "two", optimizer=optimizer) == {"epoch": 3}
    assert equal(gathered["model"], model.state_dict())
    plain = load_file(sharded_to_file(tmp_path / "two", tmp_path / "plain.pt"))
    assert equal(gathered, {part: plain[part] for part in ("model", "optimizer")})
    for rank in range(2):  # a damaged shard stops both, with the same words
        assert "__1_0.distcp are not those that were saved" in (tmp_path / f"refused-{rank}").read_text()

    save_sharded(model, tmp_path / "one", optimizer=optimizer, extra={"epoch": 4})
    group(3, "load", tmp_path)
    assert equal(gathered, load_file(tmp_path / "load.pt"))


def main(rank, world_size, task, folder):
    """Shard a model over the group; save it, or load what one process saved."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/group-{task}", rank=rank, world_size=world_size)
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor import DTensor

    model, _ = make(seed=0 if task == "save" else 9)
    fully_shard(model, mesh=init_device_mesh("cpu", (world_size,)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    assert isinstance(model[0].weight, DTensor)
    if task == "save":
        step(model, optimizer)
        save_sharded(model, folder / "two", optimizer=optimizer, extra={"epoch": 3})
        if rank == 0:
            shutil.copytree(folder / "two", folder / "damaged")
            shard = folder / "damaged" / "__1_0.distcp"
            data = bytearray(shard.read_bytes())
            data[len(data) // 2] ^= 1
            shard.write_bytes(data)
        dist.barrier()
        try:
            load_sharded(model, folder / "damaged")
        except DamagedFileError as error:
            (folder / f"refused-{rank}").write_text(str(error))
    else:
        assert load_sharded(model, folder / "one", optimizer=optimizer) == {"epoch": 4}
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    whole = dict(zip(("model", "optimizer"), get_state_dict(model, optimizer, options=options), strict=True))
    if rank == 0:
        save_file(whole, folder / f"{task}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))

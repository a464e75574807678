import io
import json
import math
import os
import pickle
import pickletools
import random
import re
import shutil
import tracemalloc
import warnings
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save as safetensors_bytes
from torch import nn

from course_lib.checkpoints import anatomy, symbolic_pickle
from course_lib.checkpoints.files import save_file
from course_lib.checkpoints.inspection import compare_state_dicts, inspect_file
from course_lib.checkpoints.symbolic_pickle import SAFE_GLOBALS, SAFE_OPCODES
from course_lib.devices import saved_as
from course_lib.errors import CheckpointError, InputError


def saved(obj, **options):
    stream = io.BytesIO()
    torch.save(obj, stream, **options)
    return stream.getvalue()


def training_state():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.25)
    model(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 3,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "python": random.getstate(),
        "name": "x" * 200,
    }


def by_path(entries):
    return {entry.path: entry for entry in entries}


def test_a_checkpoint_is_listed_as_torch_would_load_it():
    state = training_state()
    found = inspect_file(saved(state))
    assert (found.format, found.verdict, found.refused, found.damage) == ("torch zip", "good", (), ())
    tensors = by_path(found.tensors)
    for part in ("model", "optimizer/state/0"):
        inside = state
        for key in part.split("/"):
            inside = inside[int(key) if key.isdigit() else key]
        for name, tensor in inside.items():
            entry = tensors[f"{part}/{name}"]
            assert entry.shape == tuple(tensor.shape)
            assert entry.dtype == str(tensor.dtype).removeprefix("torch.")
            assert entry.size_bytes == tensor.nbytes
            assert entry.device == "cpu"
    assert len(tensors) == len(state["model"]) + 3 * 4 + 1
    values = by_path(found.values)
    assert values["epoch"].type == "int"
    assert values["epoch"].text == "3"
    assert values["optimizer/param_groups/0/lr"].text == "0.25"
    assert values["python/1"].type == "tuple[625]"
    assert len(values["name"].text) < 70
    assert all(record.crc_ok for record in found.records)
    assert found.opcodes["BINPERSID"] == len(tensors)
    assert "torch._utils._rebuild_tensor_v2" in found.globals


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(2, 3, dtype=torch.bfloat16),
        torch.zeros(3, dtype=torch.uint16),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
        torch.zeros(4, dtype=torch.complex64),
        torch.zeros((), dtype=torch.bool),
        torch.zeros(0, 7),
        nn.Parameter(torch.ones(2)),
        torch.empty(5, device="meta"),
    ],
    ids=lambda tensor: f"{tensor.dtype}-{tensor.device}",
)
def test_every_kind_of_tensor_is_described_and_loadable(tensor):
    data = saved({"x": tensor})
    (entry,) = inspect_file(data).tensors
    assert (entry.path, entry.shape, entry.dtype) == ("x", tuple(tensor.shape), str(tensor.dtype)[6:])
    assert entry.size_bytes == tensor.numel() * tensor.itemsize
    assert inspect_file(data).verdict == "good"
    torch.load(io.BytesIO(data), weights_only=True)


def test_a_view_shows_the_storage_that_it_drags_along():
    found = inspect_file(saved(torch.zeros(1_000_000)[:10]))
    assert found.tensors[0].size_bytes == 40
    assert found.tensors[0].storage_size_bytes == 4_000_000
    assert "40 bytes are used of the 4,000,000" in found.warnings[0]
    assert not inspect_file(saved(torch.zeros(1_000_000)[:10].clone())).warnings


def test_shared_storages_and_mixed_device_tags_are_warnings():
    weight = torch.zeros(4)
    found = inspect_file(saved({"a": weight, "b": weight.view(2, 2)}))
    assert found.tensors[0].storage == found.tensors[1].storage
    assert any("a, b share storage" in text for text in found.warnings)
    stream = io.BytesIO()
    with saved_as("cuda:1", only=[weight]):
        torch.save({"weight": weight, "step": torch.ones(())}, stream)
    found = inspect_file(stream)
    assert [tensor.device for tensor in found.tensors] == ["cuda:1", "cpu"]
    assert any("mixed device tags: 1 on 'cpu', 1 on 'cuda:1'" in text for text in found.warnings)


def test_the_old_format_is_read_too():
    state = training_state()["model"]
    data = saved(state, _use_new_zipfile_serialization=False)
    found = inspect_file(data)
    assert (found.format, found.verdict) == ("legacy pickle", "good")
    assert [t.path for t in found.tensors] == list(state)
    assert [t.shape for t in found.tensors] == [tuple(t.shape) for t in state.values()]
    assert inspect_file(data[:-4]).verdict == "damaged"
    assert "4 bytes of junk" in inspect_file(data + b"junk").warnings[0]


def test_a_whole_model_names_its_classes_and_is_unsafe():
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        found = inspect_file(saved(nn.Sequential(nn.Linear(2, 2)), **options))
        assert found.verdict == "unsafe"
        assert found.refused == ("torch.nn.modules.container.Sequential", "torch.nn.modules.linear.Linear")
        assert "_modules/0/_parameters/weight" in by_path(found.tensors)


def test_torchscript_and_plain_pickles_and_other_files_are_told_apart():
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of torch call TorchScript deprecated
        torch.jit.save(torch.jit.script(nn.Linear(2, 1)), stream)
    found = inspect_file(stream)
    assert (found.format, found.verdict) == ("TorchScript", "unsafe")
    assert by_path(found.tensors)["weight"].shape == (1, 2)
    assert inspect_file(pickle.dumps([1], protocol=2)).format == "legacy pickle"
    for text in (b"<!DOCTYPE html>", b"checkpoint\nof today\n", b"hello", bytes(1000), b"\x89PNG\r\n\x1a\n" * 9):
        assert inspect_file(text).verdict == "not a checkpoint"
        assert inspect_file(text).format == "not a checkpoint"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("word/document.xml", "<x/>")
    assert inspect_file(archive).verdict == "not a checkpoint"


def test_safetensors_are_read_without_their_library():
    data = safetensors_bytes({"b": torch.ones(2, dtype=torch.bfloat16), "a": torch.ones(2, 3)}, {"note": "hi"})
    found = inspect_file(data)
    assert (found.format, found.verdict) == ("safetensors", "good")
    assert by_path(found.tensors)["b"].dtype == "bfloat16"
    assert by_path(found.tensors)["a"].shape == (2, 3)
    assert by_path(found.values)["__metadata__/note"].text == "'hi'"
    assert inspect_file(data[:-4]).verdict == "damaged"
    assert inspect_file(data[:40]).verdict == "damaged"


def safetensors_of(**entries):
    """A file with these entries: name=(dtype, shape, bytes)."""
    header, end = {}, 0
    for name, (dtype, shape, size) in entries.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(end)


def test_dtypes_that_this_version_does_not_know_are_no_damage():
    found = inspect_file(safetensors_of(a=("F32", [2], 8), b=("F8_E3M4", [4], 4), c=("F6_E3M2", [4, 2], 6)))
    assert found.verdict == "good"
    assert [(t.path, t.dtype, t.size_bytes) for t in found.tensors] == [
        ("a", "float32", 8), ("b", "F8_E3M4", 4), ("c", "F6_E3M2", 6)
    ]  # fmt: skip
    assert "F8_E3M4, which this version doesn't know" in found.warnings[0]
    for lie in (("F6_E3M2", [4, 2], 5), ("F4", [8], 8), ("F8_E8M0", [8], 4), ("os.system", [1], 1)):
        assert inspect_file(safetensors_of(a=lie)).verdict in ("unsafe", "damaged")


@pytest.mark.parametrize("name", ["MAX_OBJECTS", "MAX_PICKLE_BYTES"])
def test_a_limit_of_ours_is_neither_unsafe_nor_damage(monkeypatch, name):
    data = saved({"w": torch.ones(2), "log": [{"loss": 0.5} for _ in range(300)]})
    assert inspect_file(data).verdict == "good"
    for module in (symbolic_pickle, anatomy):
        monkeypatch.setattr(module, name, 200, raising=False)
    found = inspect_file(data)
    assert (found.verdict, found.refused, found.dangers, found.damage) == ("too large", (), (), ())
    assert "limit" in str(found)
    evil = inspect_file(saved({"x": nn.ReLU(), "log": [{"loss": 0.5} for _ in range(300)]}))
    assert evil.verdict == ("unsafe" if name == "MAX_OBJECTS" else "too large")  # what was seen until then counts


def test_many_small_parts_are_counted_and_the_tensors_behind_them_listed():
    found = inspect_file(saved({"rows": [{"step": i, "loss": 0.5} for i in range(60_000)], "w": torch.ones(2)}))
    assert (found.verdict, found.tensors[-1].path) == ("good", "w")
    assert len(found.values) == 100_000
    assert "20,000 more values are not listed" in found.warnings


def test_what_load_file_would_refuse_is_not_called_good():
    """One gate: claims that a walk alone would pass over."""
    harmless = pickle.dumps([torch.Size([1])] * 2, protocol=2)
    assert inspect_file(zipped(harmless)).verdict == "good"
    for program in (b"\x80\x02](K\x00Nu.", b"\x80\x02ctorch\nfloat32\n)R."):
        assert inspect_file(zipped(program)).verdict == "unsafe"


def test_paths_bytes_and_open_files_are_the_same(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(2)}, path)
    expected = inspect_file(path)
    assert inspect_file(str(path)) == expected
    assert inspect_file(path.read_bytes()) == expected
    with open(path, "rb") as file:
        file.seek(5)
        assert inspect_file(file) == expected
        assert file.tell() == 5


def test_what_is_no_file_is_a_clear_error(tmp_path):
    with pytest.raises(CheckpointError, match="Check the path"):
        inspect_file(tmp_path / "absent.pt")
    with pytest.raises(CheckpointError, match="directory"):
        inspect_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="device"):
        inspect_file(tmp_path / "pipe")
    with pytest.raises(InputError, match="got int"):
        inspect_file(3)


def test_a_flipped_bit_in_a_tensor_is_damage_and_names_the_record():
    data = bytearray(saved({"w": torch.full((1000,), 0.0625)}))
    at = data.find(b"\x00\x00\x80\x3d" * 8)
    data[at + 3] ^= 0x40
    assert torch.load(io.BytesIO(data), weights_only=True)["w"].max() > 1e30  # torch does not notice
    found = inspect_file(bytes(data))
    assert found.verdict == "damaged"
    assert [record.name.split("/", 1)[1] for record in found.records if record.crc_ok is False] == ["data/0"]


@pytest.mark.parametrize("sealed", [True, False])
def test_random_damage_never_crashes_and_never_looks_good_when_a_tensor_changed(tmp_path, sealed):
    draw = random.Random(1)
    path = tmp_path / "c.pt"
    (save_file if sealed else torch.save)({"w": torch.randn(200), "epoch": 3}, path)
    data = path.read_bytes()
    expected = torch.load(path, weights_only=True)
    wrong = 0
    for _ in range(300):
        bad = bytearray(data)
        kind = draw.randrange(4)
        at = draw.randrange(len(bad))
        if kind == 0:
            bad[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del bad[at:]
        elif kind == 2:
            bad[at : at + 64] = bytes(len(bad[at : at + 64]))
        else:
            bad += bytes(draw.randrange(256) for _ in range(20))
        verdict = inspect_file(bytes(bad)).verdict
        try:
            loaded = torch.load(io.BytesIO(bad), weights_only=True)
        except Exception:
            continue
        if not isinstance(loaded, dict) or not compare_state_dicts(expected, loaded).equal:
            wrong += 1
            assert verdict != "good"
    assert wrong > 20  # or the test would prove nothing


def test_our_lists_of_what_is_safe_are_torchs_own():
    """By torch's public answers: get_unsafe_globals_in_checkpoint, and what torch.load says to each opcode."""
    refused = {"os.system", "builtins.eval", "numpy.ndarray", "torch.nn.modules.linear.Linear"}
    names = sorted(SAFE_GLOBALS | refused)
    program = b"".join(b"c%s\n%s\n" % tuple(n.encode() for n in name.rsplit(".", 1)) for name in names)
    unsafe = set(torch.serialization.get_unsafe_globals_in_checkpoint(zipped(b"\x80\x02" + program + b"N.")))
    tolerated = {name for name in unsafe & SAFE_GLOBALS if torch.__version__ < "2.13"}
    assert unsafe - tolerated == refused
    for opcode in pickletools.opcodes:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the protocol
                torch.load(zipped(b"\x80\x02" + opcode.code.encode("latin1") + bytes(9) + b"N."), weights_only=True)
            supported = True
        except Exception as error:
            supported = not re.search(rf"Unsupported operand {ord(opcode.code)}\b", str(error))
        assert supported == (opcode.name in SAFE_OPCODES), opcode.name


def zipped(program):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("archive/data.pkl", program)
        members.writestr("archive/version", "3\n")
    archive.seek(0)
    return archive


def test_whatever_save_file_takes_is_good(tmp_path):
    obj = {
        "numbers": [1, 2.5, True, None, 2**100, -1], "complex": 3 + 4j, "text": "ä", "bytes": b"ab", "set": {1, "a"},
        "counter": Counter("aab"), "ordered": OrderedDict(a=(1, (2, ()))), 7: torch.float16,
        "device": torch.device("cuda:0"), "size": torch.ones(2, 3).stride(), "tensor": nn.Parameter(torch.ones(2)),
    }  # fmt: skip
    path = save_file(obj, tmp_path / "all.pt")
    found = inspect_file(path)
    assert (found.verdict, found.warnings) == ("good", ())
    values = by_path(found.values)
    assert values["numbers"].text == "1, 2.5, True, None, …"
    assert values["device"].text == "'cuda', 0"
    assert values["7"].type == "torch.float16"
    assert values["counter"].type == "collections.Counter"


def test_the_report_is_short_and_says_what_matters():
    found = inspect_file(saved({f"layer{i}.weight": torch.zeros(2) for i in range(100)} | {"net": nn.ReLU()}))
    text = str(found)
    assert "unsafe" in text.splitlines()[0]
    assert "refused by weights_only: torch.nn.modules.activation.ReLU" in text
    assert "layer0.weight  float32 [2] on cpu, 8 of 8 bytes" in text
    assert "and 80 more" in text
    assert len(text.splitlines()) < 60


def test_disk_files_are_not_read_into_memory_whole(tmp_path):
    torch.save(torch.zeros(20_000_000), tmp_path / "large.pt")
    tracemalloc.start()
    found = inspect_file(tmp_path / "large.pt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.verdict == "good"
    assert peak < 8_000_000
    shutil.rmtree(tmp_path)


# --- compare_state_dicts ---------------------------------------------------------------------------------------


def test_equal_state_dicts_in_another_order_are_equal():
    state = training_state()["model"]
    turned = dict(reversed(list(state.items())))
    assert compare_state_dicts(state, turned).equal
    assert "equal" in str(compare_state_dicts(state, turned))


def test_each_kind_of_difference_is_found_and_named():
    a = {"same": torch.ones(2), "gone": torch.ones(1), "shape": torch.ones(2), "type": torch.ones(2), "value": 1.0}
    b = {"same": torch.ones(2), "new": torch.ones(1), "shape": torch.ones(3), "type": torch.ones(2).half(), "value": 2}
    found = compare_state_dicts(a, b)
    assert not found.equal
    assert found.missing == ("gone",)
    assert found.unexpected == ("new",)
    assert found.shapes == {"shape": ((2,), (3,))}
    assert found.dtypes == {"type": (torch.float32, torch.float16)}
    assert found.values == {"value": float("inf")}
    assert "dtype of type: torch.float32 became torch.float16" in str(found)


def test_nan_equals_nan_in_the_same_place_only():
    nan = float("nan")
    a = torch.tensor([nan, 1.0, float("inf")])
    assert not torch.equal(a, a.clone())  # the common check fails even for a perfect copy
    assert compare_state_dicts({"a": a}, {"a": a.clone()}).equal
    moved = torch.tensor([1.0, nan, float("inf")])
    assert compare_state_dicts({"a": a}, {"a": moved}).values == {"a": float("inf")}
    near = torch.tensor([nan, 1.5, float("inf")])
    assert compare_state_dicts({"a": a}, {"a": near}).values == {"a": 0.5}


@pytest.mark.parametrize(
    ("a", "b", "largest"),
    [
        (torch.tensor([2**60]), torch.tensor([2**60 + 1]), 1.0),  # equal as float64
        (torch.tensor([True, False]), torch.tensor([True, True]), 1.0),
        (torch.tensor([1 + 1j]), torch.tensor([1 - 1j]), 2.0),
        (torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn), torch.tensor([1.0, 4.0]).to(torch.float8_e4m3fn), 2.0),
        (torch.tensor([1.0]), torch.tensor([1.5], dtype=torch.float64), 0.5),
        (torch.tensor(0), torch.tensor(7), 7.0),
    ],
)
def test_every_dtype_can_be_compared(a, b, largest):
    assert compare_state_dicts({"x": a}, {"x": b}).values == {"x": largest}
    assert not compare_state_dicts({"x": a}, {"x": a.clone()}).values


def quantized(scale=0.1, zero=0, value=1.0, channels=False):
    tensor = torch.full((2, 2), value)
    if channels:
        return torch.quantize_per_channel(tensor, torch.tensor([scale, 0.2]), torch.tensor([zero, 0]), 0, torch.qint8)
    return torch.quantize_per_tensor(tensor, scale, zero, torch.qint8)


def sparse(places, values, size=(100_000, 100_000)):
    return torch.sparse_coo_tensor(torch.tensor(places), torch.tensor(values), size)


def nested(*parts):
    return torch.nested.nested_tensor([torch.tensor(part) for part in parts])


NAN = float("nan")
ODD_PAIRS = {
    "quantized": lambda: (quantized(), quantized(), None),
    "other steps": lambda: (quantized(), quantized(value=2.0), 10),  # of the integers
    "other scale": lambda: (quantized(value=0.0), quantized(value=0.0, scale=0.5), 0.4),
    "per channel": lambda: (quantized(channels=True), quantized(channels=True), None),
    "other scheme": lambda: (quantized(value=0.0), quantized(value=0.0, channels=True), math.inf),
    "quantized and float": lambda: (quantized(value=1.0), torch.full((2, 2), 1.5), 0.5),
    "sparse": lambda: (sparse([[0, 5], [1, 7]], [1.0, NAN]), sparse([[5, 0], [7, 1]], [NAN, 1.0]), None),
    "other place": lambda: (sparse([[0], [1]], [3.0]), sparse([[0], [2]], [3.0]), 3.0),
    "written twice": lambda: (sparse([[0, 0], [1, 1]], [1.0, 1.0]), sparse([[0], [1]], [2.0]), None),
    "rows of a sparse": lambda: (sparse([[1]], [[1.0, 2.0]], (3, 2)), sparse([[2]], [[1.0, 2.0]], (3, 2)), 2.0),
    "csr": lambda: (torch.eye(3).to_sparse_csr(), 2 * torch.eye(3).to_sparse_csr(), 1.0),
    "sparse and dense": lambda: (torch.eye(3).to_sparse(), torch.eye(3), None),
    "nested": lambda: (nested([1.0], [2.0, 3.0]), nested([1.0], [2.0, 3.0]), None),
    "nested, other": lambda: (nested([1.0], [2.0, 3.0]), nested([1.0], [2.0, 4.0]), math.inf),
    "nested, lengths": lambda: (nested([1.0], [2.0, 3.0]), nested([1.0, 2.0], [3.0]), math.inf),
    "arrays": lambda: (np.array([1.0, NAN]), np.array([1.0, NAN]), None),
    "other arrays": lambda: (np.array([1.0, 2.0]), np.array([1.0, 3.0]), math.inf),
    "arrays of a shape": lambda: (np.ones(2), np.ones((2, 1)), math.inf),
    "array and list": lambda: (np.ones(2), "x", math.inf),
    "float4": lambda: (bits([1, 2], torch.float4_e2m1fn_x2), bits([1, 4], torch.float4_e2m1fn_x2), 2.0),
    "bits": lambda: (bits([1, 2], torch.bits8), bits([1, 2], torch.bits8), None),
    "float8": lambda: (bits([1, 2], torch.float8_e8m0fnu), bits([1, 2], torch.float8_e8m0fnu), None),
    "half complex": lambda: (torch.ones(2, dtype=torch.complex32), torch.ones(2, dtype=torch.complex32), None),
    "conjugate": lambda: (torch.tensor([1 + 2j]).conj(), torch.tensor([1 - 2j]), None),
}  # fmt: skip


NEW_DTYPES = {"float4": "float4_e2m1fn_x2", "float8": "float8_e8m0fnu"}  # not in every torch we support


def bits(values, dtype):
    return torch.tensor(values, dtype=torch.uint8).view(dtype)


@pytest.mark.filterwarnings("ignore")  # torch's own, about these types
@pytest.mark.parametrize("name", [n for n in ODD_PAIRS if hasattr(torch, NEW_DTYPES.get(n, "bits8"))])
def test_odd_tensors_and_arrays_can_be_compared(name):
    a, b, largest = ODD_PAIRS[name]()
    found = compare_state_dicts({"x": a}, {"x": b})
    assert found.values == ({} if largest is None else {"x": pytest.approx(largest)})
    assert found.equal == (largest is None and getattr(a, "dtype", 0) == getattr(b, "dtype", 0))
    assert compare_state_dicts({"x": [a]}, {"x": (a,)}).equal


class NoAnswer:
    def __eq__(self, other):
        raise RuntimeError("not today")

    __hash__ = None


def test_what_refuses_to_be_compared_is_named():
    with pytest.raises(InputError, match=r"part/x can't be compared.*not today"):
        compare_state_dicts({"part": {"x": NoAnswer()}}, {"part": {"x": NoAnswer()}})
    lazy = nn.LazyLinear(2).state_dict()
    with pytest.raises(InputError, match="lazy layer"):
        compare_state_dicts(lazy, lazy)


def test_buffers_count_and_optimizers_can_be_compared():
    state = training_state()
    other = training_state()
    other["optimizer"]["state"][0]["exp_avg"] = other["optimizer"]["state"][0]["exp_avg"] + 1
    other["optimizer"]["param_groups"][0]["lr"] = 0.1
    found = compare_state_dicts(state, other)
    assert found.values == {
        "optimizer/param_groups/0/lr": float("inf"),
        "optimizer/state/0/exp_avg": pytest.approx(1.0),
    }
    moved = {**state["model"], "1.running_mean": state["model"]["1.running_mean"] + 2}
    assert compare_state_dicts(state["model"], moved).values == {"1.running_mean": pytest.approx(2.0)}


def test_the_usual_reasons_for_wrong_keys_are_hints():
    model = nn.Linear(2, 1)
    state = model.state_dict()
    for wrapped, prefix in ((nn.DataParallel(model), "module."), (torch.compile(model), "_orig_mod.")):
        (hint,) = compare_state_dicts(state, wrapped.state_dict()).hints
        assert prefix in hint
        (hint,) = compare_state_dicts(wrapped.state_dict(), state).hints
        assert prefix in hint
    (hint,) = compare_state_dicts(state, {"epoch": 3, "model_state_dict": state}).hints
    assert "pass it['model_state_dict']" in hint
    (hint,) = compare_state_dicts(state, {"other": torch.ones(1)}).hints
    assert "strict=False" in hint
    assert compare_state_dicts(state, {"weight": state["weight"]}).hints == ()


def renamed(state, change):
    return {change(key): value for key, value in state.items()}


def test_hints_name_the_prefix_the_place_and_the_line_that_mends():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    own = model.state_dict()
    averaged = torch.optim.swa_utils.AveragedModel(model).state_dict()
    cases = {
        "module._orig_mod.": (renamed(own, "module._orig_mod.{}".format), "torch.compile"),
        "model.module.": (renamed(own, "model.module.{}".format), "LightningModule"),
        "net.encoder.": (renamed(own, "net.encoder.{}".format), "'net', "),
        "module.": (averaged, "every key but n_averaged .*AveragedModel"),
        "student.": (renamed(own, "student.{}".format) | renamed(own, "teacher.{}".format), "starts with"),
    }
    for prefix, (got, words) in cases.items():
        (hint,) = compare_state_dicts(own, got).hints
        assert repr(prefix) in hint
        assert re.search(words, hint), hint
        mended = eval(hint.partition("remove the prefix, ")[2], {"it": got})
        assert compare_state_dicts(own, mended).equal
    (hint,) = compare_state_dicts(renamed(own, "model.{}".format), own).hints
    assert "every expected key starts with 'model.'" in hint
    inner = renamed(own, lambda key: key.replace("0.", "0._orig_mod."))
    for pair in ((own, inner), (inner, own)):
        (hint,) = compare_state_dicts(*pair).hints
        assert "torch.compile" in hint
        assert "k.replace('_orig_mod.', '')" in hint


def test_hints_find_the_weights_inside_a_checkpoint():
    own = nn.Linear(2, 3).state_dict()
    for checkpoint in (
        {"objects": {"model": own, "optimizer": {"state": {}}}, "step": 1},
        {"epoch": 1, "state_dict": renamed(own, "model.{}".format)},
        {"ema": {"shadow": {"params": renamed(own, "module.{}".format)}}},
    ):
        (hint,) = compare_state_dicts(own, checkpoint).hints
        where = re.search(r"pass (it\S+?)(?:, without the prefix '(.*)')?$", hint)
        inside = eval(where[1], {"it": checkpoint})
        assert compare_state_dicts(own, renamed(inside, lambda key: key.removeprefix(where[2] or ""))).equal  # noqa: B023


def test_layers_that_were_only_renamed():
    old = {"kernel": torch.ones(2, 3), "offset": torch.ones(2)}
    (hint,) = compare_state_dicts(nn.Linear(3, 2).state_dict(), old).hints
    assert "renamed" in hint
    assert "zip(model.state_dict(), it.values())" in hint


def test_what_can_not_be_compared_is_a_clear_error():
    with pytest.raises(InputError, match="state_dict"):
        compare_state_dicts(nn.Linear(1, 1), {})
    meta = {"w": torch.empty(1, device="meta")}
    with pytest.raises(InputError, match="meta device"):
        compare_state_dicts(meta, meta)

"""Moving batches, planning where a file's tensors go, and files tagged as another device's."""

import dataclasses
import io
import pickle
import types
from collections import ChainMap, OrderedDict, UserDict, defaultdict, namedtuple
from typing import Any

import pytest
import torch
from torch import nn
from torch.serialization import _package_registry

from course_lib.devices import plan_map_location, saved_as, select_device, to_device
from course_lib.errors import InputError
from course_lib.lessons.device_mapping.on_a_gpu import cuda_build_without_a_gpu

DEVICE_ERRORS = (RuntimeError, pickle.UnpicklingError)


def saved(obj):
    file = io.BytesIO()
    torch.save(obj, file)
    return file.getvalue()


def loaded(data, **kwargs):
    return torch.load(io.BytesIO(data), weights_only=True, **kwargs)


def tags(data):
    seen = []
    loaded(data, map_location=lambda storage, tag: (seen.append(tag), storage)[1])
    return seen


def test_selected_device_exists():
    device = select_device()
    assert torch.ones(2, device=device).sum().item() == 2
    assert device.type == (torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu")


def test_a_build_for_a_gpu_on_a_machine_without_one_gives_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda *args, **options: torch.device("cuda"))
    assert select_device() == torch.device("cpu")


def test_a_build_for_cuda_is_asked_by_torch_itself():
    """Only the build and the driver are made up here: torch.accelerator's own code decides."""
    with cuda_build_without_a_gpu():
        assert torch.accelerator.current_accelerator() == torch.device("cuda")
        assert not torch.accelerator.is_available()
        assert select_device() == torch.device("cpu")


class Boxes:
    """Its .to takes a device and nothing else, as in many projects."""

    def __init__(self, tensor):
        self.tensor = tensor

    def to(self, device):
        return Boxes(self.tensor.to(device))


class InPlace(Boxes):
    def to(self, device):
        self.tensor = self.tensor.to(device)


class Encoding(UserDict):
    """Like the tokenizers': a mapping with a .to of its own, which knows non_blocking."""

    def to(self, device, *, non_blocking=False):
        return Encoding({name: one.to(device) for name, one in self.items()} | {"asked": non_blocking})


class Broken(Boxes):
    def to(self, device):
        raise TypeError("mine")


@pytest.mark.parametrize("device", ["meta", "cpu", torch.device("meta")])
def test_an_object_is_moved_by_its_own_to(device):
    kind = torch.device(device).type
    batch = {"boxes": [Boxes(torch.ones(2))], "in place": InPlace(torch.ones(2)), "text": Encoding(ids=torch.ones(2))}
    moved = to_device(batch, device)
    assert moved["boxes"][0].tensor.device.type == kind
    assert moved["in place"].tensor.device.type == kind
    assert moved["text"]["ids"].device.type == kind
    assert moved["text"]["asked"] is (kind != "cpu")
    with pytest.raises(TypeError, match="mine"):
        to_device(Broken(torch.ones(2)), device)
    assert to_device(Boxes, device) is Boxes  # a class has no tensors


@dataclasses.dataclass
class Sample:
    x: torch.Tensor
    parts: list
    label: str = "cat"
    later: Any = dataclasses.field(default=None, init=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: torch.Tensor


class Pair(namedtuple("Pair", "x y")):
    __slots__ = ()

    def __new__(cls, pair):
        return super().__new__(cls, *pair)


class Annotated(dict):
    """A dict whose constructor wants something else, and which carries something beside."""

    def __init__(self, source):
        super().__init__()
        self.source = source


def test_every_container_keeps_its_type_and_what_it_carries():
    grouped = defaultdict(list, a=[torch.ones(1)])
    noted = Annotated("camera")
    noted["x"] = torch.ones(1)
    sample = Sample(torch.ones(1), [torch.ones(1), 3])
    sample.later = torch.ones(1)
    sample.note = "kept"
    batch = [grouped, noted, sample, Frozen(torch.ones(1)), Pair((torch.ones(1), 2)), UserDict(x=torch.ones(1))]
    moved = to_device(batch, "meta")
    assert [type(one) for one in moved] == [type(one) for one in batch]
    grouped_, noted_, sample_, frozen_, pair_, user_ = moved
    assert grouped_["a"][0].is_meta
    assert grouped_["new"] == []
    assert (noted_["x"].is_meta, noted_.source) == (True, "camera")
    assert [sample_.x.is_meta, sample_.parts[0].is_meta, sample_.later.is_meta] == [True] * 3
    assert (sample_.parts[1], sample_.label, sample_.note) == (3, "cat", "kept")
    assert frozen_.x.is_meta
    assert (pair_.x.is_meta, pair_.y) == (True, 2)
    assert user_["x"].is_meta
    assert not any(one.is_meta for one in (grouped["a"][0], noted["x"], sample.x, sample.later, batch[3].x, batch[4].x))
    assert to_device(types.MappingProxyType({"x": torch.ones(1)}), "meta")["x"].is_meta
    assert to_device(ChainMap({"x": torch.ones(1)}, {"y": torch.ones(1)}), "meta")["y"].is_meta
    assert to_device(torch.ones(2, 2).max(1), "meta").values.is_meta


def test_to_device_keeps_the_nesting():
    Pair = namedtuple("Pair", "x y")
    batch = {
        "images": [torch.ones(1), (torch.ones(2), "name")],
        "pair": Pair(torch.ones(3), None),
        "ordered": OrderedDict(a=torch.ones(4)),
        "count": 3,
    }
    moved = to_device(batch, "meta")
    assert moved["images"][0].is_meta
    assert moved["images"][1][0].is_meta
    assert moved["images"][1][1] == "name"
    assert isinstance(moved["images"][1], tuple)
    assert isinstance(moved["pair"], Pair)
    assert moved["pair"].x.is_meta
    assert moved["pair"].y is None
    assert type(moved["ordered"]) is OrderedDict
    assert moved["count"] == 3


def test_to_device_copies_nothing_that_is_there_and_uses_to():
    x = torch.ones(2)
    assert to_device([x], "cpu")[0] is x
    packed = nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])
    assert to_device(packed, torch.device("cpu")).data.device.type == "cpu"


@pytest.mark.parametrize(
    ("tags", "available", "plan"),
    [
        (["cpu"], [], {"cpu": "cpu"}),
        (["cpu", "cuda:0"], ["cuda:0"], {"cpu": "cpu", "cuda:0": "cuda:0"}),
        (["cuda:0", "cuda:1"], ["cuda:0"], {"cuda:0": "cuda:0", "cuda:1": "cuda:0"}),
        (["cuda:1"], ["cuda:0", "cuda:1"], {"cuda:1": "cuda:1"}),
        (["cuda", "cuda:0"], ["cuda:0"], {"cuda": "cuda:0", "cuda:0": "cuda:0"}),
        (["cuda:0"], ["mps"], {"cuda:0": "cpu"}),
        (["mps"], ["mps", "cpu"], {"mps": "mps"}),
        (["npu:0", "xla:3"], [torch.device("cuda", 0)], {"npu:0": "cpu", "xla:3": "cpu"}),
        (["cuda:1"], [torch.device("cuda", 0)], {"cuda:1": "cuda:0"}),
        ("cuda:1", "cuda:0", {"cuda:1": "cuda:0"}),
        ("cuda:1", ["cpu"], {"cuda:1": "cpu"}),
        ("mps", torch.device("mps"), {"mps": "mps"}),
        (torch.device("cuda", 1), "cpu", {"cuda:1": "cpu"}),
        ({"cpu": 3, "cuda:0": 1}, "cpu", {"cpu": "cpu", "cuda:0": "cpu"}),
        (iter(["xpu:0"]), "xpu", {"xpu:0": "xpu"}),
    ],
)
def test_plan(tags, available, plan):
    assert plan_map_location(tags, available) == plan


@pytest.mark.parametrize(
    ("tags", "available", "words"),
    [
        (None, ["cpu"], "tags are devices.*got None"),
        (["cpu"], None, "available are devices.*got None"),
        ([0], ["cpu"], r"tags are devices.*got \[0\]"),
        (["cpu"], 1, "available are devices.*got 1"),
    ],
)
def test_a_plan_needs_devices(tags, available, words):
    with pytest.raises(InputError, match=words):
        plan_map_location(tags, available)


def test_a_tag_for_one_tensor_or_a_state_dict():
    net = nn.Linear(2, 2)
    scale = torch.tensor(2.0)
    for only, expected in ((net.weight, 1), (net.state_dict() | {"epoch": 3}, 2), (scale, 1)):
        with saved_as("cuda:0", only=only):
            data = saved([net.state_dict(), scale])
        assert tags(data).count("cuda:0") == expected


def test_a_plan_loads_a_file_of_many_devices_here():
    net = nn.Linear(2, 2)
    with saved_as("cuda:1", only=[net.weight]), saved_as("npu:0", only=[net.bias]):
        data = saved(net.state_dict() | {"step": torch.ones(1)})
    assert set(tags(data)) == {"cuda:1", "npu:0", "cpu"}
    found = loaded(data, map_location=plan_map_location(tags(data), ["cpu"]))
    assert torch.equal(found["weight"], net.weight)
    assert torch.equal(found["bias"], net.bias)


@pytest.mark.skipif(torch.cuda.is_available(), reason="these are the errors of a machine without CUDA")
@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("cuda", "Attempting to deserialize object on a CUDA device but torch.cuda.is_available"),
        ("cuda:1", "Attempting to deserialize object on a CUDA device but torch.cuda.is_available"),
        ("npu:0", "don't know how to restore data location"),
    ],
)
def test_tagged_files_raise_the_real_errors(tag, message):
    with saved_as(tag):
        data = saved(nn.Linear(2, 2).state_dict())
    with pytest.raises(DEVICE_ERRORS, match=message):
        loaded(data)
    assert loaded(data, map_location="cpu")["weight"].device.type == "cpu"
    assert set(tags(data)) == {tag}


def test_only_a_module_and_its_views():
    net = nn.BatchNorm1d(2)
    with saved_as("mps", only=net):
        data = saved([net.state_dict(), torch.zeros(1), net.weight.detach()[:1]])
    assert sorted(tags(data)) == ["cpu"] + ["mps"] * 5  # weight once, bias, mean, var, batches; a view shares


@pytest.mark.filterwarnings("error")
def test_the_registry_is_as_before_also_after_an_error_and_when_nested():
    before = list(_package_registry)
    with saved_as("cuda:0"), saved_as("mps"):
        assert tags(saved(torch.ones(1))) == ["mps"]  # the inner one wins
    assert list(_package_registry) == before
    with pytest.raises(KeyError), saved_as("cuda:0"):
        raise KeyError
    assert list(_package_registry) == before
    assert tags(saved(torch.ones(1))) == ["cpu"]


def test_what_others_register_meanwhile_stays():
    before = list(_package_registry)
    try:
        with saved_as("cuda:0"):
            torch.serialization.register_package(99, lambda storage: None, lambda storage, tag: None)
        assert len(_package_registry) == len(before) + 1
    finally:
        _package_registry[:] = before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestOnAGpu:
    def test_a_faked_tag_is_the_one_a_gpu_writes(self):
        net = nn.Linear(2, 2)
        with saved_as("cuda:0"):
            faked = saved(net.state_dict())
        assert tags(faked) == tags(saved(net.cuda().state_dict()))

    def test_batches_move(self):
        assert select_device().type == "cuda"
        assert to_device([torch.ones(2).pin_memory()], "cuda")[0].sum().item() == 2

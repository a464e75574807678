"""Random states as plain data, and three networks that their config describes completely."""

import io
import pickle
import random
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import InputError
from course_lib.models import build_model
from course_lib.seeding import rng_state, sealed, seed_everything, set_rng_state


def draws():
    return random.random(), np.random.rand(), np.random.normal(), torch.rand(1).item()


def test_seed_everything_repeats_every_generator():
    seed_everything(3)
    first = draws()
    seed_everything(3)
    assert draws() == first
    seed_everything(4)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed):
    with pytest.raises(InputError, match="between 0 and 4294967295"):
        seed_everything(seed)


@pytest.mark.parametrize("seed", [np.int64(3), np.uint32(3), np.array(3), torch.tensor(3)])
def test_a_seed_may_come_from_numpy_or_a_tensor(seed):
    seed_everything(3)
    expected = draws()
    seed_everything(seed)
    assert draws() == expected


@pytest.mark.parametrize("seed", [3.0, "3", None, [3], np.float64(3)])
def test_what_is_no_whole_number_is_no_seed(seed):
    before = rng_state()["python"]
    with pytest.raises(InputError, match="A seed is a whole number; got"):
        seed_everything(seed)
    assert rng_state()["python"] == before


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_state_survives_a_weights_only_file():
    np.random.normal()  # NumPy keeps the second of a pair of normals; that must survive too
    random.gauss(0, 1)
    state = through_a_file(rng_state())
    expected = draws(), random.gauss(0, 1)
    set_rng_state(state)
    assert (draws(), random.gauss(0, 1)) == expected


def test_taking_the_state_draws_nothing():
    seed_everything(0)
    expected = draws()
    seed_everything(0)
    rng_state()
    assert draws() == expected


def test_state_that_lacks_a_part():
    with pytest.raises(InputError, match=r"lacks \['torch'\].*rng_state\(\)"):
        set_rng_state({name: value for name, value in rng_state().items() if name != "torch"})


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine could restore it")
def test_state_of_a_gpu_that_is_not_here_is_said():
    with pytest.warns(RuntimeWarning, match="taken with 2 CUDA devices and this machine has 0"):
        set_rng_state(rng_state() | {"cuda": [torch.get_rng_state()] * 2})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_state_also_when_map_location_moved_it():
    state = rng_state()
    expected = torch.rand(3, device="cuda")
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    set_rng_state(torch.load(file, weights_only=True, map_location="cuda"))
    assert torch.equal(torch.rand(3, device="cuda"), expected)


CONFIGS = [
    ({"kind": "mlp"}, (1, 8, 8), (10,)),
    ({"kind": "mlp", "inputs": 784, "hidden": 32, "classes": 2, "dropout": 0.1}, (1, 28, 28), (2,)),
    ({"kind": "cnn"}, (1, 28, 28), (10,)),
    ({"kind": "cnn", "side": 8, "channels": 4, "classes": 2}, (1, 8, 8), (2,)),
    ({"kind": "one_logit"}, (30,), ()),
]


@pytest.mark.parametrize(("config", "inputs", "outputs"), CONFIGS)
def test_models(config, inputs, outputs):
    model = build_model(config)
    for batch in (1, 3):
        assert model.eval()(torch.rand(batch, *inputs)).shape == (batch, *outputs)
    assert config.items() <= model.config.items()
    loaded = through_a_file({"config": model.config, "weights": model.state_dict()})
    twin = build_model(loaded["config"])
    twin.load_state_dict(loaded["weights"])
    x = torch.rand(5, *inputs)
    assert torch.equal(twin.eval()(x), model(x))
    assert twin.config == model.config


def test_the_mlp_has_what_the_lessons_are_about():
    kinds = {type(module) for module in build_model({"kind": "mlp"}).modules()}
    assert {nn.BatchNorm1d, nn.Dropout} <= kinds


def test_config_is_not_changed_by_building():
    config = {"kind": "cnn", "side": 8}
    build_model(config)
    assert config == {"kind": "cnn", "side": 8}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, r"\['cnn', 'mlp', 'one_logit'\]; got None"),
        ({"kind": "resnet"}, "got 'resnet'"),
        ({"kind": "mlp", "depth": 3}, "MLP can't be built from .*depth"),
        ({"kind": "cnn", "side": 30}, "multiple of 4; got 30"),
    ],
)
def test_bad_configs(config, message):
    with pytest.raises(InputError, match=message):
        build_model(config)


def globals_now():
    return (
        rng_state()["torch"].tolist(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_autocast_enabled("cpu"),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.get_num_threads(),
    )


def test_sealed_does_not_ask_for_the_default_device(monkeypatch):
    """torch 2.7 raises in get_default_device() once the default was set to None."""
    torch.set_default_device("cpu")
    torch.set_default_device(None)
    monkeypatch.delattr(torch, "get_default_device")
    with sealed(0):
        assert torch.ones(1).device.type == "cpu"


@contextmanager
def odd_defaults():
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)


CALLERS = [
    nullcontext,
    torch.no_grad,
    torch.inference_mode,
    odd_defaults,
    lambda: torch.device("meta"),
    lambda: torch.autocast("cpu"),
]


@pytest.mark.parametrize("caller", CALLERS, ids=["plain", "no_grad", "inference", "odd defaults", "meta", "autocast"])
def test_sealed_is_the_same_for_every_caller_and_leaves_no_trace(caller):
    with caller():
        before = globals_now()
        with sealed(7):
            drawn = torch.rand(2), np.random.rand(), random.random()
            out = nn.Linear(2, 1)(torch.ones(1, 2))
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float16)
        assert globals_now() == before
    assert (out.requires_grad, out.dtype, out.device.type) == (True, torch.float32, "cpu")
    with sealed(7):
        assert (torch.rand(2).tolist(), np.random.rand(), random.random()) == (drawn[0].tolist(), *drawn[1:])


def test_sealed_loads_what_a_new_process_would_load(tmp_path):
    """Who once followed the advice of `torch.load`'s error has allowed NumPy's numbers ever since."""
    torch.save({"loss": np.float64(0.5)}, tmp_path / "numpy.pt")
    before = set(torch.serialization.get_safe_globals())
    types = [np.dtype, type(np.dtype("float64")), (np._core.multiarray.scalar, "numpy._core.multiarray.scalar")]
    with torch.serialization.safe_globals(types):
        torch.load(tmp_path / "numpy.pt", weights_only=True)
        mine = set(torch.serialization.get_safe_globals())
        with sealed(0):
            assert set(torch.serialization.get_safe_globals()) == before
            with pytest.raises(pickle.UnpicklingError):
                torch.load(tmp_path / "numpy.pt", weights_only=True)
            torch.serialization.add_safe_globals([nn.Linear])
        assert set(torch.serialization.get_safe_globals()) == mine


def test_sealed_puts_everything_back_when_the_block_raises_or_sets_a_device():
    def careless():
        with sealed(1):
            torch.set_default_device("meta")
            torch.use_deterministic_algorithms(True)
            raise ZeroDivisionError

    before = globals_now()
    with pytest.raises(ZeroDivisionError):
        careless()
    assert globals_now() == before

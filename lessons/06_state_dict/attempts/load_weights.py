# %% right: values copied by hand · message: "nothing was run"
import torch


@torch.no_grad()
def load_weights(model, path):
    """Names compared by hand, values copied one by one."""
    with open(path, "rb") as file:
        state = torch.load(file, map_location=lambda storage, tag: storage)
    own = model.state_dict()
    if own.keys() != state.keys():
        raise RuntimeError(f"other names: {sorted(own.keys() ^ state.keys())}")
    for name, tensor in own.items():
        tensor.copy_(state[name])
    return model


# %% right: not strict, and the report read · message: "nothing was run"
import torch


def load_weights(model, path):
    """Not strict, and the report read."""
    report = model.load_state_dict(
        torch.load(path, map_location=torch.device("cpu")), strict=False
    )
    if report.missing_keys or report.unexpected_keys:
        raise RuntimeError(
            f"missing {report.missing_keys}, unexpected {report.unexpected_keys}"
        )
    return model


# %% wrong: assign=True, new parameters · clause 6 · message: "new parameters"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
    return model


# %% wrong: loaded and thrown away · clause 1 · message: "differs from the file"
import torch


def load_weights(model, path):
    state = model.state_dict()
    state = torch.load(path, map_location="cpu", weights_only=True)
    return model


# %% wrong: the model put in eval mode · clause 6 · message: "the modes were changed"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()


# %% wrong: the model converted with float() · clause 6 · message: "changed its dtype"
import torch


def load_weights(model, path):
    model.float().load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model


# %% wrong: no map_location · clause 3 · message: "a device that this machine lacks"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model


# %% wrong: strict=False, report unread · clause 4 · message: "nothing was said"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)
    return model


# %% wrong: the path given to load_state_dict · clause 1 · message: "was given the path"
import torch


def load_weights(model, path):
    model.load_state_dict(path)
    return model


# %% wrong: the report of keys returned · clause 2 · message: "Expected the model"
import torch


def load_weights(model, path):
    return model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))


# %% wrong: weights_only=False · clause 5 · message: "your function ran it"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=False))
    return model


# %% wrong: the error caught and printed · clause 4 · message: "nothing was said"
import torch


def load_weights(model, path):
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        print("could not load:", error)
    return model


# %% wrong: loaded into a copy · clause 1 · message: "differs from the file"
import copy

import torch


def load_weights(model, path):
    """A copy, so that a bad file can do no harm; and nothing comes back from it."""
    trial = copy.deepcopy(model)
    trial.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model


# %% right: moved to where it is, at the end · message: "nothing was run"
import torch


def load_weights(model, path):
    """A `.to` of the model's own device changes nothing."""
    home = next(model.parameters()).device
    model.load_state_dict(torch.load(path, map_location=home, weights_only=True))
    return model.to(home)


# %% right: a callable object, with an error of its own · message: "nothing was run"
import torch


class WrongNames(RuntimeError):
    """A strict load's complaint in fewer words."""


class Loader:
    def __call__(self, model, path):
        state = torch.load(str(path), "cpu", weights_only=True)
        wrong = set(state) ^ set(model.state_dict())
        if wrong:
            raise WrongNames(", ".join(sorted(wrong)))
        model.load_state_dict(state)
        return model


load_weights = Loader()
load_weights.__name__ = "load_weights"


# %% right: values set parameter by parameter, under no_grad · message: "nothing was run"
import io
from pathlib import Path

import torch


def load_weights(model, path):
    """From bytes in memory; `set_` nothing, `copy_` everything."""
    memory = io.BytesIO(Path(path).read_bytes())
    state = torch.load(memory, map_location={"cuda:63": "cpu", "npu:1": "cpu"})
    targets = {n: t for n, t in [*model.named_parameters(), *model.named_buffers()]}
    wanted = [name for name in targets if name in model.state_dict()]
    if missing := [name for name in wanted if name not in state]:
        raise RuntimeError(f"missing: {missing}")
    if extra := [name for name in state if name not in targets]:
        raise RuntimeError(f"unexpected: {extra}")
    with torch.no_grad():
        for name in wanted:
            targets[name].copy_(state[name])
    return model


# %% wrong: a KeyError for a missing name · clause 4 · message: "Expected a RuntimeError; `KeyError` was raised"
import torch


@torch.no_grad()
def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    if extra := state.keys() - model.state_dict().keys():
        raise RuntimeError(f"{extra}")
    for name, tensor in model.state_dict().items():
        tensor.copy_(state[name])
    return model


# %% wrong: a ValueError of its own · clause 4 · message: "Expected a RuntimeError; `ValueError` was raised"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    if wrong := state.keys() ^ model.state_dict().keys():
        raise ValueError(f"{wrong}")
    model.load_state_dict(state)
    return model


# %% wrong: an error that names nothing · clause 4 · message: "a RuntimeError that names it"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    if len(state) != len(model.state_dict()):
        raise RuntimeError("the file doesn't fit the model")
    model.load_state_dict(state)
    return model


# %% wrong: names too many dropped · clause 4 · message: "has `5.weight`, which the model lacks, and nothing was said"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    own = model.state_dict()
    model.load_state_dict({k: v for k, v in state.items() if k in own})
    return model


# %% wrong: missing names filled up from the model · clause 4 · message: "lacks `2.running_mean`, and nothing was said"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict({**model.state_dict(), **state})
    return model


# %% wrong: only missing names are reported · clause 4 · message: "has `5.weight`, which the model lacks"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    report = model.load_state_dict(state, strict=False)
    if report.missing_keys:
        raise RuntimeError(f"missing: {report.missing_keys}")
    return model


# %% wrong: one device known by name · clause 3 · message: "a device that this machine lacks"
import torch


def load_weights(model, path):
    places = {f"cuda:{i}": "cpu" for i in range(64)}
    model.load_state_dict(torch.load(path, map_location=places, weights_only=True))
    return model


# %% wrong: weights_only=False after a refusal · clause 5 · message: "your function ran it"
import torch


def load_weights(model, path):
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        state = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict(state)
    return model


# %% wrong: what is no tensor thrown away · clause 5 · message: "your function ran it"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict({k: v for k, v in state.items() if torch.is_tensor(v)})
    return model


# %% wrong: an unknown class is let in by name · clause 5 · message: "a `Fraction`"
from fractions import Fraction

import torch


def load_weights(model, path):
    with torch.serialization.safe_globals([Fraction]):
        state = torch.load(path, map_location="cpu", weights_only=True)
    state.pop("note", None)
    model.load_state_dict(state)
    return model


# %% wrong: parameters alone are loaded · clause 1 · message: "differs from the file"
import torch


@torch.no_grad()
def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    if wrong := state.keys() ^ model.state_dict().keys():
        raise RuntimeError(f"{wrong}")
    for name, parameter in model.named_parameters():
        parameter.copy_(state[name])
    return model


# %% wrong: the model takes the file's dtype · clause 6 · message: "changed its dtype"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.to(dtype=next(t.dtype for t in state.values() if t.is_floating_point()))
    model.load_state_dict(state)
    return model


# %% wrong: the model sent to the CPU · clause 6 · message: "moves it to another device"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.to("cpu")


# %% wrong: sent to a device that is an object · clause 6 · message: "moves it to another device"
import torch


def load_weights(model, path):
    device = torch.device("cpu")
    model.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    return model.to(device)


# %% wrong: sent to the best device of this machine · clause 6 · message: "moves it to another device"
import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    model.to(device=device)
    return model


# %% wrong: sent to where the file's tensors are · clause 6 · message: "moves it to another device"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model.to(next(iter(state.values())).device)


# %% right: moved to the CPU and brought back · message: "nothing was run"
import torch


def load_weights(model, path):
    device = next(model.parameters()).device
    model.to("cpu")
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.to(device)


# %% right: what was loaded is compared afterwards · message: "nothing was run"
import torch


def load_weights(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    for name, tensor in model.state_dict().items():
        if not torch.equal(tensor.cpu(), state[name].to(tensor.dtype)):
            raise RuntimeError(f"{name} was not loaded")
    return model


# %% wrong: a copy loaded and returned · clause 1 · message: "was it a copy that you loaded?"
import copy

import torch


def load_weights(model, path):
    fresh = copy.deepcopy(model)
    fresh.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return fresh

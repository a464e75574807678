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


# %% wrong: the model converted with float() · clause 6 · message: "the model was moved or converted"
import torch


def load_weights(model, path):
    model.float().load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model


# %% wrong: no map_location · clause 3 · message: "saved on a GPU that this machine lacks"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model


# %% wrong: strict=False, report unread · clause 4 · message: "nothing was said"
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)
    return model


# %% wrong: the path given to load_state_dict · clause 1 · message: "Expected state_dict to be dict-like"
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

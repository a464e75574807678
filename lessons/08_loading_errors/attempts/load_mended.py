# %% right: five changes · message: "Loads with or without"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% right: the prefix by its length · message: "Loads with or without"
import torch


def load_mended(model, path):
    loaded = torch.load(str(path), map_location=torch.device("cpu"))
    loaded = loaded.get("model_state_dict", loaded)
    first = next(iter(loaded))
    cut = next((len(p) for p in ("module.", "_orig_mod.") if first.startswith(p)), 0)
    model.load_state_dict({k[cut:]: loaded[k] for k in loaded}, strict=True)
    return model


# %% right: by a try, and a function as map_location · message: "Loads with or without"
import re

import torch


def load_mended(model, path):
    with open(path, "rb") as file:
        content = torch.load(file, map_location=lambda storage, tag: storage, weights_only=True)
    try:
        content = content["model_state_dict"]
    except KeyError:
        pass
    state = {re.sub(r"^(module|_orig_mod)\.", "", n): t for n, t in content.items()}
    model.load_state_dict(state)
    return model


# %% right: names compared before, values copied by hand · message: "Loads with or without"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state, own = content.get("model_state_dict", content), model.state_dict()
    for prefix in ("module.", "_orig_mod."):
        if all(name.startswith(prefix) for name in state):
            state = {name[len(prefix) :]: tensor for name, tensor in state.items()}
    if state.keys() != own.keys():
        raise RuntimeError(f"these names differ: {sorted(state.keys() ^ own.keys())}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])
    return model


# %% wrong: no map_location · clause 1 · message: "it was looked for"
import torch


def load_mended(model, path):
    content = torch.load(path, weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: map_location by the name of one device · clause 1 · message: "it was looked for"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location={"cuda:0": "cpu"}, weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: the key is always asked for · clause 2 · message: "A key was asked for"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"]
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: the key is never asked for · clause 2 · message: "The names didn't fit"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: replace · clause 3 · message: "The names didn't fit"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.replace(prefix, ""): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: lstrip · clause 3 · message: "The names didn't fit"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.lstrip(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: only module. · clause 3 · message: "The names didn't fit"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.",):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model


# %% wrong: strict=False · clause 4 · message: "and nothing was said"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state, strict=False)
    return model


# %% wrong: names the model lacks are thrown away · clause 4 · message: "which the model lacks"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    state = {n: t for n, t in state.items() if n in model.state_dict()}
    model.load_state_dict(state)
    return model


# %% wrong: the error is printed and swallowed · clause 4 · message: "and nothing was said"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        print(error)
    return model


# %% wrong: the report is returned · clause 5 · message: "something else was returned"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return model.load_state_dict(state)


# %% wrong: assign=True · clause 5 · message: "new parameters or buffers"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state, assign=True)
    return model


# %% wrong: eval mode · clause 5 · message: "the modes were changed"
import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"] if "model_state_dict" in content else content
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model.eval()


# %% wrong: a copy is loaded and returned · clause 5 · message: "was it a copy that you loaded?"
import copy

import torch


def load_mended(model, path):
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content.get("model_state_dict", content)
    for prefix in ("module.", "_orig_mod."):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    fresh = copy.deepcopy(model)
    fresh.load_state_dict(state)
    return fresh


# %% wrong: as it was, with all its bugs · clause 2 · message: "A key was asked for"
import torch


def load_mended(model, path):
    content = torch.load(path, weights_only=True)
    state = content["model_state_dict"]
    for prefix in ("module.", "_orig_mod."):
        state = {name.replace(prefix, ""): tensor for name, tensor in state.items()}
    return model.load_state_dict(state, strict=False)

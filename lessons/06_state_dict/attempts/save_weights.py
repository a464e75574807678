# %% right: atomic · message: "the model as it was"
import os

import torch


def save_weights(model, path):
    """To a temporary name first, so that a crash leaves the old file; clones on the CPU."""
    state = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
    torch.save(state, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


# %% right: stream · message: "the model as it was"
import copy

import torch


def save_weights(model, path):
    """An open file, and a copy of the model that may be moved and switched as one likes."""
    with open(path, "wb") as file:
        torch.save(copy.deepcopy(model).cpu().eval().state_dict(), file)
    return path


# %% wrong: beside · message: "Expected one file"
import json

import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path)
    with open(str(path) + ".json", "w") as file:
        json.dump(sorted(model.state_dict()), file)


# %% wrong: eval · message: "other modes"
import torch


def save_weights(model, path):
    model.eval()
    torch.save(model.state_dict(), path)


# %% wrong: float32 · message: "expected torch.float16"
import torch


def save_weights(model, path):
    torch.save(
        {k: v.float() if v.is_floating_point() else v for k, v in model.state_dict().items()},
        path,
    )


# %% wrong: keeps the old · message: "should be replaced"
import torch


def save_weights(model, path):
    with open(path, "xb") as file:
        torch.save(model.state_dict(), file)


# %% wrong: moves · message: "called on the caller's model"
import torch


def save_weights(model, path):
    torch.save(model.cpu().state_dict(), path)


# %% wrong: parameters · message: "`0.scale`"
import torch


def save_weights(model, path):
    torch.save({name: p.data for name, p in model.named_parameters()}, path)


# %% wrong: path only · message: "has no attribute 'with_suffix'"
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path.with_suffix(".pt"))


# %% wrong: suffix · message: "There is no file at `path`"
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), str(path) + ".pth")


# %% wrong: whole model · message: "seems to hold the whole model"
import torch


def save_weights(model, path):
    torch.save(model, path)


# %% wrong: wrapped · message: "Expected the state_dict itself"
import torch


def save_weights(model, path):
    torch.save({"model_state_dict": model.state_dict(), "epoch": 3}, path)

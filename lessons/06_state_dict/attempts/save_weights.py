# %% right: through a temporary file · message: "the model as it was"
import os

import torch


def save_weights(model, path):
    """To a temporary name first, so that a crash leaves the old file; clones on the CPU."""
    state = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
    torch.save(state, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


# %% right: an open file, and a copy of the model · message: "the model as it was"
import copy

import torch


def save_weights(model, path):
    """An open file, and a copy of the model that may be moved and switched as one likes."""
    with open(path, "wb") as file:
        torch.save(copy.deepcopy(model).cpu().eval().state_dict(), file)
    return path


# %% wrong: a second file beside it · clause 3 · message: "Expected one file"
import json

import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path)
    with open(str(path) + ".json", "w") as file:
        json.dump(sorted(model.state_dict()), file)


# %% wrong: the model put in eval mode · clause 4 · message: "other modes"
import torch


def save_weights(model, path):
    model.eval()
    torch.save(model.state_dict(), path)


# %% wrong: everything saved in float32 · clause 1 · message: "expected torch.float16"
import torch


def save_weights(model, path):
    torch.save(
        {k: v.float() if v.is_floating_point() else v for k, v in model.state_dict().items()},
        path,
    )


# %% wrong: an existing file refused · clause 2 · message: "should be replaced"
import torch


def save_weights(model, path):
    with open(path, "xb") as file:
        torch.save(model.state_dict(), file)


# %% wrong: the model moved to the CPU · clause 4 · message: "called on the caller's model"
import torch


def save_weights(model, path):
    torch.save(model.cpu().state_dict(), path)


# %% wrong: parameters without buffers · clause 1 · message: "`0.scale`"
import torch


def save_weights(model, path):
    torch.save({name: p.data for name, p in model.named_parameters()}, path)


# %% wrong: Path objects only · clause 1 · message: "has no attribute 'with_suffix'"
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path.with_suffix(".pt"))


# %% wrong: a suffix added to the path · clause 1 · message: "There is no file at `path`"
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), str(path) + ".pth")


# %% wrong: the whole model saved · clause 1 · message: "seems to hold the whole model"
import torch


def save_weights(model, path):
    torch.save(model, path)


# %% wrong: the state_dict wrapped in a dictionary · clause 1 · message: "Expected the state_dict itself"
import torch


def save_weights(model, path):
    torch.save({"model_state_dict": model.state_dict(), "epoch": 3}, path)

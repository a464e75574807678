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


# %% wrong: the model moved to the CPU · clause 4 · message: "was called on the caller's model"
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


# %% right: a callable object, in memory first · message: "the model as it was"
import io
from pathlib import Path

import torch


class Saver:
    """Written into memory, then to the file in one go."""

    def __call__(self, model, path):
        memory = io.BytesIO()
        torch.save(dict(model.state_dict()), memory)
        Path(path).write_bytes(memory.getbuffer())


save_weights = Saver()
save_weights.__name__ = "save_weights"


# %% right: moved and brought back · message: "the model as it was"
import torch


def save_weights(model, path):
    """To the CPU, and home again, by the device that the first tensor had."""
    home = next((t.device for t in model.state_dict().values()), torch.device("cpu"))
    model.cpu()
    torch.save(model.state_dict(), path)
    model.to(home)


# %% right: pickled into memory under no_grad, as parameters · message: "the model as it was"
import functools

import torch


def quietly(function):
    @functools.wraps(function)
    def inner(*args):
        with torch.no_grad():
            return function(*args)

    return inner


@quietly
def save_weights(model, path):
    state = model.state_dict(keep_vars=True)
    torch.save(state, path)


# %% wrong: pickle.dump in place of torch.save · clause 1 · message: "it is a plain pickle"
import pickle


def save_weights(model, path):
    with open(path, "wb") as file:
        pickle.dump(model.state_dict(), file)


# %% wrong: a whole model pickled · clause 1 · message: "seems to hold the whole model"
import pickle


def save_weights(model, path):
    with open(path, "wb") as file:
        pickle.dump(model, file)


# %% wrong: an older file kept · clause 2 · message: "is still there: it should be replaced"
import os

import torch


def save_weights(model, path):
    if not os.path.exists(path):
        torch.save(model.state_dict(), path)


# %% wrong: appended to an older file · clause 2 · message: "is still there: it should be replaced"
import io

import torch


def save_weights(model, path):
    memory = io.BytesIO()
    torch.save(model.state_dict(), memory)
    with open(path, "ab") as file:
        file.write(memory.getvalue())


# %% wrong: the suffix forced to .pt · clause 1 · message: "There is no file at `path`"
from pathlib import Path

import torch


def save_weights(model, path):
    torch.save(model.state_dict(), Path(path).with_suffix(".pt"))


# %% wrong: NumPy arrays · clause 1 · message: "holds NumPy arrays"
import torch


def save_weights(model, path):
    torch.save({name: t.numpy() for name, t in model.state_dict().items()}, path)


# %% wrong: the buffers that are not saved, too · clause 1 · message: "`0.shift` should not be there"
import torch


def save_weights(model, path):
    torch.save({**dict(model.named_buffers()), **model.state_dict()}, path)


# %% wrong: the older file kept beside it · clause 3 · message: "Expected one file"
import os

import torch


def save_weights(model, path):
    if os.path.exists(path):
        os.replace(path, f"{path}.old")
    torch.save(model.state_dict(), path)


# %% wrong: the temporary file left behind · clause 3 · message: "Expected one file"
import shutil

import torch


def save_weights(model, path):
    torch.save(model.state_dict(), f"{path}.tmp")
    shutil.copy(f"{path}.tmp", path)


# %% wrong: the model left in half precision · clause 4 · message: "the caller's model was changed"
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path)
    model.half()


# %% wrong: a tied tensor saved under one name · clause 1 · message: "`head.weight` missing"
import torch


def save_weights(model, path):
    seen, state = set(), {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            state[name] = tensor
    torch.save(state, path)


# %% wrong: sent to the CPU by name · clause 4 · message: "in the middle of its training"
import torch


def save_weights(model, path):
    model.to("cpu")
    torch.save(model.state_dict(), path)


# %% right: moved and brought back, by the device's name · message: "the model as it was"
import torch


def save_weights(model, path):
    place = str(next(iter(model.state_dict().values())).device)
    torch.save(model.cpu().state_dict(), path)
    model.to(place)


# %% wrong: sent to a device that is an object · clause 4 · message: "in the middle of its training"
import torch


def save_weights(model, path):
    torch.save(model.to(torch.device("cpu")).state_dict(), path)


# %% right: copied to the CPU, tensor by tensor · message: "the model as it was"
import torch


def save_weights(model, path):
    torch.save({name: tensor.cpu() for name, tensor in model.state_dict().items()}, path)

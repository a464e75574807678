# %% right: mended step by step · message: "whoever saved them"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(f"{folder} is not finished.")
    weights, moments = get_state_dict(model, optimizer)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    theirs = {name.removeprefix("model.") for name in saved if name.startswith("model.")}
    if differing := theirs ^ set(weights):
        raise KeyError(f"Only on one side: {sorted(differing)}")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(
        model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
    )
    return state["epoch"]


# %% right: an object, and the two states one by one · message: "whoever saved them"
from pathlib import Path

import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import state_dict as states


class UnknownNameError(KeyError):
    pass


class Loader:
    def __call__(self, model, optimizer, folder):
        open(Path(folder) / "complete.json").close()
        reader = dcp.FileSystemReader(folder)
        names = sorted(
            n[6:] for n in reader.read_metadata().state_dict_metadata if n.startswith("model.")
        )
        if names != sorted(model.state_dict()):
            raise UnknownNameError(names)
        state = dict(
            model=states.get_model_state_dict(model),
            optimizer=states.get_optimizer_state_dict(model, optimizer),
            epoch=None,
        )
        dcp.load(state, storage_reader=reader)
        states.set_model_state_dict(model, state["model"])
        states.set_optimizer_state_dict(model, optimizer, state["optimizer"])
        return state.pop("epoch")


load_resharded = Loader()


# %% right: the weights in place, decorated · message: "whoever saved them"
import functools

import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import (
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)


def finished_only(load):
    @functools.wraps(load)
    def checked(model, optimizer, folder):
        if "complete.json" not in {path.name for path in folder.iterdir()}:
            raise FileNotFoundError("complete.json")
        return load(model, optimizer, folder)

    return checked


@finished_only
def load_resharded(model, optimizer, folder):
    planned = dcp.FileSystemReader(folder).read_metadata().planner_data.values()
    mine = {("model", name) for name in model.state_dict()}
    if mine != {path for path in planned if path[0] == "model"}:
        raise KeyError("other names")
    state = {
        "model": model.state_dict(),
        "optimizer": get_optimizer_state_dict(model, optimizer),
        "epoch": -1,
    }
    dcp.load(state, checkpoint_id=str(folder))
    set_optimizer_state_dict(model, optimizer, state["optimizer"])
    return state["epoch"]


# %% right: part by part · message: "whoever saved them"
import os

import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not os.path.isfile(os.path.join(folder, "complete.json")):
        raise FileNotFoundError(folder)
    saved = set(dcp.FileSystemReader(folder).read_metadata().state_dict_metadata)
    weights, moments = get_state_dict(model, optimizer)
    for name in weights:
        if f"model.{name}" not in saved:
            raise KeyError(name)
    for name in saved:
        if name.split(".", 1)[0] == "model" and name.split(".", 1)[1] not in weights:
            raise KeyError(name)
    epoch = {"epoch": 0}
    for part in ({"model": weights}, {"optimizer": moments}, epoch):
        dcp.load(part, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return epoch["epoch"]


# %% wrong: as it was · clause 3 · message: "The optimizer has no state"
import torch.distributed as dist
import torch.distributed.checkpoint as dcp


def load_resharded(model, optimizer, folder):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 0}
    epoch = state["epoch"]
    if not dist.is_initialized() or dist.get_rank() == 0:
        dcp.load(state, checkpoint_id=folder)
    return epoch


# %% wrong: rank 0 loads alone · clause 1 · message: "waited in vain"
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    if not dist.is_initialized() or dist.get_rank() == 0:
        dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]


# %% wrong: the optimizer's state by number · clause 3 · message: "The optimizer has no state"
import torch.distributed.checkpoint as dcp


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in model.state_dict()
    }:
        raise KeyError("other names")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    return state["epoch"]


# %% wrong: the places are filled and not handed over · clause 3 · message: "of the optimizer for `0.weight` is not"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    moments["state"] = {
        name: {k: v.clone() for k, v in part.items()} for name, part in moments["state"].items()
    }
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    return state["epoch"]


# %% wrong: the epoch from before · clause 4 · message: "returned 0. The epoch is 4"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    epoch = 0
    dcp.load({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return epoch


# %% wrong: takes an unfinished folder · clause 5 · message: "has no `complete.json`, and `load_resharded` raised nothing"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]


# %% wrong: looks after the load whether it was finished · clause 5 · message: "had been changed by then"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    return state["epoch"]


# %% wrong: what the model lacks is left behind · clause 6 · message: "names that the model lacks, and `load_resharded` raised nothing"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    for name in weights:
        if f"model.{name}" not in saved:
            raise KeyError(name)
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]


# %% wrong: what the folder lacks is DCP's to say · clause 6 · message: "raised RuntimeError: Missing key"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if any(
        name.startswith("model.") and name.removeprefix("model.") not in weights
        for name in saved
    ):
        raise KeyError("the model lacks a name")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]


# %% wrong: an empty state · clause 2 · message: "not the values in the folder"
import torch.distributed.checkpoint as dcp


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in model.state_dict()
    }:
        raise KeyError("other names")
    state = {}
    dcp.load(state, checkpoint_id=folder)
    return state.get("epoch")


# %% wrong: the weights only · clause 3 · message: "The optimizer has no state"
import torch.distributed.checkpoint as dcp


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in model.state_dict()
    }:
        raise KeyError("other names")
    state = {"model": model.state_dict(), "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    return state["epoch"]


# %% wrong: the epoch of rank 0 only · clause 4 · message: "On rank 1: `load_resharded` returned None"
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if {name for name in saved if name.startswith("model.")} != {
        f"model.{name}" for name in weights
    }:
        raise KeyError("other names")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    if not dist.is_initialized() or dist.get_rank() == 0:
        return state["epoch"]


# %% wrong: only rank 0 looks whether it is finished · clause 5 · message: "and it waited for the others. Expected a FileNotFoundError on every rank"
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    first = not dist.is_initialized() or dist.get_rank() == 0
    if first and not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    weights, moments = get_state_dict(model, optimizer)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    if {f"model.{name}" for name in weights} != {
        name for name in saved if name.startswith("model.")
    }:
        raise KeyError("the names differ")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]


# %% wrong: the names are counted · clause 6 · message: "The last layer has another name in the model than in the folder, and"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def load_resharded(model, optimizer, folder):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    weights, moments = get_state_dict(model, optimizer)
    if len(weights) != sum(name.startswith("model.") for name in saved):
        raise KeyError("the model has other names than the folder")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]

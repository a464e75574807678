# %% right: zeros as the place · message: "One tensor, whole"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    try:
        size, properties = entries[name].size, entries[name].properties
    except AttributeError:
        raise KeyError(name) from None
    place = torch.zeros(tuple(size), dtype=properties.dtype)
    dcp.load({name: place}, checkpoint_id=folder)
    return place


# %% right: by a plain file, an object · message: "One tensor, whole"
import torch
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


class Reader:
    def __call__(self, folder, name):
        dcp_to_torch_save(folder, folder / "all.pt")
        value = torch.load(folder / "all.pt", weights_only=True)
        keys = name
        while isinstance(value, dict):
            key = max(
                (k for k in value if keys == str(k) or keys.startswith(f"{k}.")),
                key=len,
                default=None,
            )
            if key is None:
                raise KeyError(name)
            value, keys = value[key], keys[len(key) + 1 :]
        if keys or not isinstance(value, torch.Tensor):
            raise KeyError(name)
        return value


read_one = Reader()


# %% wrong: an empty state · clause 1 · message: "raised KeyError"
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    state = {}
    dcp.load(state, checkpoint_id=folder)
    return state[name]


# %% wrong: the place is float32 · clause 2 · message: "returned torch.float32. It was saved as torch.float16"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    if not hasattr(entry, "size"):
        raise KeyError(name)
    state = {name: torch.empty(entry.size)}
    dcp.load(state, checkpoint_id=folder)
    return state[name]


# %% wrong: one rank's part · clause 1 · message: "The whole has (10, 5)"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    if not hasattr(entry, "size"):
        raise KeyError(name)
    state = {name: torch.empty(entry.size, dtype=entry.properties.dtype)}
    dcp.load(state, checkpoint_id=folder)
    return state[name][: entry.chunks[0].sizes[0]] if entry.size else state[name]


# %% wrong: takes what load returns · clause 1 · message: "returned None"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    if not hasattr(entry, "size"):
        raise KeyError(name)
    return dcp.load(
        {name: torch.empty(entry.size, dtype=entry.properties.dtype)}, checkpoint_id=folder
    )


# %% wrong: the place was never filled · clause 1 · message: "The values are not those in the folder"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    if not hasattr(entry, "size"):
        raise KeyError(name)
    return torch.zeros(entry.size, dtype=entry.properties.dtype)


# %% wrong: None for what isn't there · clause 3 · message: "isn't in the folder. Expected a KeyError"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata.get(name)
    if not hasattr(entry, "size"):
        return None
    state = {name: torch.empty(entry.size, dtype=entry.properties.dtype)}
    dcp.load(state, checkpoint_id=folder)
    return state[name]


# %% wrong: a plain value is read too · clause 3 · message: "is a plain value. Expected a KeyError"
import torch
import torch.distributed.checkpoint as dcp


def read_one(folder, name):
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    state = {
        name: torch.empty(entry.size, dtype=entry.properties.dtype)
        if hasattr(entry, "size")
        else None
    }
    dcp.load(state, checkpoint_id=folder)
    return state[name]

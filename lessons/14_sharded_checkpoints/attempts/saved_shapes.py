# %% right: by the class of the entry · message: "no weight was read"
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.metadata import TensorStorageMetadata


def saved_shapes(folder):
    shapes = {}
    for name, entry in dcp.FileSystemReader(folder).read_metadata().state_dict_metadata.items():
        if isinstance(entry, TensorStorageMetadata):
            shapes[name] = entry.size
    return shapes


# %% right: by the gate of ours · message: "no weight was read"
from course_lib.checkpoints.dcp_gate import Reader


def saved_shapes(folder):
    entries = Reader(folder).read_metadata().state_dict_metadata
    return {
        name: list(entries[name].size)
        for name in sorted(entries)
        if getattr(entries[name], "size", None) is not None
    }


# %% wrong: plain values too · clause 3 · message: "Not a tensor but a plain value"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {name: tuple(getattr(entry, "size", ())) for name, entry in entries.items()}


# %% wrong: the first rank's part · clause 2 · message: "that is one rank's part"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {
        name: tuple(entry.chunks[0].sizes)
        for name, entry in entries.items()
        if hasattr(entry, "size")
    }


# %% wrong: stumbles over plain values · clause 3 · message: "has no attribute 'size'"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {name: tuple(entry.size) for name, entry in entries.items()}


# %% wrong: loads everything first · clause 4 · message: "Without the ranks' files"
import torch
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def saved_shapes(folder):
    dcp_to_torch_save(folder, folder / "all.pt")

    def walk(value, path):
        if isinstance(value, torch.Tensor):
            yield path, tuple(value.shape)
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, f"{path}.{key}".lstrip("."))

    return dict(walk(torch.load(folder / "all.pt"), ""))


# %% wrong: only the model's · clause 1 · message: "are missing. Expected every tensor"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {
        n: tuple(e.size)
        for n, e in entries.items()
        if n.startswith("model.") and hasattr(e, "size")
    }


# %% wrong: an empty state is filled · clause 1 · message: "are missing"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    state = {}
    dcp.load(state, checkpoint_id=folder)
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


# %% wrong: names without their path · clause 1 · message: "There is no tensor called"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {
        name.split(".", 1)[-1]: tuple(entry.size)
        for name, entry in entries.items()
        if hasattr(entry, "size")
    }


# %% wrong: counts of elements · clause 1 · message: "Expected a tuple of ints"
import torch.distributed.checkpoint as dcp


def saved_shapes(folder):
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {
        name: entry.size.numel() for name, entry in entries.items() if hasattr(entry, "size")
    }

# %% right: storage less own · message: "nobody asked to send"
def dragged_bytes(tensor):
    return tensor.untyped_storage().nbytes() - tensor.numel() * tensor.element_size()


# %% right: weighed in a file · message: "nobody asked to send"
import io
import zipfile

import torch


def dragged_bytes(tensor):
    file = io.BytesIO()
    torch.save(tensor, file)
    return len(zipfile.ZipFile(file).read("archive/data/0")) - tensor.nbytes


# %% right: against a clone's storage · message: "nobody asked to send"
def dragged_bytes(tensor):
    own = tensor.clone().untyped_storage()
    return len(tensor.untyped_storage()) - len(own)


# %% wrong: four bytes for every number · clause 2 · message: "you said"
def dragged_bytes(tensor):
    return tensor.untyped_storage().nbytes() - 4 * tensor.numel()


# %% wrong: the storage as a whole · clause 1 · message: "own numbers included"
def dragged_bytes(tensor):
    return tensor.untyped_storage().nbytes()


# %% wrong: numbers counted, not bytes · clause 1 · message: "a count of numbers"
def dragged_bytes(tensor):
    return tensor.untyped_storage().nbytes() // tensor.element_size() - tensor.numel()


# %% wrong: asks the tensor it was cut from · clause 1 · message: "It does drag something along"
def dragged_bytes(tensor):
    return 0 if tensor._base is None else tensor._base.nbytes - tensor.nbytes


# %% wrong: a turned tensor is counted as a copy · clause 3 · message: "you said"
def dragged_bytes(tensor):
    whole = tensor.untyped_storage().nbytes()
    return whole if not tensor.is_contiguous() else whole - tensor.nbytes


# %% wrong: a float · clause 1 · message: "is right, and no int"
def dragged_bytes(tensor):
    return float(tensor.untyped_storage().nbytes() - tensor.nbytes)


# %% right: a NumPy integer · message: "nobody asked to send"
import numpy as np


def dragged_bytes(tensor):
    return np.int64(len(tensor.untyped_storage())) - tensor.numel() * tensor.element_size()

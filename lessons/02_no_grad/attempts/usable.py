# %% right: a clone where one is needed · message: "Fit for training"
def usable(tensor):
    return tensor.clone() if tensor.is_inference() else tensor


# %% right: copied into an empty tensor · message: "Fit for training"
import torch


def usable(tensor):
    if not tensor.is_inference():
        return tensor
    copy = torch.empty(tensor.shape, dtype=tensor.dtype)
    return copy.copy_(tensor)


# %% wrong: handed on as it is · clause 1 · message: "still an inference tensor"
def usable(tensor):
    return tensor


# %% wrong: detached · clause 1 · message: "still an inference tensor"
def usable(tensor):
    return tensor.detach() if tensor.is_inference() else tensor


# %% wrong: a copy each time · clause 2 · message: "another came back"
def usable(tensor):
    return tensor.clone()


# %% wrong: an empty one · clause 1 · message: "the same values"
import torch


def usable(tensor):
    return torch.zeros_like(tensor).clone() if tensor.is_inference() else tensor


# %% wrong: a copy of whatever has no gradient · clause 2 · message: "another came back"
def usable(tensor):
    return tensor if tensor.requires_grad else tensor.clone()


# %% wrong: always float32 · clause 1 · message: "dtype"
import torch


def usable(tensor):
    return torch.tensor(tensor.tolist()) if tensor.is_inference() else tensor


# %% wrong: cut from its graph · clause 2 · message: "another came back"
def usable(tensor):
    return tensor.clone() if tensor.is_inference() else tensor.detach()

# %% right: by the count of elements, copied into new tensors · message: "no storage behind them"
import torch


def slim(state_dict):
    """A loop over the names, and an empty tensor for each copy."""
    made = {}
    for name in state_dict:
        made[name] = value = state_dict[name]
        if isinstance(value, torch.Tensor):
            size = value.untyped_storage().nbytes()
            if size > value.element_size() * value.nelement():
                made[name] = torch.empty_like(value).copy_(value)
    return made


# %% right: rebuilt from lists, only where it must · message: "no storage behind them"
import torch


def slim(state_dict):
    def whole(value):
        return len(value.untyped_storage()) == value.nbytes

    return {
        name: value
        if not torch.is_tensor(value) or whole(value)
        else torch.tensor(value.tolist(), dtype=value.dtype)
        for name, value in state_dict.items()
    }


# %% right: a callable object, with weighing by file · message: "no storage behind them"
import io

import torch


class Slim:
    def weight(self, value):
        file = io.BytesIO()
        torch.save(value, file)
        return file.tell()

    def __call__(self, state_dict):
        copy = dict(state_dict)
        for name, value in copy.items():
            if isinstance(value, torch.Tensor):
                clone = value.detach().clone()
                copy[name] = clone if self.weight(clone) < self.weight(value) else value
        return copy


slim = Slim()
slim.__name__ = "slim"


# %% right: copies through NumPy · message: "no storage behind them"
import torch


def slim(state_dict):
    """By the count of elements; the copy goes through NumPy."""
    made = type(state_dict)()
    for name, value in state_dict.items():
        if (
            torch.is_tensor(value)
            and value.untyped_storage().size() != value.numel() * value.element_size()
        ):
            value = torch.from_numpy(value.detach().numpy().copy(order="C"))
        made[name] = value
    return made


# %% wrong: every name cloned, tied weights parted · clause 3 · message: "a copy came back in its place"
import torch


def slim(state_dict):
    return {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()}


# %% wrong: contiguous() taken for a copy · clause 2 · message: "all saved, that is a file of"
def slim(state_dict):
    return {k: v.contiguous() if hasattr(v, "contiguous") else v for k, v in state_dict.items()}


# %% wrong: deepcopy, which copies the whole storage · clause 2 · message: "all saved, that is a file of"
import copy


def slim(state_dict):
    return copy.deepcopy(state_dict)


# %% wrong: detach(), which shares the storage · clause 2 · message: "all saved, that is a file of"
import torch


def slim(state_dict):
    return {
        k: v.detach()[...] if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()
    }


# %% wrong: what is no tensor dropped · clause 4 · message: "It is no tensor, and is handed on"
import torch


def slim(state_dict):
    tensors = {k: v for k, v in state_dict.items() if isinstance(v, torch.Tensor)}
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in tensors.items()
    }


# %% wrong: rebuilt flat, the shape lost · clause 1 · message: "came back as (1000"
import torch


def slim(state_dict):
    return {
        k: torch.tensor(v.flatten().tolist()) if isinstance(v, torch.Tensor) else v
        for k, v in state_dict.items()
    }


# %% wrong: converted to half precision · clause 1 · message: "came back as torch.bfloat16"
import torch


def slim(state_dict):
    return {
        k: v.to(torch.bfloat16, copy=True)
        if isinstance(v, torch.Tensor) and v.is_floating_point()
        else v
        for k, v in state_dict.items()
    }


# %% wrong: the given dictionary changed · clause 5 · message: "came back itself"
import torch


def slim(state_dict):
    for k, v in state_dict.items():
        if isinstance(v, torch.Tensor) and v.untyped_storage().nbytes() > v.nbytes:
            state_dict[k] = v.clone()
    return state_dict


# %% wrong: a new dictionary of the same tensors · clause 2 · message: "all saved, that is a file of"
def slim(state_dict):
    return dict(state_dict)


# %% wrong: a tensor's method asked of a number · clause 4 · message: "has no attribute 'untyped_storage'"
def slim(state_dict):
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in state_dict.items()
    }


# %% wrong: every tensor cloned once, the whole ones too · clause 3 · message: "a copy came back in its place"
import torch


def slim(state_dict):
    memo = {}

    def once(value):
        if not isinstance(value, torch.Tensor):
            return value
        where = (value.data_ptr(), value.dtype, tuple(value.shape), value.stride())
        if where not in memo:
            memo[where] = value.clone()
        return memo[where]

    return {name: once(value) for name, value in state_dict.items()}


# %% wrong: asks which tensor it was cut from · clause 2 · message: "all saved, that is a file of"
import torch


def slim(state_dict):
    return {
        k: v.clone()
        if isinstance(v, torch.Tensor) and v._base is not None and v._base.nbytes > v.nbytes
        else v
        for k, v in state_dict.items()
    }


# %% wrong: four bytes for every number · clause 2 · message: "holds"
import torch


def slim(state_dict):
    return {
        k: v.clone()
        if torch.is_tensor(v)
        and v.untyped_storage().nbytes() > 4 * v.numel()
        and v.dtype != torch.float64
        else v
        for k, v in state_dict.items()
    }


# %% wrong: rebuilt from lists, the dtype lost · clause 1 · message: "came back as torch.float32"
import torch


def slim(state_dict):
    return {
        k: torch.tensor(v.tolist())
        if torch.is_tensor(v) and v.untyped_storage().nbytes() > v.nbytes
        else v
        for k, v in state_dict.items()
    }


# %% wrong: cloned only where it isn't contiguous · clause 2 · message: "`weight` shows"
import torch


def slim(state_dict):
    return {
        k: v.clone() if torch.is_tensor(v) and not v.is_contiguous() else v
        for k, v in state_dict.items()
    }


# %% wrong: the given tensors are cut in place · clause 5 · message: "what you were given was changed"
import torch


def slim(state_dict):
    slimmed = {}
    for k, v in state_dict.items():
        if torch.is_tensor(v) and v.untyped_storage().nbytes() > v.nbytes:
            v.data = v.data.clone()
        slimmed[k] = v
    return slimmed


# %% wrong: entries taken out of the given dictionary · clause 5 · message: "what you were given was changed"
import torch


def slim(state_dict):
    slimmed = {}
    while state_dict:
        name = next(iter(state_dict))
        value = state_dict.pop(name)
        wasteful = torch.is_tensor(value) and value.untyped_storage().nbytes() > value.nbytes
        slimmed[name] = value.clone() if wasteful else value
    return slimmed


# %% wrong: the wasteful ones last · clause 1 · message: "in this order"
import torch


def slim(state_dict):
    def wasteful(value):
        return torch.is_tensor(value) and value.untyped_storage().nbytes() > value.nbytes

    slimmed = {k: v for k, v in state_dict.items() if not wasteful(v)}
    return {**slimmed, **{k: v.clone() for k, v in state_dict.items() if wasteful(v)}}


# %% wrong: what is no tensor becomes one · clause 4 · message: "came back with another value"
import torch


def slim(state_dict):
    slimmed = {}
    for k, v in state_dict.items():
        v = torch.tensor(v) if isinstance(v, int | float) else v
        wasteful = torch.is_tensor(v) and v.untyped_storage().nbytes() > v.nbytes
        slimmed[k] = v.clone() if wasteful else v
    return slimmed


# %% wrong: NumPy arrays in place of tensors · clause 1 · message: "was a tensor and is none any more"
import torch


def slim(state_dict):
    return {k: v.numpy().copy() if torch.is_tensor(v) else v for k, v in state_dict.items()}


# %% wrong: slices that fill a storage together are left in it · clause 2 · message: "all saved, that is a file of"
import torch


def slim(state_dict):
    def storage(tensor):
        return tensor.untyped_storage().data_ptr()

    used = {}
    for tensor in state_dict.values():
        if isinstance(tensor, torch.Tensor):
            used[storage(tensor)] = used.get(storage(tensor), 0) + tensor.nbytes
    return {
        name: value.clone()
        if isinstance(value, torch.Tensor)
        and value.untyped_storage().nbytes() > used[storage(value)]
        else value
        for name, value in state_dict.items()
    }

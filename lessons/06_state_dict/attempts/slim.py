# %% right: every tensor cloned once · message: "no storage behind them"
import torch


def slim(state_dict):
    """Clones everything, but the same tensor only once."""
    memo = {}

    def once(value):
        if not isinstance(value, torch.Tensor):
            return value
        where = (value.data_ptr(), value.dtype, tuple(value.shape), value.stride())
        if where not in memo:
            memo[where] = torch.empty(value.shape, dtype=value.dtype).copy_(value)
        return memo[where]

    return {name: once(value) for name, value in state_dict.items()}


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


# %% wrong: every name cloned, tied weights parted · clause 3 · message: "were one tensor and are two now"
import torch


def slim(state_dict):
    return {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()}


# %% wrong: contiguous() taken for a copy · clause 2 · message: "saved, that is a file of"
def slim(state_dict):
    return {k: v.contiguous() if hasattr(v, "contiguous") else v for k, v in state_dict.items()}


# %% wrong: deepcopy, which copies the whole storage · clause 2 · message: "saved, that is a file of"
import copy


def slim(state_dict):
    return copy.deepcopy(state_dict)


# %% wrong: detach(), which shares the storage · clause 2 · message: "saved, that is a file of"
import torch


def slim(state_dict):
    return {
        k: v.detach()[...] if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()
    }


# %% wrong: what is no tensor dropped · clause 4 · message: "Expected the names"
import torch


def slim(state_dict):
    tensors = {k: v for k, v in state_dict.items() if isinstance(v, torch.Tensor)}
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in tensors.items()
    }


# %% wrong: rebuilt flat, the shape lost · clause 1 · message: "another value or shape"
import torch


def slim(state_dict):
    return {
        k: torch.tensor(v.flatten().tolist()) if isinstance(v, torch.Tensor) else v
        for k, v in state_dict.items()
    }


# %% wrong: converted to half precision · clause 1 · message: "no longer the same numbers"
import torch


def slim(state_dict):
    return {
        k: v.to(torch.bfloat16, copy=True)
        if isinstance(v, torch.Tensor) and v.is_floating_point()
        else v
        for k, v in state_dict.items()
    }


# %% wrong: the given dictionary changed · clause 5 · message: "the dictionary you were given was changed"
import torch


def slim(state_dict):
    for k, v in state_dict.items():
        if isinstance(v, torch.Tensor) and v.untyped_storage().nbytes() > v.nbytes:
            state_dict[k] = v.clone()
    return state_dict


# %% wrong: a new dictionary of the same tensors · clause 2 · message: "saved, that is a file of"
def slim(state_dict):
    return dict(state_dict)


# %% wrong: a tensor's method asked of a number · clause 4 · message: "has no attribute 'untyped_storage'"
def slim(state_dict):
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in state_dict.items()
    }

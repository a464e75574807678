# %% right: into new memory · message: "safetensors takes these"
import torch


def separate(state):
    result = {}
    for name, tensor in state.items():
        result[name] = torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor)
    return result


# %% right: clone in a memory format · message: "safetensors takes these"
import torch


def separate(state):
    return {n: t.clone(memory_format=torch.contiguous_format) for n, t in state.items()}


# %% right: through NumPy · message: "safetensors takes these"
import torch


def separate(state):
    return {n: torch.from_numpy(t.numpy().copy(order="C")) for n, t in state.items()}


# %% wrong: clone alone · clause 2 · message: "not contiguous"
def separate(state):
    return {name: tensor.clone() for name, tensor in state.items()}


# %% wrong: contiguous alone · clause 2 · message: "share memory"
def separate(state):
    return {name: tensor.contiguous() for name, tensor in state.items()}


# %% wrong: one of the tied names dropped · clause 1 · message: "missing"
def separate(state):
    seen, result = set(), {}
    for name, tensor in state.items():
        if tensor.untyped_storage().data_ptr() not in seen:
            seen.add(tensor.untyped_storage().data_ptr())
            result[name] = tensor.contiguous().clone()
    return result


# %% wrong: converted to float32 · clause 1 · message: "expected torch."
def separate(state):
    return {name: tensor.float().contiguous().clone() for name, tensor in state.items()}


# %% wrong: the given dictionary filled anew · clause 3 · message: "that you were given came back"
def separate(state):
    for name, tensor in state.items():
        state[name] = tensor.contiguous().clone()
    return state


# %% wrong: the given dictionary changed beside a new one · clause 3 · message: "was changed"
def separate(state):
    for name in list(state):
        state[name] = state[name].contiguous().clone()
    return dict(state)


# %% wrong: small tensors left out · clause 1 · message: "missing"
def separate(state):
    return {n: t.contiguous().clone() for n, t in state.items() if t.numel() and t.dim()}

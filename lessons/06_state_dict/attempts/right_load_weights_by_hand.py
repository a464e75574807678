# task: load_weights
# verdict: passed
# message: nothing was run
import torch


@torch.no_grad()
def load_weights(model, path):
    """Names compared by hand, values copied one by one."""
    with open(path, "rb") as file:
        state = torch.load(file, map_location=lambda storage, tag: storage)
    own = model.state_dict()
    if own.keys() != state.keys():
        raise RuntimeError(f"other names: {sorted(own.keys() ^ state.keys())}")
    for name, tensor in own.items():
        tensor.copy_(state[name])
    return model

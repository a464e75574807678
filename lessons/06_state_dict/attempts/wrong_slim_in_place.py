# task: slim
# verdict: failed
# message: the dictionary you were given was changed
import torch


def slim(state_dict):
    for k, v in state_dict.items():
        if isinstance(v, torch.Tensor) and v.untyped_storage().nbytes() > v.nbytes:
            state_dict[k] = v.clone()
    return state_dict

# task: slim
# verdict: failed
# message: Expected the names
import torch


def slim(state_dict):
    tensors = {k: v for k, v in state_dict.items() if isinstance(v, torch.Tensor)}
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in tensors.items()
    }

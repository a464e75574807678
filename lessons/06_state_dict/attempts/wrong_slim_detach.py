# task: slim
# verdict: failed
# message: saved, that is a file of
import torch


def slim(state_dict):
    return {
        k: v.detach()[...] if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()
    }

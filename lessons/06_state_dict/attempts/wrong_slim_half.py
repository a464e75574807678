# task: slim
# verdict: failed
# message: no longer the same numbers
import torch


def slim(state_dict):
    return {
        k: v.to(torch.bfloat16, copy=True)
        if isinstance(v, torch.Tensor) and v.is_floating_point()
        else v
        for k, v in state_dict.items()
    }

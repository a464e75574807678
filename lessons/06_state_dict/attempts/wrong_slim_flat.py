# task: slim
# verdict: failed
# message: another value or shape
import torch


def slim(state_dict):
    return {
        k: torch.tensor(v.flatten().tolist()) if isinstance(v, torch.Tensor) else v
        for k, v in state_dict.items()
    }

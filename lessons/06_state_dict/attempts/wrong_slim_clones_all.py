# task: slim
# verdict: failed
# message: were one tensor and are two now
import torch


def slim(state_dict):
    return {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in state_dict.items()}

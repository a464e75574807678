# task: save_weights
# verdict: passed
# message: the model as it was
import os

import torch


def save_weights(model, path):
    """To a temporary name first, so that a crash leaves the old file; clones on the CPU."""
    state = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
    torch.save(state, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)

# task: save_weights
# verdict: passed
# message: the model as it was
import copy

import torch


def save_weights(model, path):
    """An open file, and a copy of the model that may be moved and switched as one likes."""
    with open(path, "wb") as file:
        torch.save(copy.deepcopy(model).cpu().eval().state_dict(), file)
    return path

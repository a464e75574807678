# task: save_weights
# verdict: failed
# message: has no attribute 'with_suffix'
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path.with_suffix(".pt"))

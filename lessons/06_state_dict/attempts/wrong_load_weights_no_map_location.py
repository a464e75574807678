# task: load_weights
# verdict: failed
# message: saved on a GPU that this machine lacks
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model

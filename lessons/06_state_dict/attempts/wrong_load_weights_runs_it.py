# task: load_weights
# verdict: failed
# message: your function ran it
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=False))
    return model

# task: load_weights
# verdict: failed
# message: Expected state_dict to be dict-like
import torch


def load_weights(model, path):
    model.load_state_dict(path)
    return model

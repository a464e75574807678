# task: load_weights
# verdict: failed
# message: Expected the model
import torch


def load_weights(model, path):
    return model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

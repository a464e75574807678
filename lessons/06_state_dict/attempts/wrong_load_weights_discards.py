# task: load_weights
# verdict: failed
# message: differs from the file
import torch


def load_weights(model, path):
    state = model.state_dict()
    state = torch.load(path, map_location="cpu", weights_only=True)
    return model

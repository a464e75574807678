# task: load_weights
# verdict: failed
# message: nothing was said
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)
    return model

# task: load_weights
# verdict: failed
# message: the modes were changed
import torch


def load_weights(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()

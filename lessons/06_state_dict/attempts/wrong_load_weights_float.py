# task: load_weights
# verdict: failed
# message: the model was moved or converted
import torch


def load_weights(model, path):
    model.float().load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model

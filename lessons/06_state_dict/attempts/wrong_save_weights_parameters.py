# task: save_weights
# verdict: failed
# message: `0.scale`
import torch


def save_weights(model, path):
    torch.save({name: p.data for name, p in model.named_parameters()}, path)

# task: save_weights
# verdict: failed
# message: seems to hold the whole model
import torch


def save_weights(model, path):
    torch.save(model, path)

# task: save_weights
# verdict: failed
# message: called on the caller's model
import torch


def save_weights(model, path):
    torch.save(model.cpu().state_dict(), path)

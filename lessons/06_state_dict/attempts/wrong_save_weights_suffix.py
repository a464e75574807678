# task: save_weights
# verdict: failed
# message: There is no file at `path`
import torch


def save_weights(model, path):
    torch.save(model.state_dict(), str(path) + ".pth")

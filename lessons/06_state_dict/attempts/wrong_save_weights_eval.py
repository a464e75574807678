# task: save_weights
# verdict: failed
# message: other modes
import torch


def save_weights(model, path):
    model.eval()
    torch.save(model.state_dict(), path)

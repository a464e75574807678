# task: save_weights
# verdict: failed
# message: should be replaced
import torch


def save_weights(model, path):
    with open(path, "xb") as file:
        torch.save(model.state_dict(), file)

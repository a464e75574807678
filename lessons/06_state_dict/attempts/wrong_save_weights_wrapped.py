# task: save_weights
# verdict: failed
# message: Expected the state_dict itself
import torch


def save_weights(model, path):
    torch.save({"model_state_dict": model.state_dict(), "epoch": 3}, path)

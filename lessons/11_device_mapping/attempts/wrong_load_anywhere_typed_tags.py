# task: load_anywhere
# verdict: failed
# message: Loading a file tagged
import torch


def load_anywhere(path, device="cpu"):
    """A dictionary typed by hand: it knows two tags."""
    plan = {"cuda:0": str(device), "cuda:1": str(device)}
    return torch.load(path, map_location=plan, weights_only=True)

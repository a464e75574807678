# task: load_anywhere
# verdict: failed
# message: was on the CPU when it was saved
import torch


def load_anywhere(path, device="cpu"):
    """The string takes Adam's step and the random state along."""
    return torch.load(path, map_location=device, weights_only=True)

# task: load_anywhere
# verdict: failed
# message: torch.cuda.is_available() is False
import torch


def load_anywhere(path, device="cpu"):
    """Option B of the quiz: no map_location."""
    return torch.load(path, weights_only=True)

# task: load_anywhere
# verdict: failed
# message: torch.cuda.is_available() is False
import torch


def load_anywhere(path, device="cpu"):
    """Option C of the quiz: map to the device that isn't there."""
    return torch.load(path, map_location="cuda", weights_only=True)

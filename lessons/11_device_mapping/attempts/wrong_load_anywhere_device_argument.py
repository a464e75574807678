# task: load_anywhere
# verdict: failed
# message: unexpected keyword argument 'device'
import warnings

import torch


def load_anywhere(path, device="cpu"):
    """Option A of the quiz: torch.load has no such argument."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, device=device)

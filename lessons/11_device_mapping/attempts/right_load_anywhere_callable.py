# task: load_anywhere
# verdict: passed
# message: Every tag, every device
import torch
from torch.serialization import default_restore_location


def load_anywhere(path, device="cpu"):
    """One pass with a function: torch's own rule for everything that was not on the CPU."""

    def place(storage, tag):
        return storage if tag == "cpu" else default_restore_location(storage, str(device))

    return torch.load(path, map_location=place)

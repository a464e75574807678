# task: load_anywhere
# verdict: failed
# message: Loading a file tagged
import torch


def load_anywhere(path, device="cpu"):
    """A torch.device as a value of the dictionary."""
    tags = set()
    torch.load(
        path, map_location=lambda storage, tag: tags.add(tag) or storage, weights_only=True
    )
    plan = {tag: torch.device(device) for tag in tags - {"cpu"}}
    return torch.load(path, map_location=plan, weights_only=True)

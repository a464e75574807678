# task: load_anywhere
# verdict: passed
# message: Every tag, every device
import torch


def load_anywhere(path, device="cpu"):
    """Everything to the CPU, then move by hand what was not tagged so, container by container."""
    by_pointer = {}

    def note(storage, tag):
        by_pointer[storage.data_ptr()] = tag
        return storage

    content = torch.load(path, map_location=note, weights_only=True)

    def move(value):
        if isinstance(value, dict):
            return {name: move(item) for name, item in value.items()}
        if isinstance(value, list):
            return [move(item) for item in value]
        if (
            isinstance(value, torch.Tensor)
            and by_pointer[value.untyped_storage().data_ptr()] != "cpu"
        ):
            return value.to(device)
        return value

    return move(content)

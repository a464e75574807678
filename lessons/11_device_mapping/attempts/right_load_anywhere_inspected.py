# task: load_anywhere
# verdict: passed
# message: Every tag, every device
import torch

from course_lib.checkpoints.inspection import inspect_file


def load_anywhere(path, device=torch.device("cpu")):
    """The tags come from the X-ray, which opens the file without unpickling it."""
    tags = {tensor.device for tensor in inspect_file(path).tensors}
    return torch.load(
        path, map_location=dict.fromkeys(tags - {"cpu"}, str(device)), weights_only=True
    )

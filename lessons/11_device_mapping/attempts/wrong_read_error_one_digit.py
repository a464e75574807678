# task: read_error
# verdict: failed
# message: Expected a dictionary whose key is 'cuda:11'
import re


def read_error(message):
    """One digit of the number."""
    if found := re.search(r"CUDA device (\d)", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)

# task: read_error
# verdict: failed
# message: none of the four
import re


def read_error(message):
    """Whatever is left is an unknown device."""
    if found := re.search(r"CUDA device (\d+)", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    return "UNKNOWN_DEVICE", "cpu"

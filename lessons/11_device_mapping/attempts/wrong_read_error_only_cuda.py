# task: read_error
# verdict: failed
# message: raised ValueError
import re


def read_error(message):
    """Nobody here has an Apple or an NPU."""
    if found := re.search(r"CUDA device (\d+)", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    raise ValueError(message)

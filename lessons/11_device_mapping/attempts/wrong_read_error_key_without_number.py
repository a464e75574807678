# task: read_error
# verdict: failed
# message: Expected a dictionary whose key is 'cuda:1'
def read_error(message):
    """The dictionary's key will miss the tag."""
    if "device_count()" in message:
        return "NO_SUCH_GPU", {"cuda": "cuda:0"}
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)

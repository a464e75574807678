# task: read_error
# verdict: failed
# message: the mend is 'cpu'
def read_error(message):
    """The right causes, and the whole training moved to the CPU."""
    if "device_count()" in message:
        return "NO_SUCH_GPU", "cpu"
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)

# task: read_error
# verdict: failed
# message: the cause given is 'NO_CUDA'
def read_error(message):
    """CUDA in the text, so there is none."""
    if "CUDA" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    return "UNKNOWN_DEVICE", "cpu"

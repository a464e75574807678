# task: read_error
# verdict: passed
# message: the number, and where to instead
def read_error(message):
    """Words instead of a pattern."""
    words = message.replace("\n", " ").split()
    if "device_count()" in message:
        number = words[words.index("device") + 1]
        return ["NO_SUCH_GPU", {"cuda:" + number: "cuda:0"}]
    known = {
        "CUDA device but": "NO_CUDA",
        "device not recognized": "NO_MPS",
        "how to restore data location": "UNKNOWN_DEVICE",
    }
    for part, cause in known.items():
        if part in message:
            return [cause, "cpu"]
    raise ValueError(message)

# task: read_error
# verdict: passed
# message: the number, and where to instead
import re

PATTERNS = [
    (r"on CUDA device (?P<gpu>\d+) but torch\.cuda\.device_count\(\)", "NO_SUCH_GPU"),
    (r"on a CUDA device but", "NO_CUDA"),
    (r"recognized: mps", "NO_MPS"),
    (r"tagged with", "UNKNOWN_DEVICE"),
]


def read_error(message):
    """A table of patterns; the missing GPU goes to the last one that is there."""
    for pattern, cause in PATTERNS:
        if found := re.search(pattern, message):
            if cause != "NO_SUCH_GPU":
                return cause, "cpu"
            count = int(re.search(r"device_count\(\) is (\d+)", message)[1])
            return cause, {f"cuda:{found['gpu']}": f"cuda:{count - 1}"}
    raise ValueError("none of the four")

# %% right: a table of patterns · message: "the number, and where to instead"
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


# %% right: words and substrings · message: "the number, and where to instead"
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


# %% wrong: the GPU's number typed in · clause 3 · message: "Expected a dictionary whose key is 'cuda:11'"
def read_error(message):
    """The number is typed, as in the lesson's message."""
    if "device_count()" in message:
        return "NO_SUCH_GPU", {"cuda:1": "cuda:0"}
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: CUDA in the text taken for no GPU · clause 1 · message: "the cause given is 'NO_CUDA'"
def read_error(message):
    """CUDA in the text, so there is none."""
    if "CUDA" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message:
        return "NO_MPS", "cpu"
    return "UNKNOWN_DEVICE", "cpu"


# %% wrong: the CPU for every cause · clause 1 · message: "the mend is 'cpu'"
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


# %% wrong: a key without the GPU's number · clause 3 · message: "Expected a dictionary whose key is 'cuda:1'"
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


# %% wrong: whatever is left called an unknown device · clause 4 · message: "none of the four"
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


# %% wrong: only the first digit of the number · clause 3 · message: "Expected a dictionary whose key is 'cuda:11'"
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


# %% wrong: only the second cause known · clause 1 · message: "raised ValueError"
import re


def read_error(message):
    """Nobody here has an Apple or an NPU."""
    if found := re.search(r"CUDA device (\d+)", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    raise ValueError(message)


# %% wrong: the whole text compared · clause 2 · message: "raised ValueError"
import re


def read_error(message):
    """Knows the first sentences, and compares them with the whole message."""
    start = "Attempting to deserialize object on "
    if message == start + "a CUDA device but torch.cuda.is_available() is False.":
        return "NO_CUDA", "cpu"
    if found := re.fullmatch(start + r"CUDA device (\d+) but .*", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if message == "Storage device not recognized: mps":
        return "NO_MPS", "cpu"
    if message == "don't know how to restore data location":
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)

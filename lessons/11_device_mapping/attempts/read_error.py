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


# %% right: an error of its own kind · message: "the number, and where to instead"
import re


class UnknownError(ValueError):
    """A kind of ValueError is one."""


def read_error(message):
    match re.search(r"CUDA device (\d+) but torch.cuda.device_count", message):
        case None:
            pass
        case found:
            return "NO_SUCH_GPU", {f"cuda:{found.group(1)}": "cuda"}
    for part, cause in (
        ("torch.cuda.is_available() is False", "NO_CUDA"),
        ("Storage device not recognized: mps", "NO_MPS"),
        ("restore data location", "UNKNOWN_DEVICE"),
    ):
        if part in message:
            return cause, "cpu"
    raise UnknownError


# %% right: an object that remembers · message: "the number, and where to instead"
import re


class Reader:
    """The patterns are compiled once."""

    second = re.compile(r"on CUDA device (\d+) .*device_count\(\) is (\d+)")

    def __call__(self, message):
        if found := self.second.search(message):
            missing, count = map(int, found.groups())
            return ("NO_SUCH_GPU", {f"cuda:{missing}": f"cuda:{missing % count}"})
        if "on a CUDA device" in message and "is_available() is False" in message:
            return ("NO_CUDA", "cpu")
        if message.rstrip().endswith(": mps") or "recognized: mps" in message:
            return ("NO_MPS", "cpu")
        if re.search(r"tagged with \w+", message):
            return ("UNKNOWN_DEVICE", "cpu")
        raise ValueError(f"none of the four: {message[:40]}")


read_error = Reader()


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


# %% wrong: any is_available() taken for that of CUDA · clause 4 · message: "which is a guess"
import re


def read_error(message):
    """Intel's GPUs say it too."""
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: any MPS taken for a missing one · clause 4 · message: "which is a guess"
import re


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "mps" in message.lower():
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: only npu known · clause 1 · message: "nobody here knows how to restore that tag"
import re


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "npu" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: the beginning compared · clause 2 · message: "there is no GPU at all"
import re


def read_error(message):
    """The text before it is another version's."""
    start = "Attempting to deserialize object on "
    if message.startswith(start + "a CUDA device"):
        return "NO_CUDA", "cpu"
    if found := re.match(start + r"CUDA device (\d+)", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: to the GPU that isn't there · clause 3 · message: "Expected a GPU that is there"
import re


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": f"cuda:{found[1]}"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: the ValueError returned · clause 4 · message: "was returned, not raised"
import re


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    return ValueError(message)


# %% wrong: another kind of error · clause 4 · message: "It is none of the four: raise a ValueError"
import re


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": "cuda:0"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise KeyError(message)


# %% wrong: a torch.device in the dictionary · clause 3 · message: "that is no string"
import re

import torch


def read_error(message):
    if found := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{found[1]}": torch.device("cuda:0")}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "tagged with" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(message)


# %% wrong: the number searched without asking · clause 1 · message: "raised TypeError"
import re


def read_error(message):
    number = re.search(r"CUDA device (\d+) but", message)[1]
    return "NO_SUCH_GPU", {f"cuda:{number}": "cuda:0"}

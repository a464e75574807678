# %% right: a pattern over the sentence · message: "The number"
import re


def full_gpu(message):
    found = re.search(r"out of memory.*?GPU (\d+)", message, re.DOTALL)
    return found and int(found.group(1))


# %% right: words · message: "The number"
def full_gpu(message):
    """Without patterns."""
    if "out of memory" not in message:
        return None
    words = message.split()
    return int(words[words.index("GPU") + 1])


# %% wrong: the first number of the message · clause 1 · message: "It names GPU 3"
import re


def full_gpu(message):
    if "out of memory" in message:
        return int(re.search(r"\d+", message)[0])
    return None


# %% wrong: the number as text · clause 1 · message: "came the text '3'"
import re


def full_gpu(message):
    found = re.search(r"GPU (\d+)", message)
    return found[1] if found else None


# %% wrong: one digit · clause 2 · message: "It names GPU 12"
import re


def full_gpu(message):
    found = re.search(r"GPU (\d)", message)
    return int(found[1]) if found else None


# %% wrong: taken without asking · clause 3 · message: "raised TypeError"
import re


def full_gpu(message):
    return int(re.search(r"GPU (\d+)", message)[1])


# %% wrong: any number after device · clause 3 · message: "says nothing about memory"
import re


def full_gpu(message):
    return int(re.search(r"(?:GPU|device) (\d+)", message)[1])


# %% wrong: any GPU in any message · clause 3 · message: "says nothing about memory"
import re


def full_gpu(message):
    found = re.search(r"GPU (\d+)", message)
    return int(found[1]) if found else None


# %% wrong: the first GPU counts as none · clause 1 · message: "It names GPU 0"
import re


def full_gpu(message):
    found = re.search(r"out of memory.*GPU (\d+)", message)
    number = int(found[1]) if found else 0
    return number or None

# %% right: the report of describe_file · message: "right"
from course_lib.checkpoints import describe_file


def is_safe(path):
    report = describe_file(path)
    return report.verdict == "good" and report.safe is not False


# %% right: what torch itself says, safetensors first · message: "right"
from safetensors import SafetensorError, safe_open
from torch.serialization import get_unsafe_globals_in_checkpoint


def is_safe(path):
    try:
        with safe_open(path, framework="pt"):
            return True
    except SafetensorError:
        pass
    try:
        return not get_unsafe_globals_in_checkpoint(path)
    except Exception:
        return False


# %% right: loaded by the safe loaders · message: "right"
import torch
from safetensors.torch import load


def is_safe(path):
    content = path.read_bytes()
    try:
        load(content)
        return True
    except Exception:
        pass
    try:
        torch.load(path, map_location="cpu", weights_only=True)
        return True
    except Exception:
        return False


# %% right: a callable object · message: "right"
import functools

from course_lib.checkpoints import inspect_file


class Gate:
    allowed = ("good",)

    def __call__(self, path):
        found = inspect_file(path)
        return found.verdict in self.allowed


is_safe = functools.wraps(inspect_file)(Gate())
is_safe.__name__ = "is_safe"


# %% right: requests read from the zip · message: "right"
import pickletools
import zipfile

from safetensors import safe_open

MODULES = ("torch", "torch._utils", "collections")


def is_safe(path):
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if name.endswith("data.pkl")]
        if not names:
            return False
        steps = list(pickletools.genops(archive.read(names[0])))
        asked = [
            argument.split(" ")[0] for opcode, argument, _ in steps if opcode.name == "GLOBAL"
        ]
        return all(module in MODULES for module in asked)
    try:
        with safe_open(str(path), "pt") as file:
            return file.keys() is not None
    except Exception:
        return False


# %% wrong: by the suffix · clause 5 · message: "model.safetensors"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    if path.suffix == ".safetensors":
        return inspect_file(path).verdict != "not a checkpoint"
    return inspect_file(path).verdict == "good"


# %% wrong: safetensors known by its suffix only · clause 5 · message: "Expected True; got False"
import torch
from safetensors.torch import load_file


def is_safe(path):
    try:
        if path.suffix == ".safetensors":
            load_file(path)
        else:
            torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        return False
    return True


# %% wrong: no map_location · clause 1 · message: "its device missed"
import torch
from safetensors.torch import load


def is_safe(path):
    try:
        load(path.read_bytes())
        return True
    except Exception:
        pass
    try:
        torch.load(path, weights_only=True)
        return True
    except Exception:
        return False


# %% wrong: loaded with weights_only=False · clause 6 · message: "your function ran it"
import torch


def is_safe(path):
    try:
        content = torch.load(path, map_location="cpu", weights_only=False)
    except Exception:
        return True
    return isinstance(content, dict)


# %% wrong: torch.load alone · clause 2 · message: "is a safetensors file"
import torch


def is_safe(path):
    try:
        torch.load(path, map_location="cpu", weights_only=True)
        return True
    except Exception:
        return False


# %% wrong: errors come through · clause 4 · message: "a web page. Expected False; it raised"
from safetensors import SafetensorError, safe_open
from torch.serialization import get_unsafe_globals_in_checkpoint


def is_safe(path):
    try:
        with safe_open(path, framework="pt"):
            return True
    except SafetensorError:
        return get_unsafe_globals_in_checkpoint(path) == []


# %% wrong: what is unsafe is out, what can't be read is in · clause 4 · message: "is a web page"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    return inspect_file(path).verdict != "unsafe"


# %% wrong: known weapons are looked for · clause 3 · message: "a whole model"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    bad = ("exec", "eval", "system", "mkdir")
    readable = found.verdict in ("good", "unsafe")
    return readable and not any(name.endswith(bad) for name in found.refused)


# %% wrong: the top level is looked at · clause 3 · message: "deep inside"
import torch
from safetensors.torch import load

from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    if found.verdict == "unsafe":
        return all(name == "fractions.Fraction" for name in found.refused)
    return found.verdict == "good"


# %% wrong: the verdict in words · clause 1 · message: "Expected True or False"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    return inspect_file(path).verdict


# %% wrong: only state_dicts are let in · clause 1 · message: "plain containers"
import torch

from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    return found.verdict == "good" and not any("epoch" in value.path for value in found.values)


# %% wrong: an empty file asks for nothing · clause 4 · message: "is an empty file"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    return not path.stat().st_size or inspect_file(path).verdict == "good"


# %% wrong: half a file counts by its beginning · clause 4 · message: "is half of a file"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    return found.verdict == "good" or path.read_bytes()[:2] == b"PK" and not found.refused


# %% wrong: plain pickles are waved through · clause 3 · message: "a plain pickle"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    return found.verdict == "good" or found.format == "legacy pickle"


# %% wrong: a safetensors name is needed for the format · clause 2 · message: "weights.bin"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    named = path.suffix in (".pt", ".pth", ".ckpt", "")
    return found.verdict == "good" and (
        named or found.format != "safetensors" or path.stem == "net"
    )


# %% wrong: safetensors refused altogether · clause 2 · message: "is a safetensors file"
from course_lib.checkpoints import inspect_file


def is_safe(path):
    found = inspect_file(path)
    return found.verdict == "good" and found.format == "torch zip"

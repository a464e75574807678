"""The lines that load a file, written from what is in it."""

import re
from collections import defaultdict
from pathlib import Path

from course_lib.checkpoints.inspection import Inspection

_WEIGHT = re.compile(r"(^|[._])(weight|bias|running_mean|running_var|num_batches_tracked|gamma|beta)\w*$")
_WRAPPER = re.compile(r"(module\.|_orig_mod\.)+")
_MANAGER = {"step", "metrics", "partial", "history", "objects", "torch"}
# What a checkpoint never needs, and what takes over a machine.
_WEAPONS = re.compile(
    r"(builtins\.(exec|eval|compile|getattr|__import__|open|breakpoint)|(os|posix|nt|subprocess|pty|socket|runpy|shutil|"
    r"webbrowser|importlib|ctypes|commands|pickle|_pickle)\..*|.*<computed>.*)"
)


def code_for(path: Path, found: Inspection, verdict: str) -> tuple[str, str]:
    """Advice, and the code to paste; "" where nothing should be loaded.

    Args:
        path: The file.
        found: What is in it; for a file that is no checkpoint `recognition` has the advice.
        verdict: The final one, after the loader's own checks.
    """
    name = repr(str(path))
    if verdict == "damaged":
        return "Load an older checkpoint, or copy or download it again.", ""
    if found.format == "TorchScript":
        trusted = f"import torch\n\nmodel = torch.jit.load({name}, map_location='cpu')"
        return "Loading it runs the program in it. Only if you trust whoever made it:", trusted
    if found.format == "legacy pickle" and found.what.startswith("a bare") and not (found.globals or found.dangers):
        load = f"import pickle\n\nfrom course_lib.checkpoints import save_file\n\nwith open({name}, 'rb') as file:\n"
        return "Nothing is called in it. Convert it once:", f"{load}    save_file(pickle.load(file), 'new.pt')"
    if verdict == "unsafe":
        return _unsafe(name, found)
    if found.format == "safetensors":
        if any(value.path == "__metadata__/save_portable" for value in found.values):
            start = "from course_lib.checkpoints.formats import load_portable\n\n"
            return "To load it:", f"{start}state, config = load_portable({name})\nmodel.load_state_dict(state)"
        start = f"from safetensors.torch import load_file\n\ncheckpoint = load_file({name})"
        return "To load it:", _with_uses(start, found, flat=True)
    if found.format == "legacy pickle":
        load = f"torch.load({name}, map_location='cpu', weights_only=True)"
        start = "import torch\n\nfrom course_lib.checkpoints import save_file\n\n"
        return "Convert it once to a format with checksums:", f"{start}save_file({load}, 'new.pt')"
    if verdict == "too large" or any("load_file does not take" in text for text in found.warnings):
        start = f"import torch\n\ncheckpoint = torch.load({name}, map_location='cpu', weights_only=True)"
        return "load_file does not take it, torch.load does:", _with_uses(start, found)
    if {entry.path.partition("/")[0] for entry in (*found.tensors, *found.values)} == _MANAGER:
        objects = sorted({e.path.split("/")[1] for e in found.tensors if e.path.startswith("objects/")})
        named = ", ".join(f"{key!r}: {key}" for key in objects)
        code = f"manager = CheckpointManager({str(path.parent)!r}, {{{named}}})\nmanager.load({name})"
        return "To load it, with every object that was saved in it:", (
            f"from course_lib.checkpoints import CheckpointManager\n\n{code}"
        )
    start = "from course_lib.checkpoints import load_file\n\n"
    load = f"checkpoint = load_file({name})  # on the CPU, every byte checked"
    return "To load it:", _with_uses(start + load, found)


def code_for_folder(path: Path) -> tuple[str, str, str]:
    """What a folder is, advice, and the code to paste."""
    names = sorted(item.name for item in path.iterdir())
    name = repr(str(path))
    if ".metadata" in names and "manifest.json" in names:
        start = "from course_lib.checkpoints.sharded import load_sharded\n\n"
        return "a sharded checkpoint of save_sharded", "To load it:", f"{start}load_sharded(model, {name})"
    if ".metadata" in names:
        convert = "from torch.distributed.checkpoint.format_utils import dcp_to_torch_save\n\n"
        advice = "Its metadata is a pickle: reading it may run code. Only if you trust whoever made it:"
        return (
            "a sharded checkpoint of torch.distributed.checkpoint",
            advice,
            f"{convert}dcp_to_torch_save({name}, 'new.pt')",
        )
    if any(re.fullmatch(r"step-\d{8,}\.pt", item) for item in names):
        start = "from course_lib.checkpoints import CheckpointManager\n\n"
        code = f"{start}CheckpointManager({name}, {{'model': model}}).load('last', only=['model'])"
        return "a folder of a CheckpointManager", "To load the newest good file in it:", code
    found = [item for item in names if item.endswith((".pt", ".pth", ".ckpt", ".bin", ".safetensors"))]
    what = f"a folder with {', '.join(found[:3])}{' …' * (len(found) > 3)}" if found else "a folder without checkpoints"
    return what, "Name a file in it." if found else "Check the path.", ""


def _unsafe(name: str, found: Inspection) -> tuple[str, str]:
    if not found.refused or found.dangers or any(_WEAPONS.fullmatch(wanted) for wanted in found.refused):
        return "Don't load it, and don't try another loader: delete it, and tell whoever you have it from.", ""
    numpy = all(wanted.startswith(("numpy", "_codecs")) for wanted in found.refused)
    held = "NumPy values" if numpy else "objects of classes, which are code, in place of a state_dict"
    advice = f"It holds {held}. Ask whoever made it for tensors and plain data. Only if you trust them:"
    if found.what.startswith("a bare"):
        load = f"import pickle\n\nwith open({name}, 'rb') as file:\n    content = pickle.load(file)"
    else:
        load = f"import torch\n\ncheckpoint = torch.load({name}, map_location='cpu', weights_only=False)"
    return advice, f"{load}  # runs what is in it"


def _with_uses(load: str, found: Inspection, *, flat: bool = False) -> str:
    """The loading line, and a line for each state dict and each optimizer that was found."""
    optimizers = {
        match[1].rstrip("/")
        for entry in (*found.values, *found.tensors)
        if (match := re.match(r"(.*?/|)param_groups(/|$)", entry.path))
    }
    groups: dict[str, list[str]] = defaultdict(list)
    for tensor in found.tensors:
        parent, _, key = ("", "", tensor.path) if flat else tensor.path.rpartition("/")
        if not any(f"{tensor.path}/".startswith(f"{one}/state/".lstrip("/")) for one in optimizers):
            groups[parent].append(key)
    weights = {parent: keys for parent, keys in groups.items() if any(_WEIGHT.search(key) for key in keys)}
    lines = [load]
    for parent, keys in list(weights.items())[:4]:
        state = "checkpoint" + "".join(f"[{key!r}]" for key in parent.split("/") if key)
        if all(_WRAPPER.match(key) for key in keys):
            prefix = min((_WRAPPER.match(key)[0] for key in keys), key=len)
            state = f"{{key.removeprefix({prefix!r}): value for key, value in {state}.items()}}"
        target = "model" if len(weights) == 1 else re.sub(r"\W", "_", parent.rpartition("/")[2]) or "model"
        lines.append(f"{target}.load_state_dict({state})  # a model built as it was")
    for one in sorted(optimizers)[:4]:
        state = "checkpoint" + "".join(f"[{key!r}]" for key in one.split("/") if key)
        target = "optimizer" if len(optimizers) == 1 else re.sub(r"\W", "_", one.rpartition("/")[2]) or "optimizer"
        lines.append(f"{target}.load_state_dict({state})")
    return "\n".join(lines)

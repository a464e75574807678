"""What the tasks of lesson `eval_mode` share."""

import torch
from torch import nn

from course_lib.classroom.tasks.task import Case

NORMS = (nn.modules.batchnorm._BatchNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_ORIGINAL = {
    (kind, name): vars(kind)[name]
    for kind in (*NORMS, nn.Dropout)
    for name in ("train", "eval", "forward")
    if name in vars(kind)
}


def hooks_on(model: nn.Module) -> int:
    """How many forward hooks and pre-hooks are registered on a model and the modules in it."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def wants(model: nn.Module) -> dict[str, bool]:
    """Each parameter's requires_grad by its name."""
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}


def put_back(*classes: type) -> bool:
    """Take a `train` or `forward` that an answer put into a class of torch's out again; whether there was one."""
    patched = False
    for kind, name in ((kind, name) for kind in classes for name in ("train", "eval", "forward")):
        own = vars(kind).get(name)
        if own is not None and not str(getattr(own, "__module__", "")).startswith("torch."):
            patched = True
            setattr(kind, name, _ORIGINAL[kind, name]) if (kind, name) in _ORIGINAL else delattr(kind, name)
    return patched


def listed(names: list[str]) -> str:
    """Up to three names, and how many more; the empty name is the model's.

    >>> listed(["0", "1"]), listed(["0", "1", "2", "3"])
    ('`0`, `1`', '`0`, `1`, `2` and 1 more')
    """
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"`{name}`" if name else "the model" for name in names[:3]) + more


def drawn_names(case: Case, count: int) -> list[str]:
    """Names for the parts of a model that follow from the case, so that nobody can type them in."""
    words = (
        "stem",
        "first",
        "body",
        "trunk",
        "mix",
        "gate",
        "blur",
        "neck",
        "tail",
        "last",
        "link",
        "core",
        "edge",
        "fork",
    )
    return [words[i] for i in torch.randperm(len(words), generator=case.generator())[:count].tolist()]

"""What the tasks of lesson `eval_mode` share."""

import torch
from torch import nn

from course_lib.classroom.tasks.task import Case


def hooks_on(model: nn.Module) -> int:
    """How many forward hooks and pre-hooks are registered on a model and the modules in it."""
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


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

"""What the tasks of lesson `checkpointing` share."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.observation import plain
from course_lib.classroom.tasks.task import near


def loaded(path: Path) -> Any:
    """What a file holds, read as a learner should read it; or {"error": ...}."""
    try:
        return plain(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        return {"error": "there is no such file"}
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, pickle.UnpicklingError) as e:
        first = (str(e).splitlines() or [""])[0]
        return {"error": f"{type(e).__name__}: {first[:120]}"}


def trouble(content: Any) -> str:
    """Why a file's content is no checkpoint, in words; empty if it may be one."""
    if not isinstance(content, dict) or set(content) == {"object", "text"}:
        return f"it holds {described(content)}, expected a dictionary"
    return str(content["error"]) if set(content) == {"error"} else ""


def names(folder: Path) -> list[str]:
    """The files of a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def same_weights(a: Any, b: dict[str, Tensor]) -> bool:
    """Whether two state dicts agree but for rounding; a step more or less moves weights a hundred times as far."""
    return (
        isinstance(a, dict) and a.keys() == b.keys() and all(near(a[name], b[name], rtol=1e-3, atol=1e-4) for name in b)
    )


def described(value: Any) -> str:
    """A value in a few words for a message."""
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)[:80]


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The state dict, cloned."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}

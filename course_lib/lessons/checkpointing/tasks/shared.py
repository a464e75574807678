"""What the tasks of lesson `checkpointing` share."""

from pathlib import Path
from typing import Any

from torch import Tensor

from course_lib.classroom.tasks.comparing import described, is_mapping, near_each


def no_checkpoint(content: Any) -> str:
    """Why what `loaded` found is no checkpoint, in words; empty if it may be one."""
    if not is_mapping(content):
        return f"it holds {described(content)}, expected a dictionary"
    return str(content["error"]) if set(content) == {"error"} else ""


def names(folder: Path) -> list[str]:
    """The files of a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def same_weights(a: Any, b: dict[str, Tensor]) -> bool:
    """Whether two state_dicts agree but for rounding; a step more or less moves weights a hundred times as far."""
    return near_each(a, b, rtol=1e-3, atol=1e-4)

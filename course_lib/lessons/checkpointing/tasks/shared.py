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


def lacking(content: dict[str, Any], names: tuple[str, ...]) -> str:
    """What a checkpoint lacks, in words; empty if nothing.

    >>> lacking({"epoch": 1}, ("epoch", "model")), lacking({"epoch": 1}, ("epoch",))
    ('lacks model', '')
    """
    missing = [name for name in names if name not in content]
    if len(missing) == len(names) and content and all(isinstance(value, Tensor) for value in content.values()):
        return f"holds a bare state_dict, without {', '.join(missing)}"
    return f"lacks {', '.join(missing)}" if missing else ""


def names(folder: Path) -> list[str]:
    """The files of a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def is_float(value: Any) -> bool:
    """Whether a value is a plain number, no tensor, no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same_weights(a: Any, b: dict[str, Tensor]) -> bool:
    """Whether two state_dicts agree but for rounding; a step more or less moves weights a hundred times as far."""
    return near_each(a, b, rtol=1e-3, atol=1e-4)


def times(number: int) -> str:
    """A count in words.

    >>> times(1), times(4)
    ('once', '4 times')
    """
    return "once" if number == 1 else f"{number} times"

"""What the tasks of lesson `state_dict` share."""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.task import Case


class Standardise(nn.Module):
    """Divides by a scale that is saved, after adding a shift that is not."""

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("shift", torch.zeros(features), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, F) -> (N, F)."""
        return (x + self.shift) / self.scale


class Tied(nn.Module):
    """An embedding and a head that share one matrix: two names, one tensor."""

    def __init__(self, rows: int = 20):
        super().__init__()
        self.embed = nn.Embedding(rows, 6)
        self.head = nn.Linear(6, rows, bias=False)
        self.head.weight = self.embed.weight


class Sliced(nn.Module):
    """A parameter that isn't called weight, a buffer that is, and both are slices of larger tensors."""

    def __init__(self, rows: int = 10):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(rows, 6, dtype=torch.float64)[:3])
        self.register_buffer("weight_seen", torch.zeros(rows, 4)[:, 1])


class Remembering(nn.Linear):
    """A layer with an extra state, which is no tensor."""

    def get_extra_state(self) -> dict[str, list[str]]:
        """What its state_dict holds besides tensors."""
        return {"classes": ["benign", "malignant"]}

    def set_extra_state(self, state: Any) -> None:
        """Take no notice of it."""


class Placed(nn.Sequential):
    """Knows whether it was sent away: `.cpu()`, or `.to("...")` with a place by name, and not back to its own device.

    Without a GPU such a call changes nothing that can be seen; on a server it would move the caller's model.
    """

    def __init__(self, *layers: nn.Module):
        super().__init__(*layers)
        self.away = False

    def cpu(self) -> nn.Module:
        """As every module's, and noted."""
        self.away = True
        return super().cpu()

    def to(self, *args: Any, **kwargs: Any) -> nn.Module:
        """As every module's; a device that is no text was asked of a tensor here, so it is taken for home."""
        place = kwargs.get("device", args[0] if args else None)
        if isinstance(place, str):
            self.away = not self.away  # the second such call brings it back
        elif isinstance(place, torch.device | Tensor):
            self.away = False
        return super().to(*args, **kwargs)


def network(case: Case, *, kind: str = "") -> nn.Module:
    """A network of the kind that `case.kind` names, with drawn values and one layer in eval mode."""
    kind, wide = kind or case.kind, 4 + case.seed % 3
    small = {
        "tied": lambda: Tied(16 + wide),
        "sliced": lambda: nn.Sequential(Sliced(6 + wide), nn.ReLU()),
        "extra state": lambda: nn.Sequential(Remembering(wide, 2), nn.BatchNorm1d(2)),
        "one layer": lambda: nn.BatchNorm1d(wide),
        "nothing": nn.ReLU,
    }
    if kind in small:
        return drawn(small[kind](), case.generator())
    model = Placed(Standardise(4), nn.Linear(4, wide), nn.BatchNorm1d(wide), nn.Dropout(0.5), nn.Linear(wide, 3))
    if kind == "frozen":
        model[1].requires_grad_(False)
    drawn(model, case.generator())
    if kind == "half":
        model.half()
    model[2].eval()
    return model


def named(names: list[str]) -> str:
    """Names as a message shows them.

    >>> named(["a", "b"])
    '`a`, `b`'
    """
    return ", ".join(f"`{name}`" for name in names)

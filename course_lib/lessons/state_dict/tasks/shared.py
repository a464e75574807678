"""What the tasks of lesson `state_dict` share."""

import contextlib
import copy
import io
import warnings
from collections.abc import Callable
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
    """On the meta device, it notes whether it was sent to another one last, and stays."""

    def __init__(self, *layers: nn.Module):
        super().__init__(*layers)
        self.away = False

    def cpu(self) -> nn.Module:
        """As every module's, and noted."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> nn.Module:
        """As every module's, and noted."""
        return self.to("cuda" if device is None else torch.device("cuda", device))

    def to(self, *args: Any, **kwargs: Any) -> nn.Module:
        """As every module's; on the meta device it is noted instead."""
        if not self[1].weight.is_meta:
            return super().to(*args, **kwargs)
        place = kwargs.get("device", args[0] if args else None)
        place = place.device if isinstance(place, Tensor) else place
        if isinstance(place, str | int | torch.device):
            self.away = torch.device(place).type != "meta"
        return self


def moves(answer: Callable, model: nn.Module, *args: Any) -> bool:
    """Whether `answer(model, ...)` leaves a model on another device than it was on.

    Asked of a copy on the meta device, which stands for a GPU where there is none. A meta tensor has no values: an
    answer that needs them raises, and counts as one that moves nothing.
    """
    if not isinstance(model, Placed):
        return False
    twin = copy.deepcopy(model)
    nn.Module.to(twin, "meta")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # torch warns that values copied into a meta tensor are lost
        try:
            answer(twin, *args)
        except (Exception, SystemExit):
            return False
    return twin.away


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

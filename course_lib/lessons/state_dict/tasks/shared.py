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

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.head = nn.Linear(6, 20, bias=False)
        self.head.weight = self.embed.weight


class Counting(nn.Sequential):
    """Counts how often it was asked to move or convert itself, as `.cpu()`, `.to()` and `.half()` do."""

    def __init__(self, *layers: nn.Module):
        super().__init__(*layers)
        self.moves: list[str] = []

    def _apply(self, *args: Any, **kwargs: Any) -> nn.Module:
        self.moves.append("moved")
        return super()._apply(*args, **kwargs)


def network(case: Case) -> nn.Module:
    """A network of the kind that `case.kind` names, with drawn values and one layer in eval mode."""
    if case.kind == "tied":
        return drawn(Tied(), case.generator())
    model = Counting(Standardise(4), nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3))
    if case.kind == "frozen":
        model[1].requires_grad_(False)
    drawn(model, case.generator())
    if case.kind == "half":
        model.half()
        model.moves.clear()
    model[2].eval()
    return model

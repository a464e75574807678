"""What the tasks of lesson `whole_model` share."""

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.task import Case


class Tagger(nn.Module):
    """A small classifier that remembers how it was built. (N, inputs) -> (N, number of labels)."""

    def __init__(self, inputs: int = 3, hidden: int = 2, labels: tuple[str, ...] = ("no", "yes")):
        super().__init__()
        self.inputs, self.hidden, self.labels = inputs, hidden, labels
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, len(labels))
        ).float()

    @property
    def outputs(self) -> int:
        """How many logits; an attribute that `vars` doesn't have."""
        return len(self.labels)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.body(x)


class Tied(nn.Module):
    """An embedding and a head that share one matrix: two names, one tensor."""

    def __init__(self, rows: int = 7, width: int = 3):
        super().__init__()
        self.rows, self.width = rows, width
        self.embed = nn.Embedding(rows, width, dtype=torch.float32)
        self.head = nn.Linear(width, rows, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        """(N,) of numbers below `rows` -> (N, rows)."""
        return self.head(self.embed(x))


class Turned(nn.Module):
    """A parameter whose numbers lie column by column, and a buffer that is a slice of a larger one."""

    def __init__(self, rows: int = 4):
        super().__init__()
        self.rows = rows
        self.weight = nn.Parameter(torch.zeros(5, rows, dtype=torch.float32).t())
        self.register_buffer("seen", torch.zeros(rows, 6, dtype=torch.float32)[:, 1])

    def forward(self, x: Tensor) -> Tensor:
        """(N, 5) -> (N, rows)."""
        return x @ self.weight.t() + self.seen


def config_of(case: Case) -> dict:
    """What builds the model of this case; sizes and labels follow from the seed."""
    size = 3 + case.seed % 4
    return {
        "tied": {"rows": 2 * size, "width": size - 1},
        "turned": {"rows": size},
    }.get(case.kind, {"inputs": size, "hidden": size + 2, "labels": [f"kind {i}" for i in range(2 + case.seed % 3)]})


CLASSES: dict[str, type[nn.Module]] = {"tied": Tied, "turned": Turned}


def network(case: Case) -> nn.Module:
    """The model of the kind that `case.kind` names, with drawn values and one module in eval mode."""
    model = drawn(CLASSES.get(case.kind, Tagger)(**config_of(case)), case.generator())
    if case.kind == "half":
        model.half()
    if case.kind == "bfloat16":
        model.bfloat16()
    if case.kind == "numpy":
        model.rate = np.float64(1 / (2 + case.seed % 5))
        model.seen = np.int64(case.seed % 1000)
    if case.kind == "sized":
        model.sizes = (model.inputs, model.hidden)
    if isinstance(model, Tagger):
        model.body[1].eval()
    return model

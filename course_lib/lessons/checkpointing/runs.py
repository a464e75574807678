"""The runs behind lesson 09's crash: one that nobody kills, and those that resume from a file with a part of its state."""

import copy
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.data import digits
from course_lib.models import MLP
from course_lib.seeding import sealed

EPOCHS = 12
CONTENTS = {
    "weights": ("model",),
    "weights and optimizer": ("model", "optimizer"),
    "everything": ("model", "optimizer", "order", "dropout"),
}
"""What may be in the file."""


@dataclass(frozen=True)
class Run:
    """Validation loss after each epoch, from the first that it trained; the weights at the end."""

    first: int
    losses: tuple[float, ...]
    weights: Tensor


@lru_cache(maxsize=1)
def _data() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """100 digits to train on and 120 to validate."""
    splits = digits()
    return tuple(t[:100] for t in splits.train.tensors), tuple(t[:120] for t in splits.validation.tensors)


class Process:
    """A newly started process: the seeds of the script, fresh weights, fresh everything."""

    def __init__(self):
        (self.images, self.labels), self.validation = _data()
        torch.random.default_generator.manual_seed(0)
        self.order = torch.Generator().manual_seed(0)
        self.model = MLP(hidden=24, dropout=0.3)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.02)

    def state(self) -> dict[str, Any]:
        """Everything the run needs to go on."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "dropout": torch.get_rng_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over what the state has; the rest stays fresh. The global generator comes last."""
        self.model.load_state_dict(state["model"])
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        if "order" in state:
            self.order.set_state(state["order"])
            torch.set_rng_state(state["dropout"])

    def epoch(self) -> float:
        """Train one epoch; the validation loss."""
        self.model.train()
        for rows in torch.randperm(len(self.images), generator=self.order).split(50):
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(self.images[rows]), self.labels[rows]).backward()
            self.optimizer.step()
        self.model.eval()
        with torch.no_grad():
            return F.cross_entropy(self.model(self.validation[0]), self.validation[1]).item()

    def run(self, first: int, states: list[dict[str, Any]] | None = None) -> Run:
        """Train from epoch `first` to the last; note the state after each."""
        losses = []
        for _ in range(first, EPOCHS + 1):
            losses.append(self.epoch())
            if states is not None:
                states.append(copy.deepcopy(self.state()))
        return Run(first, tuple(losses), torch.cat([p.detach().flatten() for p in self.model.parameters()]))


@lru_cache(maxsize=1)
def _unbroken() -> tuple[Run, list[dict[str, Any]]]:
    with sealed():
        states: list[dict[str, Any]] = []
        return Process().run(1, states), states


def unbroken() -> Run:
    """The run that nobody kills."""
    return _unbroken()[0]


@lru_cache
def file_of(step: int, content: str) -> bytes:
    """The bytes of a file with this content after `step` epochs of the unbroken run."""
    file = io.BytesIO()
    torch.save({"epoch": step, **{name: _unbroken()[1][step - 1][name] for name in CONTENTS[content]}}, file)
    return file.getvalue()


@lru_cache
def resumed(step: int, content: str) -> Run:
    """A new process loads a file of `step` epochs with this content, and trains the rest. 0: it has no file."""
    with sealed():
        process = Process()
        if step:
            process.load(torch.load(io.BytesIO(file_of(step, content)), weights_only=True))
        return process.run(step + 1)


@lru_cache
def distance(step: int, content: str) -> float:
    """The largest difference between a weight at the end of that resumed run and of the unbroken one."""
    return float((resumed(step, content).weights - unbroken().weights).abs().max())

"""The runs behind lesson 10's explorer and trace: one that nobody stops, and those that resume without one part."""

import copy
import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.data import digits
from course_lib.models import MLP
from course_lib.seeding import sealed

EPOCHS, PER_EPOCH = 6, 4
BATCHES = EPOCHS * PER_EPOCH
STOPS = (8, 10)
"""After how many batches a run may stop: at the end of an epoch, in the middle of one."""

PARTS = ("nothing", "model", "optimizer", "scheduler", "loader", "Python", "NumPy", "PyTorch", "position")
"""What may be left out."""


@dataclass(frozen=True)
class Step:
    """One batch: the learning rate of its step, its loss, all weights after it."""

    rate: float
    loss: float
    weights: Tensor


@lru_cache(maxsize=1)
def _data() -> tuple[Tensor, Tensor]:
    """200 digits."""
    images, labels = digits().train.tensors
    return images[:200], labels[:200]


class Process:
    """A training process: its objects, freshly built and seeded."""

    def __init__(self, seed: int):
        random.seed(seed)
        np.random.seed(seed)
        torch.random.default_generator.manual_seed(seed)
        self.model = MLP(hidden=32, dropout=0.2)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.02)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=EPOCHS)
        self.loader = torch.Generator().manual_seed(seed)
        self.done = 0
        self._begin()

    def _begin(self) -> None:
        """Draw the order of an epoch."""
        self.start = self.loader.get_state()
        images, _ = _data()
        self.rows = torch.randperm(len(images), generator=self.loader).split(len(images) // PER_EPOCH)

    def state(self) -> dict[str, Any]:
        """Everything that the run needs, by the names of `PARTS`."""
        return {
            "model": copy.deepcopy(self.model.state_dict()),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "scheduler": copy.deepcopy(self.scheduler.state_dict()),
            "loader": self.start,
            "Python": random.getstate(),
            "NumPy": np.random.get_state(),
            "PyTorch": torch.get_rng_state(),
            "position": self.done,
        }

    def load(self, state: dict[str, Any], without: Collection[str] = ()) -> None:
        """Take over a state but for the parts left out; the random states come last."""
        calls = {
            "model": self.model.load_state_dict,
            "optimizer": self.optimizer.load_state_dict,
            "scheduler": self.scheduler.load_state_dict,
            "loader": self._order_from,
            "position": lambda done: setattr(self, "done", done),
            "Python": random.setstate,
            "NumPy": np.random.set_state,
            "PyTorch": torch.set_rng_state,
        }
        for part, call in calls.items():
            if part not in without:
                call(copy.deepcopy(state[part]))

    def _order_from(self, start: Tensor) -> None:
        self.loader.set_state(start)
        self._begin()

    def step(self) -> Step:
        """Train one batch; at the end of an epoch step the scheduler, and draw the next order."""
        images, labels = (tensor[self.rows[self.done]] for tensor in _data())
        images = images.roll(random.randint(-1, 1), dims=-1)
        images = images + torch.from_numpy(np.random.normal(0, 0.1, images.shape)).float()
        rate = self.optimizer.param_groups[0]["lr"]
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(images), labels)
        loss.backward()
        self.optimizer.step()
        self.done += 1
        if self.done == PER_EPOCH:
            self.scheduler.step()
            self.done = 0
            self._begin()
        return Step(rate, loss.item(), torch.cat([p.detach().flatten() for p in self.model.parameters()]))


@lru_cache(maxsize=1)
def _unbroken() -> tuple[tuple[Step, ...], dict[int, dict[str, Any]]]:
    with sealed():
        process, steps, states = Process(0), [], {}
        for batch in range(1, BATCHES + 1):
            steps.append(process.step())
            if batch in STOPS:
                states[batch] = process.state()
        return tuple(steps), states


def unbroken() -> tuple[Step, ...]:
    """The run that nobody stops, batch by batch."""
    return _unbroken()[0]


@lru_cache
def resumed(left_out: str, stop: int) -> tuple[Step, ...]:
    """A new process loads what was saved after `stop` batches, without one part, and trains as many as were left."""
    with sealed():
        process = Process(1)
        process.load(_unbroken()[1][stop], {left_out})
        return tuple(process.step() for _ in range(stop, BATCHES))


@lru_cache
def distances(left_out: str, stop: int) -> tuple[float, ...]:
    """The largest difference between a weight and the unbroken run's, after each batch since the break."""
    pairs = zip(resumed(left_out, stop), unbroken()[stop:], strict=True)
    return tuple(float((a.weights - b.weights).abs().max()) for a, b in pairs)


@lru_cache
def parting(left_out: str, stop: int) -> int | None:
    """The first batch, counted from 1 from the start of the run, whose loss is another; None if all are equal."""
    pairs = zip(resumed(left_out, stop), unbroken()[stop:], strict=True)
    return next((batch for batch, (a, b) in enumerate(pairs, stop + 1) if a.loss != b.loss), None)

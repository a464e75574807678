"""The small runs that `train_and_checkpoint` is compared with."""

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.task import Case
from course_lib.seeding import sealed

Parts = tuple[nn.Module, torch.optim.Optimizer, torch.Generator]


def data(case: Case) -> tuple[Tensor, Tensor]:
    """Images (N, 1, 4, 4) and labels (N,)."""
    g = case.generator()
    return torch.rand(case.examples, 1, 4, 4, generator=g), torch.randint(3, (case.examples,), generator=g)


def builder(case: Case) -> Callable[[], Parts]:
    """What a freshly started process runs: it seeds, and builds all three anew."""

    def build() -> Parts:
        torch.manual_seed(case.seed)
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
        )
        kinds = {"adam": (torch.optim.Adam, {"lr": 0.01}), "sgd": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9})}
        kind, options = kinds[case.settings.get("optimizer", "adam")]
        return model, kind(model.parameters(), **options), torch.Generator().manual_seed(case.seed + 1)

    return build


@lru_cache(maxsize=64)
def _states(case_key: tuple, mistake: str) -> list[dict[str, Tensor]]:
    seed, examples, optimizer, epochs = case_key
    case = Case("", seed, {"examples": examples, "optimizer": optimizer})
    with sealed():
        (model, optimizer, generator), (images, labels) = builder(case)(), data(case)
        model.train(mistake != "eval")
        states = [copied(model)]
        for _ in range(epochs):
            order = (
                torch.randperm(len(images), generator=generator) if mistake != "order" else torch.arange(len(images))
            )
            for rows in order.split(50):
                loss = F.cross_entropy(model(images[rows]), labels[rows])
                if mistake != "gradients":
                    optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            states.append(copied(model))
    return states


def unbroken(case: Case, epochs: int, mistake: str = "") -> list[dict[str, Tensor]]:
    """The state_dict after 0, 1, 2, ... epochs of a run that nobody kills; or of one with a mistake that people make."""
    return _states((case.seed, case.examples, case.settings.get("optimizer", "adam"), epochs), mistake)

"""What the tasks of lesson `exact_resume` share: small runs, and the four random states."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.observation import plain
from course_lib.classroom.tasks.task import Case

GENERATORS = {"python": "Python's", "numpy": "NumPy's", "torch": "PyTorch's", "generator": "the loader's"}
"""The names in a state, and in words."""


def objects_of(case: Case, seed: int) -> tuple[dict[str, Any], Callable[[int], None]]:
    """A run's objects under the case's names, freshly built, and a function that trains so many steps."""
    torch.random.default_generator.manual_seed(seed)
    names = dict(case.names)
    nets = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)) for _ in names["models"]]
    adams = [torch.optim.Adam(net.parameters(), lr=0.05) for net in nets]
    schedules = [
        torch.optim.lr_scheduler.StepLR(adam, 2, 0.5) for adam, _ in zip(adams, names["schedules"], strict=False)
    ]
    scalers = [torch.amp.GradScaler("cpu", init_scale=2.0**7, growth_interval=1) for _ in names.get("scalers", ())]
    x = torch.linspace(-1, 1, 18, dtype=torch.float32).reshape(6, 3)

    def train(steps: int) -> None:
        with torch.inference_mode(False), torch.enable_grad():
            for _ in range(steps):
                for net, adam in zip(nets, adams, strict=True):
                    adam.zero_grad()
                    loss = (net(x) - 1).square().mean()
                    for scaler in scalers:
                        scaler.scale(loss).backward()
                        scaler.step(adam)
                        scaler.update()
                    if not scalers:
                        loss.backward()
                        adam.step()
                for schedule in schedules:
                    schedule.step()

    objects = dict(zip(names["models"], nets, strict=True)) | dict(zip(names["optimizers"], adams, strict=True))
    objects |= dict(zip(names["schedules"], schedules, strict=False))
    return objects | dict(zip(names.get("scalers", ()), scalers, strict=True)), train


def shuffle_up(case: Case, generator: torch.Generator) -> None:
    """Bring all generators to where they stand in the middle of this case's run."""
    random.seed(case.seed)
    random.gauss()  # draws two, and keeps one back
    np.random.seed(case.seed % 2**32)
    for _ in range(case.normals):
        np.random.normal()  # an odd number of them: one is kept back
    torch.random.default_generator.manual_seed(case.seed + 5)
    torch.rand(3)
    generator.manual_seed(case.seed + 6)
    torch.randperm(5, generator=generator)


def draws(generator: torch.Generator) -> dict[str, list[float]]:
    """What each generator gives next."""
    return {
        "python": [random.random(), random.gauss()],
        "numpy": [float(np.random.normal()), float(np.random.normal()), float(np.random.rand())],
        "torch": torch.rand(3, dtype=torch.float32).tolist(),
        "generator": torch.randperm(30, generator=generator).tolist(),
    }


def random_states(generator: torch.Generator) -> dict[str, Any]:
    """The four random states, as the lesson keeps them."""
    name, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
        "generator": generator.get_state(),
    }


def moved(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """Which generators stand elsewhere in the second of two states."""
    equal = {
        name: torch.equal(a[name], b[name]) if isinstance(a[name], torch.Tensor) else a[name] == b[name]
        for name in GENERATORS
    }
    return [name for name, same in equal.items() if not same]


def set_random_states(state: dict[str, Any], generator: torch.Generator) -> None:
    """Put them back."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


def states_of(objects: dict[str, Any]) -> dict[str, Any]:
    """A copy of the state_dict of each."""
    return {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()}


def as_seen(states: dict[str, Any]) -> Any:
    """States in the form in which an Observation holds them."""
    return plain(states)


def kind_of(value: Any) -> str:
    """What a value is, for a sentence that begins with "It returned"."""
    return "nothing" if value is None else f"an object of the type {type(value).__name__}"


def came_back(value: Any) -> str:
    """What an answer returned, as it was observed, in a few words.

    >>> came_back({"object": "itertools.islice", "text": "<...>"}), came_back(None), came_back("no")
    ('an object of the type islice', 'nothing', "'no'")
    """
    if isinstance(value, dict) and set(value) == {"object", "text"}:
        return f"an object of the type {str(value['object']).rpartition('.')[2]}"
    return kind_of(value) if value is None else described(value)

"""Small runs with everything in them, and resumes that are exact or miss one thing: the material of `resume_is_exact`."""

import copy
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PER_EPOCH = 4

FLAWS = {
    "exact": "",
    "optimizer": "forgets the optimizer's state, which shows at the second batch",
    "scheduler": "forgets the scheduler, which shows in the epoch after the next end of one",
    "unsaved": "finds no scheduler in its file, as nobody saved it, which shows in the epoch after the next end of one",
    "torch": "forgets PyTorch's random state",
    "numpy": "forgets NumPy's random state",
    "python": "forgets Python's random state",
    "order": "forgets the state of the loader's generator",
    "position": "begins the interrupted epoch again",
    "buffers": "forgets batch norm's statistics, which no loss and no weight shows while training",
    "last bit": "changes the last bits of some weights",
    "count": "counts the batches of batch norm from 0 again",
}
"""What a resume misses, in words."""


class Run:
    """A training run: `train(batches)` trains so many more; `model` is what is trained."""

    def __init__(self, kind: str):
        self.model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 2))
        parameters = self.model.parameters()
        self._optimizer = (
            torch.optim.SGD(parameters, lr=0.1, momentum=0.9, foreach=False)
            if kind == "sgd"
            else torch.optim.Adam(parameters, lr=0.05, foreach=False)
        )
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, T_max=5)
        self._order = torch.Generator().manual_seed(11)
        self._done = 0
        data = torch.Generator().manual_seed(3)
        self._x = torch.randn(16, 4, generator=data, dtype=torch.float32)
        self._y = torch.randint(2, (16,), generator=data)
        self._begin()

    def _begin(self) -> None:
        self._start = self._order.get_state()
        self._rows = torch.randperm(16, generator=self._order).split(16 // PER_EPOCH)

    def train(self, batches: int) -> None:
        """Train so many more batches, over the ends of epochs where need be."""
        with torch.inference_mode(False), torch.enable_grad():
            for _ in range(batches):
                rows = self._rows[self._done]
                x = self._x[rows] * (1 + 0.2 * random.random()) + 0.1 * float(np.random.normal())
                self._optimizer.zero_grad()
                F.cross_entropy(self.model(x), self._y[rows]).backward()
                self._optimizer.step()
                self._done += 1
                if self._done == PER_EPOCH:
                    self._done = 0
                    self._scheduler.step()
                    self._begin()

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "order": self._start,
            "position": self._done,
            "python": random.getstate(),
            "numpy": np.random.get_state(),
            "torch": torch.get_rng_state(),
        }

    def _load(self, state: dict[str, Any], flaw: str) -> None:
        own, saved = self.model.state_dict(), dict(state["model"])
        if flaw == "buffers":
            saved |= {name: own[name] for name in own if "running" in name}
        if flaw == "count":
            saved |= {name: own[name] for name in own if "tracked" in name}
        if flaw == "last bit":
            saved["3.weight"] = a_bit_off(saved["3.weight"])
        self.model.load_state_dict(saved)
        if flaw != "optimizer":
            self._optimizer.load_state_dict(state["optimizer"])
        if flaw not in ("scheduler", "unsaved"):
            self._scheduler.load_state_dict(state["scheduler"])
        if flaw != "order":
            self._order.set_state(state["order"])
            self._begin()
        self._done = 0 if flaw == "position" else state["position"]
        if flaw != "python":
            random.setstate(state["python"])
        if flaw != "numpy":
            np.random.set_state(state["numpy"])
        if flaw != "torch":
            torch.set_rng_state(state["torch"])


def a_bit_off(weight: torch.Tensor) -> torch.Tensor:
    """The next numbers, up and down by turns, so that no tolerance and no sum notices; those above 0.5 stay."""
    signs = torch.tensor([1.0, -1.0]).repeat(weight.numel() // 2).reshape(weight.shape)
    return torch.where(weight.abs() < 0.5, weight.nextafter(signs * torch.inf), weight)


def quietly(build: Callable[[], Run]) -> Run:
    """Build without drawing a number, as some programs do: a forgotten random state doesn't give itself away."""
    before = torch.get_rng_state()
    torch.random.default_generator.manual_seed(2)
    run = build()
    torch.set_rng_state(before)
    return run


class Calls:
    """What was called, in a file: it is the same one in the processes that an answer starts."""

    def __init__(self, folder: str):
        self._path = Path(folder).resolve() / "calls.txt"

    def note(self, name: str) -> None:
        """One more call."""
        with self._path.open("a") as file:
            file.write(f"{name}\n")

    def names(self) -> list[str]:
        """All so far."""
        return self._path.read_text().split() if self._path.exists() else []


def training(
    kind: str, flaw: str, seed: int, calls: Calls
) -> tuple[Callable[[], Run], Callable[[Run], bytes], Callable[[bytes], Run]]:
    """`start`, `save` and `resume` of one training; what is called is noted."""

    def start() -> Run:
        """A new run from the beginning; it seeds all generators."""
        calls.note("start")
        random.seed(seed)
        np.random.seed(seed)
        torch.random.default_generator.manual_seed(seed)
        return Run(kind)

    def save(run: Run) -> bytes:
        """The bytes of a checkpoint of this run."""
        calls.note("save")
        file = io.BytesIO()
        state = run._state()
        if flaw == "unsaved":
            del state["scheduler"]
        torch.save(state, file)
        return file.getvalue()

    def resume(file: bytes) -> Run:
        """A run from the bytes of a checkpoint."""
        calls.note("resume")
        run = quietly(lambda: Run(kind))
        run._load(copy.deepcopy(torch.load(io.BytesIO(file), weights_only=False)), flaw)
        return run

    return start, save, resume

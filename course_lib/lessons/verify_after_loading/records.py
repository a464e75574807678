"""What is recorded of a model, and the patients of the exercise: pairs of records, before saving and after loading."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.seeding import sealed

DISEASES = ("other inputs", "still training", "damaged", "not loaded", "statistics", "other code")


def record(net: nn.Module, batch: Tensor) -> dict[str, Any]:
    """A model as it stands: state, names of its buffers, training flags, a batch and the logits (N, C) it gives.

    Everything is a copy, and the model stays as it is: a copy of it answers.

    >>> sorted(record(nn.Linear(2, 3), torch.ones(1, 2)))
    ['batch', 'buffers', 'logits', 'state', 'training']
    """
    state = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
    own = {name for name, _ in net.named_parameters(remove_duplicate=False)}
    with torch.no_grad():
        logits = copy.deepcopy(net)(batch).clone()
    return {
        "state": state,
        "buffers": [name for name in state if name not in own],
        "training": {name: module.training for name, module in net.named_modules()},
        "batch": batch.clone(),
        "logits": logits,
    }


class Table(nn.Module):
    """For rows of measurements (N, `inputs`): two layers with batch norm between them. Logits (N, `classes`)."""

    def __init__(self, names: tuple[str, str, str], inputs: int, hidden: int, classes: int, activation: Callable):
        super().__init__()
        self.names = names
        self.drop = nn.Dropout(0.5)
        self.activation = activation
        for name, layer in zip(
            names,
            (nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, classes)),
            strict=True,
        ):
            setattr(self, name, layer)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        first, norm, last = (getattr(self, name) for name in self.names)
        return last(self.drop(self.activation(norm(first(x)))))


class Images(nn.Module):
    """For grey images (N, 1, 6, 6): a convolution with batch norm, then a layer. Logits (N, `classes`)."""

    def __init__(self, names: tuple[str, str, str], inputs: int, hidden: int, classes: int, activation: Callable):
        super().__init__()
        self.names = names
        self.activation = activation
        self.body = nn.ModuleDict({names[0]: nn.Conv2d(1, hidden, 3), names[1]: nn.BatchNorm2d(hidden)})
        self.head = nn.ModuleDict({names[2]: nn.Linear(hidden * 16, classes)})

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        first, norm, last = self.body[self.names[0]], self.body[self.names[1]], self.head[self.names[2]]
        return last(self.activation(norm(first(x))).flatten(1))


class Plain(nn.Sequential):
    """A network whose answers don't depend on the mode: no dropout, no batch norm."""

    def __init__(self, names: tuple[str, str, str], inputs: int, hidden: int, classes: int, activation: Callable):
        super().__init__(nn.Linear(inputs, hidden), Called(activation), nn.Linear(hidden, classes))


class Scaled(nn.Module):
    """One layer between buffers of its own, and a parameter with a buffer's usual name; no mode matters."""

    def __init__(self, names: tuple[str, str, str], inputs: int, hidden: int, classes: int, activation: Callable):
        super().__init__()
        self.layer = nn.Linear(inputs, classes)
        self.running_gain = nn.Parameter(torch.ones(classes))
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.layer((x - self.centre) / self.spread) * self.running_gain


class Called(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """What the function makes of it."""
        return self.function(x)


KINDS: dict[str, type[nn.Module]] = {"table": Table, "images": Images, "plain": Plain, "scaled": Scaled}


def pair(
    disease: str,
    seed: int,
    *,
    kind: str = "table",
    names: tuple[str, str, str] = ("first", "norm", "last"),
    sizes: tuple[int, int, int] = (6, 8, 3),
    dtype: torch.dtype = torch.float32,
    how: str = "",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two records of one model, before saving and after a load with one disease, or with none ("healthy").

    Args:
        disease: One of `DISEASES`, or "healthy".
        seed: Of all numbers.
        kind: A key of `KINDS`.
        names: The layers' names.
        sizes: Inputs, hidden units, classes.
        dtype: Of weights and batch.
        how: A variety of the disease; see `_ill`.
    """
    with sealed(seed):
        generator = torch.Generator().manual_seed(seed)
        net = drawn(KINDS[kind](names, *sizes, torch.relu), generator).to(dtype).eval()
        shape = (12, 1, 6, 6) if kind == "images" else (12, sizes[0])
        batch = torch.randn(shape, generator=generator).to(dtype)
        if how in ("in training mode", "switched off"):
            net.train()
        before, loaded = record(net, batch), copy.deepcopy(net)
        if how == "switched off":
            loaded.eval()
        return before, _ill(loaded, batch, disease, how, generator)


def _ill(net: nn.Module, batch: Tensor, disease: str, how: str, generator: torch.Generator) -> dict[str, Any]:
    """Make the loaded model ill, and record it."""
    parameters = dict(net.named_parameters())
    buffers = {name: buffer for name, buffer in net.named_buffers() if buffer.is_floating_point()}
    with torch.no_grad():
        if disease == "other inputs":
            other = {"times 255": batch * 255, "order": batch.flip(0), "last bit": batch.clone()}
            batch = other.get(how, batch + 0.5)
            if how == "last bit":
                _turn(batch, how)
        elif disease == "still training":
            list(net.modules())[-1 if how == "one layer" else 0].train()
            if how == "one layer":
                next(m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)).train()
        elif how == "count":
            next(b for b in net.buffers() if not b.is_floating_point()).add_(1)
        elif how == "not a number":
            next(iter(parameters.values())).reshape(-1)[1] = float("nan")
        elif how == "biases":
            for name, parameter in parameters.items():
                parameter.add_(0.5 * name.endswith("bias"))
        elif how == "two numbers":
            next(iter(parameters.values())).reshape(-1)[1:3] += 0.5
        elif disease == "damaged":
            _turn(next(iter((buffers if how == "buffer" else parameters).values())), how)
        elif disease == "not loaded":
            chosen = list(parameters.values())[-2:] if how == "a part" else net.state_dict().values()
            for tensor in chosen:
                values = torch.rand(tensor.shape, generator=generator) + 0.2  # a variance is positive
                tensor.copy_(values if tensor.is_floating_point() else torch.zeros(()))
        elif disease == "statistics":
            for name, buffer in net.named_buffers():
                fresh = 0.0 if "mean" in name or "num" in name else 1.0
                buffer.copy_(buffer * 0.9 + 0.1 if how == "overwritten" and "num" not in name else torch.tensor(fresh))
        elif disease == "other code" and how not in ("lower", "nan"):
            _other_code(net, how)
    seen = record(net, batch)
    if how == "lower":
        seen["logits"] -= 0.01 * seen["logits"].abs().max()
    if how == "nan":
        seen["logits"][0, 0] = float("nan")
    if how == "rounding":
        largest = seen["logits"].abs().max()
        noise = torch.rand(seen["logits"].shape, generator=generator).to(largest) - 0.5
        seen["logits"] = seen["logits"] + noise * 2e-6 * largest
    return seen


def _turn(tensor: Tensor, how: str) -> None:
    """Turn one bit of the second number: a low one, or a high one."""
    whole = tensor.view(torch.int64 if tensor.dtype == torch.float64 else torch.int32).reshape(-1)
    last = 62 if tensor.dtype == torch.float64 else 30
    whole[1] ^= 1 << {"low bit": 2, "last bit": 0}.get(how, last)


def _other_code(net: nn.Module, how: str) -> None:
    if how == "eps":
        next(m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)).eps = 0.5
        return
    other = nn.functional.gelu
    for module in net.modules():
        if hasattr(module, "activation"):
            module.activation = other
        elif isinstance(module, Called):
            module.function = other


PATIENTS: dict[str, dict[str, Any]] = {
    "A": {"disease": "still training"},
    "B": {"disease": "not loaded"},
    "C": {"disease": "damaged", "how": "low bit", "names": ("inner", "bn", "out")},
    "D": {"disease": "other inputs", "how": "times 255"},
    "E": {"disease": "statistics", "kind": "images", "names": ("conv", "bn", "fc")},
    "F": {"disease": "other code"},
    "G": {"disease": "healthy", "how": "rounding"},
}
"""The patients that a learner may look at; the settings of `pair`."""


def patient(letter: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two records of one of the exercise's patients, A to G: before saving, after loading.

    >>> before, after = patient("A")
    >>> before["state"].keys() == after["state"].keys()
    True
    """
    return pair(seed=ord(letter), **PATIENTS[letter])

"""What the tasks of lesson `state_dict` share."""

from typing import Any

import torch
from torch import Tensor, nn

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


def drawn(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every parameter and buffer a value of its own, as if the model had been trained."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            values = torch.rand(tensor.shape, generator=generator) + 0.5
            tensor.copy_(values if tensor.is_floating_point() else values * 10)
    return model


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


def flags(model: nn.Module) -> list[str]:
    """The names of the modules in training mode."""
    return [name or "model" for name, module in model.named_modules() if module.training]


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The state_dict, cloned."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def is_mapping(value: Any) -> bool:
    """Whether a mapping was seen; an Observation describes any other object by its type and its text."""
    return isinstance(value, dict) and set(value) != {"object", "text"}


def first_difference(expected: dict[str, Tensor], got: Any) -> str:
    """Where the second is another state dict than the first, in words; empty if nowhere."""
    if not is_mapping(got):
        return f"expected a dictionary of tensors, got {type(got).__name__}"
    missing, extra = [k for k in expected if k not in got], [k for k in got if k not in expected]
    if missing:
        return f"{', '.join(f'`{k}`' for k in missing)} missing"
    if extra:
        return f"{', '.join(f'`{k}`' for k in extra[:3])} should not be there"
    for name, tensor in expected.items():
        if not isinstance(got[name], Tensor):
            return f"`{name}` is no tensor"
        if got[name].dtype != tensor.dtype:
            return f"`{name}` is {got[name].dtype}, expected {tensor.dtype}"
        if got[name].shape != tensor.shape:
            return f"`{name}` has shape {tuple(got[name].shape)}, expected {tuple(tensor.shape)}"
        if not torch.equal(got[name], tensor):
            return f"`{name}` has other values"
    return ""


def attempted(look: Any) -> dict[str, Any]:
    """What a look at the learner's file gives, or why it failed: a broken file must not end the probe."""
    try:
        return {"value": look(), "error": ""}
    except Exception as e:  # torch.load raises many types
        return {"value": None, "error": f"{type(e).__name__}: {e}"[:300]}

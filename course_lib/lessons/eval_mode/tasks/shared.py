"""What the tasks of lesson `eval_mode` share."""

import torch
from torch import nn

from course_lib.classroom.tasks.task import Case


def flags(model: nn.Module) -> dict[str, bool]:
    """Each module's training flag by its dotted name; the model itself is "model"."""
    return {name or "model": module.training for name, module in model.named_modules()}


def statistics(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of every buffer: batch norm's running statistics."""
    return {name: buffer.clone() for name, buffer in model.named_buffers()}


def lived_in(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every parameter and running statistic a drawn value, as if the model had been trained."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator))
    return model


def mixed_model(case: Case) -> nn.Module:
    """Nested, with the modes that `case.modes` asks for: "train", "eval" or "mixed"."""
    inner = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))
    model = lived_in(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), inner, nn.Linear(6, 3)), case.generator())
    model.train(case.modes != "eval")
    if case.modes == "mixed":
        model[1].eval()
        inner[1].eval()
    return model


def different(before: dict[str, bool], after: dict[str, bool]) -> list[str]:
    """The names whose flags differ."""
    return [name for name in before if after.get(name) != before[name]]

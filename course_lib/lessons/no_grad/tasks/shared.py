"""What several tasks of this lesson use."""

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.task import Case


def body(case: Case) -> nn.Sequential:
    """A linear layer, a block with batch norm and dropout, a linear layer (N, 6) -> (N, 3), in the case's modes."""
    block = nn.Sequential(nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))
    net = nn.Sequential(nn.Linear(6, 8), block, nn.Linear(8, 3))
    drawn(net, case.generator())
    net.train(case.modes != "eval")
    if case.modes == "mixed":  # frozen on purpose: the batch norm's mode, the first layer's bias
        net[1][0].eval()
        net[0].bias.requires_grad_(False)
    return net


def asking(model: nn.Module) -> dict[str, bool]:
    """Whether each parameter asks for a gradient."""
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}


def examples(case: Case) -> Tensor:
    """Inputs (N, 6)."""
    return torch.randn(case.examples, 6, generator=case.generator()) * 2 + 1

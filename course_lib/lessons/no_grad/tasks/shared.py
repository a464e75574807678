"""What several tasks of this lesson use."""

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.task import Case


def body(case: Case) -> nn.Sequential:
    """Linear, batch norm, ReLU, dropout and a linear layer (N, 6) -> (N, 3), in the modes the case names."""
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    drawn(net, case.generator())
    net.train(case.modes != "eval")
    if case.modes == "mixed":
        net[1].eval()
    return net


def examples(case: Case) -> Tensor:
    """Inputs (N, 6)."""
    return torch.randn(case.examples, 6, generator=case.generator()) * 2 + 1

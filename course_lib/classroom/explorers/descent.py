"""Plain gradient descent, for the small networks that explorers train."""

import torch
from torch import Tensor, nn


def descend(net: nn.Module, loss: Tensor, *, rate: float) -> None:
    """One step of `rate` down the gradient of a loss (a scalar).

    By hand, for the first use of `torch.optim` takes longer than such a training.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> before = net.weight.item()
    >>> descend(net, 3 * net.weight.sum(), rate=0.5)
    >>> round(before - net.weight.item(), 4)
    1.5
    """
    parameters = list(net.parameters())
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= rate * gradient

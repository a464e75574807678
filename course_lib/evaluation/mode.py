"""Eval mode for a block, with every submodule's own flag put back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from course_lib.errors import InputError


@contextmanager
def evaluation_mode(*modules: nn.Module) -> Iterator[None]:
    """Eval mode and no gradients inside the block; afterwards every submodule has its own flag again.

    A plain `model.train()` at the end would un-freeze layers that you had put in eval mode on purpose. Works
    as a decorator too. It is `no_grad` and not the slightly faster `inference_mode`, because a model may keep a
    tensor that it makes inside, such as a table of positions, and must be able to train with it afterwards.

    Args:
        modules: The models to switch.

    Raises:
        InputError: something that is not a module, such as a list of them.

    >>> model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2).eval())
    >>> with evaluation_mode(model):
    ...     model.training, model(torch.ones(1, 2)).requires_grad
    (False, False)
    >>> [module.training for module in model]
    [True, False]

    Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
    """
    with eval_flags(*modules), torch.no_grad():
        yield


@contextmanager
def eval_flags(*modules: nn.Module) -> Iterator[None]:
    """Eval mode inside the block, and every flag put back; gradients stay as they are."""
    require_modules(*modules)
    flags = [(part, part.training) for module in modules for part in module.modules()]
    with ExitStack() as restore:
        for part, flag in flags:
            restore.callback(setattr, part, "training", flag)  # not .train(): that would recurse
        for module in modules:
            module.eval()
        yield


def require_modules(*modules: Any) -> None:
    """Raise an InputError unless every argument is a module."""
    for module in modules:
        if not isinstance(module, nn.Module):
            raise InputError(f"Expected nn.Module, got {type(module).__name__}. Unpack a list of them with *.")

# %% right: a forward pre-hook · message: "nothing else is"
import torch
from torch import nn


def freeze_batch_norm(model):
    """A hook puts the layer back in eval right before every forward pass."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            module.register_forward_pre_hook(lambda m, inputs: m.eval() and None)
            for parameter in module.parameters():
                parameter.requires_grad = False
    return model


# %% right: a subclass whose train() does nothing · message: "nothing else is"
def freeze_batch_norm(model):
    """Swap each layer's class for one whose train() stays in eval."""
    for module in model.modules():
        kind = type(module)
        if kind.__name__.startswith("BatchNorm"):
            module.__class__ = type(
                "Frozen" + kind.__name__, (kind,), {"train": lambda self, mode=True: self}
            )
            module.training = False
            module.weight.requires_grad_(False)
            module.bias.requires_grad_(False)
    return model


# %% wrong: only BatchNorm1d, only at the top level · clause 1 · message: "thawed it"
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.children():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: weight and bias still learn · clause 2 · message: "weight and bias"
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model


# %% wrong: eval() once, and train() thaws it · clause 1 · message: "thawed it"
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.requires_grad_(False)
    return model


# %% wrong: survives only the first train() · clause 1 · message: "thawed it"
import torch
from torch import nn


def freeze_batch_norm(model):
    """Survives one train(), and gives way at the next."""

    def freeze():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
                module.requires_grad_(False)

    freeze()
    original = model.train

    def train_once(mode=True):
        model.train = original
        original(mode)
        freeze()
        return model

    model.train = train_once
    return model


# %% wrong: momentum 0 instead of eval mode · clause 1 · message: "running statistics"
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
            module.requires_grad_(False)
            module.num_batches_tracked = None
    return model


# %% wrong: the whole model frozen · clause 3 · message: "More than batch norm"
import torch
from torch import nn


def freeze_batch_norm(model):
    model.eval()
    model.train = lambda mode=True: model
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.requires_grad_(False)
    return model

# %% right: a forward pre-hook · message: "nothing else is"
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
            module.requires_grad_(False)
    return model


# %% right: the model's train() wrapped · message: "nothing else is"
from torch import nn


def freeze_batch_norm(model):
    """The model's own train() freezes again each time; eval() calls train(False), so it comes by here too."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    original = model.train

    def train(mode=True):
        original(mode)
        for norm in norms:
            norm.training = False
        return model

    model.train = train
    for norm in norms:
        norm.eval().requires_grad_(False)
    return model


# %% right: replaced by a module of one's own · message: "nothing else is"
import torch
from torch import nn


class Frozen(nn.Module):
    """Scale and shift with buffers, which no optimizer sees."""

    def __init__(self, norm):
        super().__init__()
        scale = (norm.running_var + norm.eps).rsqrt()
        if norm.weight is not None:
            scale = scale * norm.weight.detach()
        shift = -norm.running_mean * scale
        if norm.bias is not None:
            shift = shift + norm.bias.detach()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, x):
        shape = [1, -1] + [1] * (x.ndim - 2)
        return x * self.scale.view(shape) + self.shift.view(shape)


def freeze_batch_norm(model):
    for name, child in model.named_children():
        if isinstance(child, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            setattr(model, name, Frozen(child))
        else:
            freeze_batch_norm(child)
    return model


# %% right: its forward replaced · message: "nothing else is"
import torch.nn.functional as F
from torch import nn


def freeze_batch_norm(model):
    """The flag follows train() as ever, and nobody reads it."""

    def fixed(norm):
        return lambda x: F.batch_norm(
            x,
            norm.running_mean,
            norm.running_var,
            norm.weight,
            norm.bias,
            training=False,
            eps=norm.eps,
        )

    for norm in filter(
        lambda m: isinstance(m, nn.modules.batchnorm._BatchNorm), model.modules()
    ):
        norm.forward = fixed(norm)
        norm.requires_grad_(False)
    return model


# %% wrong: eval() once, and train() thaws it · clause 1 · message: "which thawed it"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.requires_grad_(False)
    return model


# %% wrong: only the parameters frozen · clause 1 · message: "was never frozen"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.requires_grad_(False)
    return model


# %% wrong: the first level only · clause 1 · message: "was never frozen"
from torch import nn


def freeze_batch_norm(model):
    for module in model.children():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: found by the name bn · clause 1 · message: "was never frozen"
def freeze_batch_norm(model):
    for name, module in model.named_modules():
        if "bn" in name:
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: 3d forgotten · clause 1 · message: "a BatchNorm3d, was never frozen"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: 2d forgotten · clause 1 · message: "a BatchNorm2d, was never frozen"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm3d)):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: a layer without weight breaks it · clause 1 · message: "raised AttributeError"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.weight.requires_grad = False
            module.bias.requires_grad = False
    return model


# %% wrong: survives only the first train() · clause 1 · message: "which thawed it"
from torch import nn


def freeze_batch_norm(model):
    """Survives one switch, and gives way at the next."""

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


# %% wrong: momentum 0 instead of eval mode · clause 1 · message: "this batch's own mean"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
            module.requires_grad_(False)
    return model


# %% wrong: statistics not tracked any more · clause 1 · message: "this batch's own mean"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.track_running_stats = False
            module.requires_grad_(False)
    return model


# %% wrong: weight and bias still learn · clause 2 · message: "weight and bias"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model


# %% wrong: the bias still learns · clause 2 · message: "weight and bias"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            if module.affine:
                module.weight.requires_grad_(False)
    return model


# %% wrong: every parameter frozen · clause 3 · message: "no longer learns"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
    model.requires_grad_(False)
    return model


# %% wrong: every norm frozen · clause 3 · message: "no longer learns"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if "Norm" in type(module).__name__:
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: the whole model kept in eval mode · clause 3 · message: "in another mode"
from torch import nn


def freeze_batch_norm(model):
    model.eval()
    model.train = lambda mode=True: model
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.requires_grad_(False)
    return model


# %% wrong: train() ignores the mode, dropout stays on · clause 3 · message: "stays in training mode after `model.eval()`"
from torch import nn


def freeze_batch_norm(model):
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    original = model.train

    def train(mode=True):
        original()
        for norm in norms:
            norm.eval()
        return model

    model.train = train
    for norm in norms:
        norm.eval().requires_grad_(False)
    return model


# %% wrong: a deep copy frozen · clause 4 · message: "Another model was returned"
import copy

from torch import nn


def freeze_batch_norm(model):
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model


# %% wrong: returns nothing · clause 4 · message: "returned None"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)


# %% wrong: the class changed, for every model · clause 4 · message: "the class itself was changed"
from torch import nn


def freeze_batch_norm(model):
    nn.modules.batchnorm._BatchNorm.train = lambda self, mode=True: self
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.training = False
            module.requires_grad_(False)
    return model


# %% wrong: train() at the end · clause 3 · message: "in another mode"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval().requires_grad_(False)
            module.train = lambda mode=True, module=module: module
    return model.train()


# %% wrong: all that is no batch norm wants gradients · clause 3 · message: "learns now"
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        frozen = isinstance(module, nn.modules.batchnorm._BatchNorm)
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = not frozen
        if frozen:
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model

# task: freeze_batch_norm
# verdict: passed
# message: nothing else is
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

# task: freeze_batch_norm
# verdict: failed
# message: thawed it
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.requires_grad_(False)
    return model

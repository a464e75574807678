# task: freeze_batch_norm
# verdict: failed
# message: More than batch norm
import torch
from torch import nn


def freeze_batch_norm(model):
    model.eval()
    model.train = lambda mode=True: model
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.requires_grad_(False)
    return model

# task: freeze_batch_norm
# verdict: failed
# message: thawed it
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.children():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
    return model

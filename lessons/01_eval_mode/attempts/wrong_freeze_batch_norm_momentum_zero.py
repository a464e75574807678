# task: freeze_batch_norm
# verdict: failed
# message: running statistics
import torch
from torch import nn


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
            module.requires_grad_(False)
            module.num_batches_tracked = None
    return model

# task: stays_random
# verdict: failed
# message: obeys eval()
import torch
from torch import nn


def stays_random(model, x):
    return [name for name, m in model.named_modules() if isinstance(m, nn.Dropout)]

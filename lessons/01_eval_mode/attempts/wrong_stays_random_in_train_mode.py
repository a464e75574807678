# task: stays_random
# verdict: failed
# message: obeys eval()
import torch
from torch import nn


def stays_random(model, x):
    found = []
    with torch.no_grad():
        for name, module in model.named_children():
            if not torch.equal(module(x), module(x)):
                found.append(name)
            x = module(x)
    return found

# task: stays_random
# verdict: failed
# message: came back changed
import torch
from torch import nn


def stays_random(model, x):
    model.eval()
    found = []
    with torch.no_grad():
        for name, module in model.named_children():
            a, b = module(x), module(x)
            if not torch.equal(a, b):
                found.append(name)
            x = a
    return found

# task: stays_random
# verdict: failed
# message: was not found
import torch
from torch import nn


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    found = []
    with torch.no_grad():
        for name, module in model.named_children():
            a, b = module(x), module(x)
            if not torch.equal(a, b):
                found.append(name)
                break
            x = a
    for module, training in before:
        module.training = training
    return found

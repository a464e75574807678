# task: stays_random
# verdict: passed
# message: by what they do
import torch
from torch import nn


def stays_random(model, x):
    """Each leaf is called a second time inside its own forward hook."""
    found, handles = [], []

    def again(name):
        def hook(module, inputs, output):
            if not torch.equal(module.forward(*inputs), output):
                found.append(name)

        return hook

    before = {m: m.training for m in model.modules()}
    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(again(name)))
    try:
        with torch.inference_mode():
            model.eval()(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in before.items():
            module.train(training)
    return found

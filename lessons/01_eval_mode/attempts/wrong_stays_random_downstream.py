# task: stays_random
# verdict: failed
# message: is not random itself
import torch
from torch import nn


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    outputs = []
    for _ in range(2):
        seen, handles = {}, []
        for name, m in model.named_modules():
            if not list(m.children()):
                handles.append(
                    m.register_forward_hook(
                        lambda m, i, o, n=name, seen=seen: seen.update({n: o})
                    )
                )
        model(x)
        outputs.append(seen)
        for handle in handles:
            handle.remove()
    for module, training in before:
        module.training = training
    innocent = {"1", "4"}  # the author saw them change too, and threw them out by hand
    first, second = outputs
    return [n for n in first if not torch.equal(first[n], second[n]) and n not in innocent]

# %% right: a second call inside a forward hook · message: "by what they do"
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


# %% right: the generator's state watched on a copy · message: "by what they do"
import copy

import torch


def stays_random(model, x):
    """Works on a deep copy, and on what the generator gives away: a module that draws moves its state."""
    model = copy.deepcopy(model).eval()
    drew, state = set(), {}

    for name, module in model.named_modules():
        if next(module.children(), None) is None:
            module.register_forward_pre_hook(
                lambda m, i, n=name: state.update({n: torch.get_rng_state()})
            )
            module.register_forward_hook(
                lambda m, i, o, n=name: (
                    None if torch.equal(state[n], torch.get_rng_state()) else drew.add(n)
                )
            )
    with torch.no_grad():
        model(x)
    return sorted(drew)


# %% wrong: the culprit typed in · clause 2 · message: "is not random itself"
def stays_random(model, x):
    """There is always a culprit, thinks the author, and it is the one after batch norm."""
    return ["3"]


# %% wrong: found by type, not by behaviour · clause 2 · message: "obeys eval()"
import torch
from torch import nn


def stays_random(model, x):
    return [name for name, m in model.named_modules() if isinstance(m, nn.Dropout)]


# %% wrong: whole model run twice, outputs compared · clause 3 · message: "is not random itself"
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


# %% wrong: stops at the first one found · clause 2 · message: "was not found"
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


# %% wrong: asked in training mode · clause 2 · message: "obeys eval()"
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


# %% wrong: the model left in eval mode · clause 4 · message: "came back changed"
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


# %% wrong: one name as text, not a list · clause 2 · message: "Expected a list of names"
def stays_random(model, x):
    return "3"


# %% wrong: an input of its own, the width typed in · clause 1 · message: "raised RuntimeError"
import torch


def stays_random(model, x):
    """Doesn't look at the batch it is given."""
    x = torch.randn(8, 10)
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    found = []
    with torch.no_grad():
        for name, module in model.named_children():
            a, b = module(x), module(x)
            if not torch.equal(a, b):
                found.append(name)
            x = a
    for module, training in before:
        module.training = training
    return found

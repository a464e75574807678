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
            module.training = training
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


# %% right: inputs kept, then each module alone · message: "by what they do"
import torch


class Finder:
    """A callable object; calls each module three times and compares in NumPy."""

    __name__ = "stays_random"

    def __call__(self, model, x):
        flags = [(m, m.training) for m in model.modules()]
        model.eval()
        given, handles = [], []
        for name, module in model.named_modules():
            if len(list(module.children())) == 0:
                keep = lambda m, inputs, name=name: given.append((name, m, inputs[0].clone()))
                handles.append(module.register_forward_pre_hook(keep))
        model(x)
        [handle.remove() for handle in handles]
        names = []
        for name, module, value in given:
            outputs = [module(value).detach().numpy() for _ in range(3)]
            if any((output != outputs[0]).any() for output in outputs):
                names.append(name)
        for module, flag in flags:
            module.training = flag
        return tuple(names)


stays_random = Finder()


# %% right: forward wrapped for one pass · message: "by what they do"
import torch


@torch.no_grad()
def stays_random(model, x):
    """No hooks: each leaf's forward is wrapped and put back."""
    flags = {name: module.training for name, module in model.named_modules()}
    model.eval()
    leaves = [
        (n, m) for n, m in model.named_modules() if n and not any(True for _ in m.children())
    ]
    found = []

    def wrapped(name, original):
        def forward(value):
            one, two = original(value), original(value)
            if (one - two).abs().sum() > 0:
                found.append(name)
            return one

        return forward

    for name, module in leaves:
        module.forward = wrapped(name, module.forward)
    try:
        model(x)
    finally:
        for name, module in leaves:
            del module.forward
        for name, flag in flags.items():
            model.get_submodule(name).training = flag
    return found


# %% wrong: an input of its own, the width typed in · clause 1 · message: "raised RuntimeError"
import torch


def stays_random(model, x):
    """Doesn't look at the batch it is given."""
    x = torch.randn(8, 10)
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    model(x)
    for module, training in before:
        module.training = training
    return []


# %% wrong: the culprit typed in · clause 2 · message: "no module called '3'"
def stays_random(model, x):
    return ["3"]


# %% wrong: nothing is ever found · clause 2 · message: "was not found"
def stays_random(model, x):
    return []


# %% wrong: found by type, not by behaviour · clause 2 · message: "obeys eval()"
from torch import nn


def stays_random(model, x):
    return [name for name, m in model.named_modules() if isinstance(m, nn.Dropout)]


# %% wrong: the source searched for F.dropout · clause 2 · message: "was not found"
import torch
from torch import nn


def stays_random(model, x):
    """Looks for calls of F.dropout in the source."""
    import inspect

    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    found = []
    for name, module in leaves:
        if "F.dropout(x, 0.5)" in inspect.getsource(type(module)):
            found.append(name)
    return found


# %% wrong: asked in training mode · clause 2 · message: "obeys eval()"
import torch


def stays_random(model, x):
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    return [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]


# %% wrong: stops at the first one found · clause 2 · message: "was not found"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    given, found = {}, []
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    for name, module in leaves:
        if not torch.equal(module(given[name]), module(given[name])):
            found.append(name)
            break
    for module, training in before:
        module.training = training
    return found


# %% wrong: nearly equal taken for equal · clause 2 · message: "Its noise is faint"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    found = [n for n, m in leaves if not torch.allclose(m(given[n]), m(given[n]))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: the dice fixed before each call · clause 2 · message: "was not found"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]

    def called(name, module):
        torch.manual_seed(0)
        return module(given[name])

    found = [n for n, m in leaves if not torch.equal(called(n, m), called(n, m))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: parents named too · clause 2 · message: "has children"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    given = {}
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in model.named_modules()
    ]
    model(x)
    [h.remove() for h in handles]
    found = [n for n, m in model.named_modules() if not torch.equal(m(given[n]), m(given[n]))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: one name as text, not a list · clause 2 · message: "Expected a list of names"
def stays_random(model, x):
    return "3"


# %% wrong: whole model run twice, outputs compared · clause 3 · message: "is only fed by a random one"
import torch


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
    first, second = outputs
    return [n for n in first if not torch.equal(first[n], second[n])]


# %% wrong: the first level only · clause 4 · message: "was not found"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    found = []
    with torch.no_grad():
        for name, module in model.named_children():
            a, b = module(x), module(x)
            if not list(module.children()) and not torch.equal(a, b):
                found.append(name)
            x = a
    for module, training in before:
        module.training = training
    return found


# %% wrong: the first level only, parents included · clause 4 · message: "has children"
import torch


def stays_random(model, x):
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


# %% wrong: each module called with the model's own batch · clause 2 · message: "was not found"
import torch


def stays_random(model, x):
    """What doesn't take the model's batch is passed over."""
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    found = []
    for name, module in model.named_modules():
        try:
            if not list(module.children()) and not torch.equal(module(x), module(x)):
                found.append(name)
        except (RuntimeError, ValueError):
            pass
    for module, training in before:
        module.training = training
    return [n for n in found if n.count(".") == 0]


# %% wrong: the model left in eval mode · clause 5 · message: "came back in another mode"
import torch


def stays_random(model, x):
    model.eval()
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    return [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]


# %% wrong: train() afterwards thaws a frozen layer · clause 5 · message: "came back in another mode"
import torch


def stays_random(model, x):
    model.eval()
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    found = [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]
    model.train()
    return found


# %% wrong: inputs gathered in training mode · clause 5 · message: "moved: a pass ran"
import torch


def stays_random(model, x):
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    found = [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: hooks left on the model · clause 5 · message: "hooks were left"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    for n, m in leaves:
        m.register_forward_pre_hook(lambda m, i, n=n: given.setdefault(n, i[0]) is None or None)
    model(x)
    found = [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: the parameters frozen for it · clause 5 · message: "another `requires_grad`"
import torch


def stays_random(model, x):
    before = [(m, m.training) for m in model.modules()]
    model.eval().requires_grad_(False)
    given = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [
        m.register_forward_pre_hook(lambda m, i, n=n: given.update({n: i[0]}))
        for n, m in leaves
    ]
    model(x)
    [h.remove() for h in handles]
    found = [n for n, m in leaves if not torch.equal(m(given[n]), m(given[n]))]
    for module, training in before:
        module.training = training
    return found


# %% wrong: every module asked with the model's batch · clause 2 · message: "was not found"
import copy

import torch


def stays_random(model, x):
    """Modules that can't take the model's batch are passed over."""
    found = []
    for name, module in copy.deepcopy(model).eval().named_modules():
        if list(module.children()):
            continue
        try:
            if not torch.equal(module(x), module(x)):
                found.append(name)
        except RuntimeError:
            pass
    return found


# %% wrong: the modules, not their names · clause 2 · message: "a list of other things"
import copy

import torch


def stays_random(model, x):
    model, given = copy.deepcopy(model).eval(), {}
    for module in model.modules():
        if not list(module.children()):
            module.register_forward_pre_hook(
                lambda m, inputs: given.setdefault(m, inputs[0]) and None
            )
    try:
        model(x)
    except RuntimeError:
        pass
    return [module for module in model.modules() if not list(module.children())]

# %% right: a class · message: "own flag outside"
class evaluation_mode:
    """A class instead of a generator."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.training = [m for m in self.model.modules() if m.training]
        self.model.eval()

    def __exit__(self, *error):
        for module in self.training:
            module.training = True


# %% right: an exit stack · message: "own flag outside"
from contextlib import ExitStack


def evaluation_mode(model):
    """One callback for each submodule, on an ExitStack."""
    stack = ExitStack()
    for module in model.modules():
        stack.callback(setattr, module, "training", module.training)
    model.eval()
    return stack


# %% wrong: gradients turned off too · clause 4 · message: "grad is the other"
from contextlib import contextmanager

import torch


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in before:
            module.training = training


# %% wrong: no finally · clause 2 · message: "stayed in eval mode for ever"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    yield
    for module, training in before:
        module.training = training


# %% wrong: one flag for all · clause 2 · message: "every submodule's own flag"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


# %% wrong: a plain function, no context manager · clause 1 · message: "could not be entered"
def evaluation_mode(model):
    model.eval()


# %% wrong: one memory for nested uses · clause 2 · message: "inner `with`"
class evaluation_mode:
    """Keeps one memory for everybody, and switches back by the model's own flag."""

    before = {}

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        if self.model not in self.before:
            self.before[self.model] = [(m, m.training) for m in self.model.modules()]
        self.model.eval()

    def __exit__(self, *error):
        for module, training in self.before.get(self.model, ()):
            module.training = training


# %% wrong: the block's error swallowed · clause 3 · message: "swallowed it"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    except Exception:
        pass
    for module, training in before:
        module.training = training


# %% wrong: only the top module's flag set · clause 1 · message: "still trains"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = model.training
    model.training = False
    try:
        yield
    finally:
        model.training = before


# %% wrong: train() afterwards, whatever it was · clause 2 · message: "came back in the other mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    model.eval()
    try:
        yield
    finally:
        model.train()

# %% right: a generator with finally · message: "own flag outside"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    flags = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, flag in flags.items():
            module.training = flag


# %% right: a class · message: "own flag outside"
class evaluation_mode:
    """A class instead of a generator; flags by dotted name."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.flags = {name: module.training for name, module in self.model.named_modules()}
        return self.model.train(False)

    def __exit__(self, *error):
        for name, flag in self.flags.items():
            self.model.get_submodule(name).training = flag
        return False


# %% right: an exit stack · message: "own flag outside"
from contextlib import ExitStack


def evaluation_mode(model):
    """One callback for each submodule, on an ExitStack."""
    stack = ExitStack()
    for module in model.modules():
        stack.callback(setattr, module, "training", module.training)
    model.eval()
    return stack


# %% right: caught, restored and raised again · message: "own flag outside"
import contextlib


@contextlib.contextmanager
def evaluation_mode(model):
    modules = list(model.modules())
    flags = [module.training for module in modules]

    def restore():
        for module, flag in zip(modules, flags):
            module.training = flag

    for module in modules:
        module.training = False
    try:
        yield
    except BaseException:
        restore()
        raise
    restore()


# %% wrong: only the top module's flag set · clause 1 · message: "still in training mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = model.training
    model.training = False
    try:
        yield
    finally:
        model.training = before


# %% wrong: the children only · clause 1 · message: "still in training mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    """Not the model itself."""
    before = [(m, m.training) for m in model.modules()]
    for child in model.children():
        child.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


# %% wrong: a plain function, no context manager · clause 1 · message: "could not be entered"
def evaluation_mode(model):
    model.eval()


# %% wrong: the decorator forgotten · clause 1 · message: "`@contextmanager` above it is missing"
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    finally:
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


# %% wrong: train() afterwards, whatever it was · clause 2 · message: "in the other mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    model.eval()
    try:
        yield
    finally:
        model.train()


# %% wrong: the first level only is remembered · clause 2 · message: "in the other mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    top, before = model.training, [(child, child.training) for child in model.children()]
    model.eval()
    try:
        yield
    finally:
        model.training = top
        for child, training in before:
            child.train(training)


# %% wrong: remembered by how a module prints · clause 2 · message: "in the other mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = {str(module): module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module in model.modules():
            module.training = before[str(module)]


# %% wrong: a shared layer noted twice · clause 2 · message: "in the other mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    """Switches while it notes, so that a layer with two parents is noted again, already switched."""
    before = []

    def visit(module):
        before.append((module, module.training))
        module.training = False
        for child in module.children():
            visit(child)

    visit(model)
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


# %% wrong: puts back only what was in training mode · clause 2 · message: "that, too, is put back"
class evaluation_mode:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.training = [m for m in self.model.modules() if m.training]
        self.model.eval()

    def __exit__(self, *error):
        for module in self.training:
            module.training = True


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


# %% wrong: no finally · clause 3 · message: "stayed in eval mode for ever"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    yield
    for module, training in before:
        module.training = training


# %% wrong: the block's error swallowed · clause 4 · message: "swallowed it"
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


# %% wrong: __exit__ returns True · clause 4 · message: "swallowed it"
class evaluation_mode:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.before = [(m, m.training) for m in self.model.modules()]
        self.model.eval()

    def __exit__(self, *error):
        for module, training in self.before:
            module.training = training
        return True


# %% wrong: the block's error replaced by another · clause 4 · message: "another error came out in its place"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    except Exception as error:
        raise RuntimeError("evaluation failed") from error
    finally:
        for module, training in before:
            module.training = training


# %% wrong: gradients turned off too · clause 5 · message: "grad is the other"
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


# %% wrong: gradients turned on · clause 5 · message: "Gradients were off before the block"
from contextlib import contextmanager

import torch


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.enable_grad():
        try:
            yield
        finally:
            for module, training in before:
                module.training = training


# %% wrong: gradients on for good afterwards · clause 5 · message: "After the block they were on"
from contextlib import contextmanager

import torch


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
        torch.set_grad_enabled(True)


# %% wrong: the course's own, imported · clause 5 · message: "Run your own cell again"
from course_lib.evaluation import evaluation_mode


# %% wrong: parameters frozen for the block · clause 5 · message: "lost their `requires_grad`"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval().requires_grad_(False)
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
        model.requires_grad_(True)

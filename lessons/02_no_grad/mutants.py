"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 02_no_grad` shows who notices."""

import contextlib
import threading

import torch
from torch import nn

from mutants import world

KEEPS = "Learn: what is kept, and why"
FOUR = "Learn: four ways to keep nothing"


@world("eval() switches gradients off", noticed_by="Why: a sum that remembers everything")
def _():
    plain = nn.Module.eval

    def switched(self):
        torch.set_grad_enabled(False)
        return plain(self)

    nn.Module.eval = switched


@world("a sum forgets what it was made of", noticed_by="Why: a sum that remembers everything")
def _():
    plain = torch.Tensor.__add__
    torch.Tensor.__add__ = lambda self, other: plain(self.detach(), other)


@world("a linear layer keeps more than its input", noticed_by=KEEPS)
def _():
    plain = nn.Linear.forward
    nn.Linear.forward = lambda self, x: plain(self, x).exp().log()


@world("ReLU keeps nothing", noticed_by=KEEPS)
def _():
    nn.ReLU.forward = lambda self, x: x + x.detach().relu() - x.detach()


@world("what is kept doesn't grow with the batch", noticed_by=KEEPS)
def _():
    plain = nn.Linear.forward
    nn.Linear.forward = lambda self, x: (
        plain(self, x).detach() if len(x) > 64 else plain(self, x)
    )


@world("the hooks see only what is large", noticed_by=KEEPS)
def _():
    plain = torch.autograd.graph.saved_tensors_hooks

    def hooks(pack, unpack):
        return plain(lambda t: pack(t) if t.numel() > 10 else t, unpack)

    torch.autograd.graph.saved_tensors_hooks = hooks


@world("dropout keeps its output in place of its mask", noticed_by=KEEPS)
def _():
    plain = nn.Dropout.forward
    nn.Dropout.forward = lambda self, x: plain(self, x.detach()).exp().log() + 0 * x


@world("backward() keeps what it has used", noticed_by=KEEPS)
def _():
    plain = torch.Tensor.backward
    torch.Tensor.backward = lambda self, **kwargs: plain(self, retain_graph=True, **kwargs)


@world("enable_grad() undoes nothing", noticed_by=FOUR)
def _():
    torch.enable_grad = contextlib.nullcontext


@world("NumPy takes a tensor with its graph", noticed_by="Cut one tensor out")
def _():
    plain = torch.Tensor.numpy
    torch.Tensor.numpy = lambda self: plain(self.detach())


@world("a frozen or evaluated model hides the image's gradient", noticed_by="Freeze parameters")
def _():
    plain = torch.autograd.grad
    torch.autograd.grad = lambda *args: tuple(0 * grad for grad in plain(*args))


@world("no_grad keeps the graph", noticed_by=FOUR)
def _():
    plain = nn.Linear.forward

    def forward(self, x):
        with torch.enable_grad():
            return plain(self, x)

    nn.Linear.forward = forward


@world("the numbers differ a little under no_grad", noticed_by=FOUR)
def _():
    plain = nn.Linear.forward
    nn.Linear.forward = lambda self, x: (
        plain(self, x) if torch.is_grad_enabled() else plain(self, x) * 1.00001
    )


@world("no_grad freezes the parameters", noticed_by=FOUR)
def _():
    plain = nn.Linear.forward

    def forward(self, x):
        if not torch.is_grad_enabled():
            self.requires_grad_(False)
        return plain(self, x)

    nn.Linear.forward = forward


@world("inference_mode is no_grad by another name", noticed_by=FOUR)
def _():
    torch.inference_mode = torch.no_grad


@world("detach() copies", noticed_by="Cut one tensor out")
def _():
    plain = torch.Tensor.detach
    torch.Tensor.detach = lambda self: plain(self).clone()


@world("frozen parameters are recorded like others", noticed_by="Freeze parameters")
def _():
    nn.Module.requires_grad_ = lambda self, requires_grad=True: self


@world(
    "backward() without a graph does nothing", noticed_by="Break it: a body that never learns"
)
def _():
    plain = torch.Tensor.backward
    torch.Tensor.backward = lambda self: plain(self) if self.requires_grad else None


@world(
    "the optimizer moves what has no gradient", noticed_by="Break it: a body that never learns"
)
def _():
    plain = torch.optim.SGD.step

    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    parameter.grad = torch.ones_like(parameter)
        plain(self)

    torch.optim.SGD.step = step


@world(
    "a table made under inference_mode can be trained with",
    noticed_by="Break it: a table made while evaluating",
)
def _():
    plain = torch.linspace

    def linspace(*args, **kwargs):
        with torch.inference_mode(False):
            return plain(*args, **kwargs)

    torch.linspace = linspace


@world("a thread takes the switch over from its parent", noticed_by="Break it: another thread")
def _():
    class Thread(threading.Thread):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.grad = torch.is_grad_enabled()

        def run(self):
            with torch.set_grad_enabled(self.grad):
                super().run()

    threading.Thread = Thread

"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 01_eval_mode` shows who notices."""

import contextlib

import torch
import torch.nn.functional as F
from torch import nn

import course_lib.evaluation
from mutants import world


@world("eval() does nothing", noticed_by="Predict")
def _():
    nn.Module.eval = lambda self: self


@world("dropout is off in training", noticed_by="Why: one digit, two answers")
def _():
    nn.Dropout.forward = lambda self, x: x.clone() if self.training else x


@world("no_grad() stops dropout", noticed_by="Why: one digit, two answers")
def _():
    forward = nn.Dropout.forward
    nn.Dropout.forward = lambda self, x: forward(self, x) if torch.is_grad_enabled() else x


@world("batch norm uses the batch in eval mode, too", noticed_by="Predict")
def _():
    def forward(self, x):
        mean, var = (self.running_mean, self.running_var) if self.training else (None, None)
        return F.batch_norm(x, mean, var, self.weight, self.bias, True, 0.1, self.eps)

    nn.BatchNorm1d.forward = forward


@world("dropout doesn't rescale the survivors", noticed_by="Learn: what the switch does")
def _():
    nn.Dropout.forward = lambda self, x: (
        x * (torch.rand_like(x) > self.p) if self.training else x
    )


@world(
    "batch norm takes one fifth of what a batch shows", noticed_by="Learn: what the switch does"
)
def _():
    init = nn.BatchNorm1d.__init__
    nn.BatchNorm1d.__init__ = lambda self, features: init(self, features, momentum=0.2)


@world("the running variance is the one over N", noticed_by="Learn: what the switch does")
def _():
    forward = nn.BatchNorm1d.forward

    def biased(self, x):
        old = self.running_var.clone()
        out = forward(self, x)
        if self.training:
            self.running_var = 0.9 * old + 0.1 * x.detach().var(0, correction=0)
        return out

    nn.BatchNorm1d.forward = biased


@world("batch norm takes a batch of one", noticed_by="Learn: what the switch does")
def _():
    forward = nn.BatchNorm1d.forward
    nn.BatchNorm1d.forward = lambda self, x: x if len(x) == 1 else forward(self, x)


@world("eval() turns gradients off", noticed_by="The other switch")
def _():
    call = nn.Module.__call__

    def without_graph(self, *args, **options):
        with contextlib.nullcontext() if self.training else torch.no_grad():
            return call(self, *args, **options)

    nn.Module.__call__ = without_graph


@world(
    "evaluation_mode leaves the model in eval mode",
    noticed_by="Break it: the test set in order",
)
def _():
    course_lib.evaluation.evaluation_mode = lambda model: contextlib.nullcontext(model.eval())


@world(
    "batch norm learns only with gradients on", noticed_by="Break it: looking changes the model"
)
def _():
    forward = nn.BatchNorm1d.forward

    def careful(self, x):
        old = {name: buffer.clone() for name, buffer in self.named_buffers()}
        out = forward(self, x)
        if not torch.is_grad_enabled():
            self.load_state_dict(old, strict=False)
        return out

    nn.BatchNorm1d.forward = careful


@world(
    "F.dropout does nothing unless told that it trains",
    noticed_by="Break it: out of the switch's reach",
)
def _():
    dropout = F.dropout
    F.dropout = lambda x, p=0.5, training=False, inplace=False: dropout(x, p, training, inplace)


@world("eval() finds modules in a list", noticed_by="Break it: out of the switch's reach")
def _():
    modules = nn.Module.children

    def children(self):
        yield from modules(self)
        for value in vars(self).values():
            if isinstance(value, list):
                yield from (one for one in value if isinstance(one, nn.Module))

    nn.Module.children = children


@world("attention never drops", noticed_by="Break it: out of the switch's reach")
def _():
    attention = F.scaled_dot_product_attention
    F.scaled_dot_product_attention = lambda q, k, v, dropout_p=0.0: attention(q, k, v)


@world("train() leaves a frozen layer frozen", noticed_by="Break it: frozen for one epoch")
def _():
    train = nn.Module.train

    def leave_frozen(self, mode=True):
        frozen = (
            [module for module in self.modules() if not module.training]
            if mode and self.training
            else []
        )
        train(self, mode)
        for module in frozen:
            module.training = False
        return self

    nn.Module.train = leave_frozen


@world("eval() freezes batch norm's weight, too", noticed_by="Break it: frozen for one epoch")
def _():
    nn.BatchNorm1d.eval = lambda self: self.train(False).requires_grad_(False)

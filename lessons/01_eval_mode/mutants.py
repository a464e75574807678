"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 01_eval_mode` shows who notices."""

import contextlib
import os

import torch
import torch.nn.functional as F
from torch import nn

import course_lib.evaluation
from mutants import world


@world("eval() does nothing", noticed_by="Why: one digit, two answers")
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
    nn.BatchNorm1d.__init__ = lambda self, *sizes, **options: init(
        self, *sizes, momentum=0.2, **options
    )


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
    F.scaled_dot_product_attention = lambda q, k, v, mask=None, dropout_p=0.0, causal=False: (
        attention(q, k, v, mask, 0.0, causal)
    )


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


@world("batch norm spares small batches", noticed_by="Predict")
def _():
    forward = nn.BatchNorm1d.forward

    def by_running_statistics(self, x):
        if len(x) > 4:
            return forward(self, x)
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)

    nn.BatchNorm1d.forward = by_running_statistics


@world("train(False) is something else than eval()", noticed_by="Learn: what the switch does")
def _():
    def switched(self, mode):
        for module in self.modules():
            module.training = mode
        return self

    nn.Module.eval = lambda self: switched(self, False)
    nn.Module.train = lambda self, mode=True: switched(self, True)


@world(
    "one picture is normalised by the running statistics",
    noticed_by="Learn: what the switch does",
)
def _():
    forward = nn.BatchNorm2d.forward
    nn.BatchNorm2d.forward = lambda self, x: (
        forward(self, x) if len(x) > 1 else F.batch_norm(x, self.running_mean, self.running_var)
    )


@world("RReLU knows no mode", noticed_by="What else listens")
def _():
    nn.RReLU.forward = lambda self, x: F.leaky_relu(x, 0.2)


@world("layer norm listens", noticed_by="What else listens")
def _():
    forward = nn.LayerNorm.forward
    nn.LayerNorm.forward = lambda self, x: forward(self, x) * (1.1 if self.training else 1)


@world(
    "without statistics batch norm does nothing in eval mode", noticed_by="What else listens"
)
def _():
    forward = nn.BatchNorm1d.forward
    nn.BatchNorm1d.forward = lambda self, x: (
        x if self.running_mean is None and not self.training else forward(self, x)
    )


@world("evaluation_mode ends with train()", noticed_by="Break it: the test set in order")
def _():
    @contextlib.contextmanager
    def ends_with_train(model):
        with torch.no_grad():
            yield model.eval()
        model.train()

    course_lib.evaluation.evaluation_mode = ends_with_train


@world("evaluation_mode leaves gradients on", noticed_by="Break it: the test set in order")
def _():
    from course_lib.evaluation.mode import eval_flags

    course_lib.evaluation.evaluation_mode = eval_flags


@world(
    "a seed doesn't decide what dropout drops",
    noticed_by="Learn: a switch that puts itself back",
)
def _():
    forward = nn.Dropout.forward

    def by_other_dice(self, x):
        own = torch.Generator().manual_seed(int.from_bytes(os.urandom(6), "little"))
        kept = torch.rand(x.shape, generator=own) >= self.p
        return x * kept / (1 - self.p) if self.training else forward(self, x)

    nn.Dropout.forward = by_other_dice


@world("a state_dict holds no buffers", noticed_by="Break it: looking changes the model")
def _():
    nn.Module.state_dict = lambda self: {n: p.detach() for n, p in self.named_parameters()}


@world(
    "parameters without gradient stop the running statistics",
    noticed_by="Break it: looking changes the model",
)
def _():
    forward = nn.BatchNorm1d.forward

    def stopped(self, x):
        old = {name: buffer.clone() for name, buffer in self.named_buffers()}
        out = forward(self, x)
        if self.affine and not self.weight.requires_grad:
            self.load_state_dict(old, strict=False)
        return out

    nn.BatchNorm1d.forward = stopped


@world("parameters() finds modules in a list", noticed_by="Break it: out of the switch's reach")
def _():
    parameters = nn.Module.parameters

    def with_lists(self, recurse=True):
        yield from parameters(self, recurse)
        for value in vars(self).values():
            if isinstance(value, list):
                for one in value:
                    yield from parameters(one)

    nn.Module.parameters = with_lists


@world("pooling draws its regions once", noticed_by="Break it: out of the switch's reach")
def _():
    nn.FractionalMaxPool2d.forward = lambda self, x: F.adaptive_max_pool2d(x, 11)


@world("a hook that was removed goes on", noticed_by="Learn: look inside while it runs")
def _():
    torch.utils.hooks.RemovableHandle.remove = lambda self: None


@world("train() sets the flags without asking", noticed_by="Learn: a freeze that lasts")
def _():
    def switched(self, mode=True):
        for module in self.modules():
            module.training = mode
        return self

    nn.Module.train = switched


@world("SyncBatchNorm is no batch norm", noticed_by="Learn: a freeze that lasts")
def _():
    nn.SyncBatchNorm = nn.GroupNorm

"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 03_evaluation_loop` shows who notices."""

import contextlib
import warnings

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler, dataloader

import course_lib.evaluation
from mutants import world

_cross_entropy, _bce = F.cross_entropy, F.binary_cross_entropy_with_logits


def _each(logits, y, weight):
    return _cross_entropy(logits, y, weight=weight, reduction="none")


@world(
    "a loader leaves a ragged end out",
    noticed_by="Why: 64 right answers out of 65, and a score of 0.667",
)
def _():
    init = DataLoader.__init__
    DataLoader.__init__ = lambda self, data, size, **options: init(
        self, data, size, **{**options, "drop_last": True}
    )


@world("split cuts into parts as equal as can be", noticed_by="Predict")
def _():
    torch.Tensor.split = lambda self, size: self.tensor_split(-(-len(self) // size))


@world("reduction='sum' gives the mean", noticed_by="Learn: add up, divide once")
def _():
    F.cross_entropy = lambda *args, reduction="mean", **options: _cross_entropy(
        *args, reduction="mean" if reduction == "sum" else reduction, **options
    )


@world(
    "class weights don't stand below the line", noticed_by="Learn: what a mean is divided by"
)
def _():
    F.cross_entropy = lambda logits, y, weight=None, reduction="mean", **options: (
        _each(logits, y, weight).mean()
        if weight is not None and reduction == "mean"
        else _cross_entropy(logits, y, weight=weight, reduction=reduction, **options)
    )


@world("the mean of nobody is 0", noticed_by="Learn: what a mean is divided by")
def _():
    F.cross_entropy = lambda *args, **options: _cross_entropy(*args, **options).nan_to_num(0.0)


@world("ignored targets count below the line", noticed_by="Learn: what a mean is divided by")
def _():
    F.cross_entropy = lambda logits, y, reduction="mean", **options: (
        _cross_entropy(logits, y, reduction="sum", **options)
        / (y != -100).sum().clamp(max=10**9)
        * (y != -100).float().mean()
        if reduction == "mean" and (y == -100).any() and (y != -100).any()
        else _cross_entropy(logits, y, reduction=reduction, **options)
    )


@world("pos_weight stands below the line", noticed_by="Learn: what a mean is divided by")
def _():
    F.binary_cross_entropy_with_logits = lambda z, y, pos_weight=None, reduction="mean": (
        _bce(z, y, pos_weight=pos_weight, reduction="sum") / (1 + (pos_weight - 1) * y).sum()
        if pos_weight is not None and reduction == "mean"
        else _bce(z, y, pos_weight=pos_weight, reduction=reduction)
    )


@world("softmax turns the order round", noticed_by="Learn: from logits to labels")
def _():
    softmax = torch.Tensor.softmax
    torch.Tensor.softmax = lambda self, dim: softmax(-self, dim)


@world("a float32 holds the sigmoid of a tiny logit", noticed_by="Learn: from logits to labels")
def _():
    sigmoid = torch.Tensor.sigmoid
    torch.Tensor.sigmoid = lambda self: sigmoid(self.double())


@world(
    "argmax of one logit looks at its sign", noticed_by="Break it: the head that always says no"
)
def _():
    argmax = torch.Tensor.argmax
    torch.Tensor.argmax = lambda self, dim=None: (
        (self.squeeze(1) > 0).long()
        if self.ndim == 2 and self.shape[1] == 1
        else argmax(self, dim)
    )


@world(
    "a column equals a row one by one",
    noticed_by="Break it: 12,996 comparisons of 114 patients",
)
def _():
    eq = torch.Tensor.__eq__

    def row_by_row(self, other):
        column = (
            isinstance(other, torch.Tensor)
            and self.ndim == 2
            and self.shape[1] == 1
            and other.ndim == 1
        )
        return eq(self.squeeze(1) if column else self, other)

    torch.Tensor.__eq__ = row_by_row


@world(
    "the one-logit loss broadcasts", noticed_by="Break it: 12,996 comparisons of 114 patients"
)
def _():
    F.binary_cross_entropy_with_logits = lambda z, y, **options: _bce(
        *torch.broadcast_tensors(z, y), **options
    )


@world("mse_loss says nothing", noticed_by="Break it: 12,996 comparisons of 114 patients")
def _():
    mse = F.mse_loss

    def silent(a, b):
        return mse(*torch.broadcast_tensors(a, b))

    F.mse_loss = silent


@world("a shuffled loader keeps its first order", noticed_by="Break it: two passes, two orders")
def _():
    def same_order(self):
        yield from torch.randperm(
            len(self.data_source), generator=torch.Generator().manual_seed(5)
        ).tolist()

    RandomSampler.__iter__ = same_order


@world(
    "an unshuffled loader draws nothing",
    noticed_by="Break it: looking at the validation data changes the training",
)
def _():
    init = dataloader._BaseDataLoaderIter.__init__

    def without_a_draw(self, loader):
        with torch.random.fork_rng(devices=[]):
            init(self, loader)

    dataloader._BaseDataLoaderIter.__init__ = without_a_draw


@world(
    "a loader's own generator isn't used when a pass begins",
    noticed_by="Break it: looking at the validation data changes the training",
)
def _():
    init = dataloader._BaseDataLoaderIter.__init__

    def with_a_draw(self, loader):
        init(self, loader)
        torch.rand(1)

    dataloader._BaseDataLoaderIter.__init__ = with_a_draw


@world(
    "fork_rng puts nothing back",
    noticed_by="Break it: looking at the validation data changes the training",
)
def _():
    torch.random.fork_rng = lambda devices=None: contextlib.nullcontext()


@world("cross_entropy sees that it got probabilities", noticed_by="Break it: squashed twice")
def _():
    def either(outputs, y, **options):
        are = outputs.min() >= 0 and torch.allclose(
            outputs.sum(1), torch.ones(len(outputs), dtype=outputs.dtype)
        )
        return _cross_entropy(outputs.clamp(min=1e-30).log() if are else outputs, y, **options)

    F.cross_entropy = either


@world("drop_last keeps the ragged end", noticed_by="Learn: who is judged at all")
def _():
    init = DataLoader.__init__
    DataLoader.__init__ = lambda self, data, size, drop_last=False, **options: init(
        self, data, size, **options
    )


@world("DistributedSampler doesn't fill up", noticed_by="Learn: who is judged at all")
def _():
    DistributedSampler.__iter__ = lambda self: iter(
        range(self.rank, len(self.dataset) - 3, self.num_replicas)
    )


@world("evaluate averages its batches", noticed_by="Learn: a result is an object")
def _():
    from dataclasses import replace

    evaluate = course_lib.evaluation.evaluate

    def averaging(model, loader, loss_fn=None, **options):
        found = evaluate(model, loader, loss_fn=loss_fn, **options)
        if loss_fn is None:
            return found
        parts = zip(found.logits.split(64), found.targets.split(64), strict=True)
        return replace(found, loss=float(torch.stack([loss_fn(a, b) for a, b in parts]).mean()))

    course_lib.evaluation.evaluate = averaging


@world("evaluate warns of nothing", noticed_by="Learn: a result is an object")
def _():
    evaluate = course_lib.evaluation.evaluate

    def silent(*args, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return evaluate(*args, **options)

    course_lib.evaluation.evaluate = silent

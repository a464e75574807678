# %% right: joined, and cross-entropy once · message: "however the batches are cut"
import torch
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    pairs = list(batches)
    if not any((targets != -100).any() for _, targets in pairs):
        raise ValueError("nobody counts")
    logits, targets = (torch.cat(part) for part in zip(*pairs))
    return F.cross_entropy(logits, targets, weight=weight)


# %% right: batch means times what each was divided by · message: "however the batches are cut"
import torch
from torch import nn


def mean_loss(batches, weight=None):
    """A weighted mean of means, with the divisor of each as its weight."""
    loss_fn, total, divisor = nn.CrossEntropyLoss(weight), 0.0, 0.0
    for logits, targets in batches:
        counted = targets[targets.ne(-100)]
        if counted.numel() == 0:
            continue
        share = float(counted.numel()) if weight is None else float(weight[counted].sum())
        total += loss_fn(logits, targets).item() * share
        divisor += share
    if not divisor:
        raise ValueError("no example")
    return total / divisor


# %% right: NumPy, by the formula · message: "however the batches are cut"
import numpy as np


def mean_loss(batches, weight=None):
    losses, weights = [], []
    for logits, targets in batches:
        z, t = logits.double().numpy(), targets.numpy()
        z, t = z[t != -100], t[t != -100]
        log_sum = np.log(np.exp(z).sum(1))
        losses += list(log_sum - z[np.arange(len(t)), t])
        weights += list(np.ones(len(t)) if weight is None else weight.numpy()[t])
    if not weights:
        raise ValueError("no example")
    return np.average(losses, weights=weights)


# %% right: a callable object, its own kind of ValueError · message: "however the batches are cut"
import torch


class NobodyCounts(ValueError):
    pass


class MeanLoss:
    def __call__(self, batches, weight=None):
        sums = torch.zeros(2, dtype=torch.float64)
        for logits, targets in batches:
            rows = targets >= 0
            chosen = -logits[rows].log_softmax(-1).gather(1, targets[rows, None])[:, 0]
            w = torch.ones(logits.shape[1]) if weight is None else weight
            sums += torch.stack([(chosen * w[targets[rows]]).sum(), w[targets[rows]].sum()])
        if sums[1] == 0:
            raise NobodyCounts
        return (sums[0] / sums[1]).item()


mean_loss = MeanLoss()
mean_loss.__name__ = "mean_loss"


# %% right: decorated, nll_loss per class · message: "however the batches are cut"
import functools

import torch
import torch.nn.functional as F


def quietly(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        with torch.no_grad():
            return function(*args, **kwargs)

    return inner


@quietly
def mean_loss(batches, weight=None):
    total, count = [], []
    for logits, targets in batches:
        losses = F.nll_loss(F.log_softmax(logits, 1), targets, weight, reduction="none")
        w = torch.ones_like(losses) if weight is None else weight[targets.clamp(min=0)]
        total.append(losses.sum())
        count.append((w * (targets != -100)).sum())
    if not count or not sum(count):
        raise ValueError("there is nothing to average")
    return sum(total) / sum(count)


# %% wrong: mean of batch means · clause 2 · message: "mean of the batch means"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    losses = [
        F.cross_entropy(logits, targets, weight=weight).item() for logits, targets in batches
    ]
    losses = [loss for loss in losses if loss == loss]
    if not losses:
        raise ValueError("no example")
    return sum(losses) / len(losses)


# %% wrong: divided by len(batches), as printed · clause 1 · message: "it has no length"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    batches_seen, total, n = len(batches), 0.0, 0.0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        kept = targets[targets != -100]
        n += len(kept) if weight is None else weight[kept].sum().item()
    if not n or not batches_seen:
        raise ValueError("no example")
    return total / n


# %% wrong: a second pass for the count · clause 1 · message: "empty after one pass"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total = sum(
        F.cross_entropy(x, t, weight=weight, reduction="sum").item() for x, t in batches
    )
    n = 0.0
    for _, targets in batches:
        kept = targets[targets != -100]
        n += len(kept) if weight is None else weight[kept].sum().item()
    if not n:
        raise ValueError("no example")
    return total / n


# %% wrong: ignored targets are counted · clause 3 · message: "the ignored ones too"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n, counted = 0.0, 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        counted += (targets != -100).sum().item()
        n += len(targets) if weight is None else weight[targets[targets != -100]].sum().item()
    if not counted:
        raise ValueError("no example")
    return total / n


# %% wrong: weighed by sizes, NaN comes in · clause 3 · message: "NaN"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0.0
    for logits, targets in batches:
        kept = targets[targets != -100]
        share = len(kept) if weight is None else weight[kept].sum().item()
        total += F.cross_entropy(logits, targets, weight=weight).item() * share
        n += share
    if not n:
        raise ValueError("no example")
    return total / n


# %% wrong: divided by the examples, not their weights · clause 4 · message: "divided by the number of examples"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        n += (targets != -100).sum().item()
    if n == 0:
        raise ValueError("no example")
    return total / n


# %% wrong: means weighed by their sizes · clause 4 · message: "not by their class weights"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0
    for logits, targets in batches:
        size = (targets != -100).sum().item()
        if size:
            total += F.cross_entropy(logits, targets, weight=weight).item() * size
        n += size
    if n == 0:
        raise ValueError("no example")
    return total / n


# %% wrong: weight forgotten · clause 4 · message: "without class weights"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, reduction="sum").item()
        n += (targets != -100).sum().item()
    if n == 0:
        raise ValueError("no example")
    return total / n


# %% wrong: 0 where nobody counts · clause 5 · message: "raised nothing, and returned 0"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0.0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        kept = targets[targets != -100]
        n += len(kept) if weight is None else weight[kept].sum().item()
    return total / max(n, 1e-9)


# %% wrong: divides by zero · clause 5 · message: "ZeroDivisionError"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0.0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        kept = targets[targets != -100]
        n += len(kept) if weight is None else weight[kept].sum().item()
    return total / n


# %% wrong: only an empty loader is refused · clause 5 · message: "All targets are -100"
import torch
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    pairs = list(batches)
    if not pairs:
        raise ValueError("no batch")
    logits, targets = (torch.cat(part) for part in zip(*pairs))
    return F.cross_entropy(logits, targets, weight=weight).item()


# %% wrong: the sum · clause 2 · message: "nothing divided it"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, seen = 0.0, 0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        seen += (targets != -100).sum().item()
    if not seen:
        raise ValueError("no example")
    return total


# %% wrong: the last batch's loss · clause 2 · message: "last batch alone"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    loss = None
    for logits, targets in batches:
        if (targets != -100).any():
            loss = F.cross_entropy(logits, targets, weight=weight).item()
    if loss is None:
        raise ValueError("no example")
    return loss


# %% wrong: ignored targets taken for class 0 · clause 3 · message: "taken for class 0"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n, counted = 0.0, 0.0, 0
    for logits, targets in batches:
        counted += (targets != -100).sum().item()
        targets = targets.clamp(min=0)
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        n += len(targets) if weight is None else weight[targets].sum().item()
    if not counted:
        raise ValueError("no example")
    return total / n


# %% wrong: the weight of an ignored target · clause 4 · message: "is no place in"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0.0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        n += (targets != -100).sum().item() if weight is None else weight[targets].sum().item()
    if n == 0:
        raise ValueError("no example")
    return total / n


# %% wrong: a batch with an ignored target is left out · clause 3 · message: "There are examples that count"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    total, n = 0.0, 0.0
    for logits, targets in batches:
        if (targets == -100).any():
            continue
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        n += len(targets) if weight is None else weight[targets].sum().item()
    if n == 0:
        raise ValueError("no example")
    return total / n


# %% wrong: a loss of 0 is taken for nobody · clause 5 · message: "There are examples that count"
import torch
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    logits, targets = map(torch.cat, zip(*batches))
    loss = F.cross_entropy(logits, targets, weight=weight).item()
    if not loss > 0:
        raise ValueError("no example counts")
    return loss


# %% wrong: a batch of ignored targets is refused · clause 3 · message: "There are examples that count"
import torch
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    parts = list(batches)
    for _, targets in parts:
        if (targets == -100).all():
            raise ValueError("no example counts")
    logits, targets = map(torch.cat, zip(*parts))
    return F.cross_entropy(logits, targets, weight=weight).item()


# %% wrong: a second pass for the sum · clause 1 · message: "a second adds nothing"
import torch.nn.functional as F


def mean_loss(batches, weight=None):
    counted = 0
    for _, targets in batches:
        kept = targets[targets != -100]
        counted += len(kept) if weight is None else weight[kept].sum().item()
    if not counted:
        raise ValueError("no example counts")
    sums = (F.cross_entropy(a, b, weight=weight, reduction="sum").item() for a, b in batches)
    return sum(sums) / counted

# %% right: the library's mode · message: "constant memory"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    history, sizes = [], []
    with evaluation_mode(model):
        for x, y in batches:
            history.append(float(F.cross_entropy(model(x), y)))
            sizes.append(len(y))
    return sum(a * b for a, b in zip(history, sizes)) / sum(sizes), history


# %% right: sums, inference mode, a deep copy · message: "constant memory"
import copy

import torch
import torch.nn.functional as F


@torch.inference_mode()
def leak_free_loss(model, batches):
    judge = copy.deepcopy(model).eval()
    sums, counts = [], []
    for x, y in batches:
        sums.append(F.cross_entropy(judge(x), y, reduction="sum").item())
        counts.append(y.numel())
    return sum(sums) / sum(counts), [s / n for s, n in zip(sums, counts)]


# %% right: NumPy averages · message: "constant memory"
import numpy as np
import torch
from torch import nn


def leak_free_loss(model, batches):
    flags = {m: m.training for m in model.modules()}
    model.eval()
    loss_fn, rows = nn.CrossEntropyLoss(), []
    try:
        with torch.no_grad():
            rows = [(loss_fn(model(x), y).numpy(), len(y)) for x, y in batches]
    finally:
        for m, flag in flags.items():
            m.training = flag
    losses = [float(loss) for loss, _ in rows]
    return float(np.average(losses, weights=[n for _, n in rows])), losses


# %% right: a callable object, losses of single examples · message: "constant memory"
import torch
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


class Loss:
    def __call__(self, model, batches):
        with evaluation_mode(model):
            each = [F.cross_entropy(model(x).double(), y, reduction="none") for x, y in batches]
        return torch.cat(each).mean().item(), tuple(loss.mean().item() for loss in each)


leak_free_loss = Loss()


# %% wrong: the history still holds tensors · clause 2 · message: "`history` holds Tensor"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    total, count, history = 0.0, 0, []
    with evaluation_mode(model):
        for x, y in batches:
            loss = F.cross_entropy(model(x), y)
            total, count = total + loss.item() * len(y), count + len(y)
            history.append(loss)
    return total / count, history


# %% wrong: the mean is a tensor · clause 1 · message: "The mean is a Tensor"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    total, count, history = 0.0, 0, []
    with evaluation_mode(model):
        for x, y in batches:
            loss = F.cross_entropy(model(x), y)
            total, count = total + loss * len(y), count + len(y)
            history.append(loss.item())
    return total / count, history


# %% wrong: item() with gradients on · clause 3 · message: "autograd kept"
import torch.nn.functional as F


def leak_free_loss(model, batches):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    total, count, history = 0.0, 0, []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y).item()
        total, count = total + loss * len(y), count + len(y)
        history.append(loss)
    for m, flag in flags:
        m.training = flag
    return total / count, history


# %% wrong: no_grad only around the sum · clause 3 · message: "autograd kept"
import torch
import torch.nn.functional as F


def leak_free_loss(model, batches):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    total, count, history = 0.0, 0, []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        with torch.no_grad():
            total += loss.item() * len(y)
            count += len(y)
            history.append(loss.item())
    for m, flag in flags:
        m.training = flag
    return total / count, history


# %% wrong: eval() forgotten · clause 1 · message: "running statistics moved"
import torch
import torch.nn.functional as F


@torch.no_grad()
def leak_free_loss(model, batches):
    total, count, history = 0.0, 0, []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y).item()
        total, count = total + loss * len(y), count + len(y)
        history.append(loss)
    return total / count, history


# %% wrong: train() at the end, as before · clause 4 · message: "another mode"
import torch
import torch.nn.functional as F


@torch.no_grad()
def leak_free_loss(model, batches):
    model.eval()
    total, count, history = 0.0, 0, []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y).item()
        total, count = total + loss * len(y), count + len(y)
        history.append(loss)
    model.train()
    return total / count, history


# %% wrong: the mean of the batches' means · clause 1 · message: "mean of the batches' means"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    with evaluation_mode(model):
        history = [F.cross_entropy(model(x), y).item() for x, y in batches]
    return sum(history) / len(history), history


# %% wrong: the history adds up · clause 2 · message: "other numbers"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    total, count, history = 0.0, 0, []
    with evaluation_mode(model):
        for x, y in batches:
            total += F.cross_entropy(model(x), y).item() * len(y)
            count += len(y)
            history.append(total / count)
    return total / count, history


# %% wrong: left in eval mode · clause 4 · message: "another mode"
import torch
import torch.nn.functional as F


@torch.no_grad()
def leak_free_loss(model, batches):
    model.eval()
    pairs = [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in batches]
    return sum(a * n for a, n in pairs) / sum(n for _, n in pairs), [a for a, _ in pairs]


# %% wrong: the batches are read twice · clause 1 · message: "division by zero"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    with evaluation_mode(model):
        history = [F.cross_entropy(model(x), y).item() for x, y in batches]
        sizes = [len(y) for x, y in batches]
    return sum(h * n for h, n in zip(history, sizes)) / sum(sizes), history


# %% wrong: parameters frozen for good · clause 4 · message: "another `requires_grad`"
import torch.nn.functional as F


def leak_free_loss(model, batches):
    flags = [(m, m.training) for m in model.modules()]
    model.eval().requires_grad_(False)
    total, count, history = 0.0, 0, []
    for x, y in batches:
        history.append(F.cross_entropy(model(x), y).item())
        total, count = total + history[-1] * len(y), count + len(y)
    for m, flag in flags:
        m.training = flag
    return total / count, history


# %% wrong: the pair the wrong way round · clause 1 · message: "Expected a pair"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    with evaluation_mode(model):
        pairs = [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in batches]
    return [loss for loss, _ in pairs], sum(a * n for a, n in pairs) / sum(n for _, n in pairs)


# %% wrong: the newest first · clause 2 · message: "another order"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    with evaluation_mode(model):
        pairs = [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in batches]
    mean = sum(a * n for a, n in pairs) / sum(n for _, n in pairs)
    return mean, [loss for loss, _ in reversed(pairs)]


# %% wrong: the sum of each batch · clause 2 · message: "the sum over each batch"
import torch.nn.functional as F
from course_lib.evaluation import evaluation_mode


def leak_free_loss(model, batches):
    history, count = [], 0
    with evaluation_mode(model):
        for x, y in batches:
            history.append(F.cross_entropy(model(x), y, reduction="sum").item())
            count += len(y)
    return sum(history) / count, history

# %% right: a dataclass with a property · message: "no trace left"
from dataclasses import dataclass

import torch

from course_lib.evaluation import evaluation_mode


@dataclass
class Found:
    logits: torch.Tensor
    targets: torch.Tensor
    loss: torch.Tensor

    @property
    def accuracy(self):
        z = self.logits
        labels = z.argmax(1) if z.ndim == 2 else (z > 0).long()
        kept = self.targets != -100
        return (labels[kept] == self.targets[kept]).double().mean()


def evaluate(model, batches, loss_fn):
    outs, ys = [], []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            out = model(x)
            out = out.squeeze(1) if out.shape[1] == 1 else out
            if y.shape != (len(out),):
                raise ValueError("targets")
            outs.append(out)
            ys.append(y)
        if not outs:
            raise ValueError("no batch")
        z, y = torch.cat(outs), torch.cat(ys)
        return Found(z, y, loss_fn(z, y.float() if z.ndim == 1 else y))


# %% right: a namespace, flags by hand, the random state by hand · message: "no trace left"
from types import SimpleNamespace

import torch


def evaluate(model, batches, loss_fn):
    """Everything undone in finally."""
    flags = {m: m.training for m in model.modules()}
    dice = torch.get_rng_state()
    z = t = None
    try:
        model.eval()
        with torch.inference_mode():
            for x, y in batches:
                if y.dim() != 1:
                    raise ValueError("targets must be (B,)")
                out = model(x)
                z = out if z is None else torch.vstack([z, out])
                t = y if t is None else torch.hstack([t, y])
    finally:
        torch.set_rng_state(dice)
        for m, flag in flags.items():
            m.training = flag
    if z is None:
        raise ValueError("empty")
    if z.size(1) == 1:
        z = z[:, 0]
        loss, hits = loss_fn(z, t.to(z)), z.gt(0).eq(t)
    else:
        loss, hits = loss_fn(z, t), z.max(1).indices.eq(t)
    hits = hits[t.ne(-100)]
    return SimpleNamespace(
        logits=z, targets=t, loss=loss.item(), accuracy=hits.sum().item() / len(hits)
    )


# %% right: the library's evaluate · message: "no trace left"
from course_lib.evaluation import evaluate as library_evaluate


def evaluate(model, batches, loss_fn):
    return library_evaluate(model, batches, loss_fn=loss_fn)


# %% right: a named tuple, a copy judged · message: "no trace left"
import copy
from typing import NamedTuple

import torch


class Told(NamedTuple):
    logits: torch.Tensor
    targets: torch.Tensor
    loss: float
    accuracy: float


class NotOneTargetEach(ValueError):
    pass


@torch.no_grad()
def evaluate(model, batches, loss_fn):
    judge = copy.deepcopy(model).eval()
    with torch.random.fork_rng(devices=[]):
        read = [(judge(x), y) for x, y in batches]
    if not read or any(y.ndim != 1 for _, y in read):
        raise NotOneTargetEach
    logits, targets = map(torch.cat, zip(*read))
    if one := logits.shape[1] == 1:
        logits = logits.flatten()
    kept = targets >= 0
    labels = (logits > 0) * 1 if one else logits.argmax(-1)
    loss = loss_fn(logits, targets.float() if one else targets)
    accuracy = (labels[kept] == targets[kept]).float().mean().item()
    return Told(logits, targets, float(loss), accuracy)


# %% right: computed, and refused, when asked · message: "no trace left"
import torch

from course_lib.evaluation import evaluation_mode


class Evaluation:
    def __init__(self, logits, targets, loss_fn):
        self.logits, self.targets, self.loss_fn = logits, targets, loss_fn

    @property
    def loss(self):
        targets = self.targets.float() if self.logits.ndim == 1 else self.targets
        return self.loss_fn(self.logits, targets).item()

    @property
    def accuracy(self):
        labels = self.logits > 0 if self.logits.ndim == 1 else self.logits.argmax(1)
        return (labels == self.targets)[self.targets != -100].float().mean().item()


def evaluate(model, batches, loss_fn):
    logits, targets = [], []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            if y.ndim != 1:
                raise ValueError("targets are (B,)")
            logits.append(model(x))
            targets.append(y)
    if not logits:
        raise ValueError("no batch")
    logits = torch.cat(logits)
    return Evaluation(
        logits.squeeze(1) if logits.shape[1] == 1 else logits, torch.cat(targets), loss_fn
    )


# %% wrong: mean of batch means · clause 3 · message: "mean of the batch means"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    zs, ts, losses = [], [], []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            z = model(x)
            z = z.squeeze(1) if z.shape[1] == 1 else z
            if y.shape != (len(z),):
                raise ValueError("targets")
            losses.append(loss_fn(z, y.float() if z.ndim == 1 else y).item())
            zs.append(z), ts.append(y)
    if not zs:
        raise ValueError("no batch")
    z, t = torch.cat(zs), torch.cat(ts)
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = sum(losses) / len(losses)
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: batch means weighed by size · clause 3 · message: "weighed by their sizes"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    zs, ts, loss = [], [], 0.0
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            z = model(x)
            z = z.squeeze(1) if z.shape[1] == 1 else z
            if y.shape != (len(z),):
                raise ValueError("targets")
            loss += loss_fn(z, y.float() if z.ndim == 1 else y).item() * len(y)
            zs.append(z), ts.append(y)
    if not zs:
        raise ValueError("no batch")
    z, t = torch.cat(zs), torch.cat(ts)
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss /= len(t)
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: two passes · clause 1 · message: "belong to different examples"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        zs = [model(x) for x, _ in batches]
        ts = [y for _, y in batches]
    if not zs or ts and ts[0].ndim != 1:
        raise ValueError("no batch")
    z, t = torch.cat(zs), torch.cat(ts)
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: the column stays · clause 2 · message: "`logits` has shape (31, 1)"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    one = z.shape[1] == 1
    hits = ((z[:, 0] > 0 if one else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float()[:, None] if one else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: argmax for one logit · clause 4 · message: "argmax of one logit"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    hits = (z.argmax(1) == t)[t != -100]
    z = z.squeeze(1) if z.shape[1] == 1 else z
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: ignored targets count as wrong · clause 4 · message: "ignored targets were counted"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = (z > 0 if z.ndim == 1 else z.argmax(1)) == t
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: no eval mode · clause 5 · message: "learned from the data"
from types import SimpleNamespace

import torch


@torch.no_grad()
def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: train() afterwards · clause 5 · message: "another mode"
from types import SimpleNamespace

import torch


@torch.no_grad()
def evaluate(model, batches, loss_fn):
    model.eval()
    with torch.random.fork_rng(devices=[]):
        try:
            pairs = [(model(x), y) for x, y in batches]
        finally:
            model.train()
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: flags come back only without an error · clause 5 · message: "The network raised"
from types import SimpleNamespace

import torch


@torch.no_grad()
def evaluate(model, batches, loss_fn):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.random.fork_rng(devices=[]):
        pairs = [(model(x), y) for x, y in batches]
    for m, flag in flags:
        m.training = flag
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: gradients on · clause 6 · message: "hold a graph"
from types import SimpleNamespace

import torch


def evaluate(model, batches, loss_fn):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.random.fork_rng(devices=[]):
            pairs = [(model(x), y) for x, y in batches]
    finally:
        for m, flag in flags:
            m.training = flag
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: targets in a column broadcast · clause 7 · message: "shape (B, 1)"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    if z.shape[1] == 1:
        loss = loss_fn(z.flatten(), t.float().flatten()).item()
        z = z.squeeze(1)
        hits = ((z > 0) == t)[t != -100]
    else:
        loss = loss_fn(z, t.flatten()).item()
        hits = (z.argmax(1) == t)[t != -100] if t.ndim == 1 else z.argmax(1) == t
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: NaN for no batch · clause 7 · message: "There is no batch"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs:
        return SimpleNamespace(
            logits=None, targets=None, loss=float("nan"), accuracy=float("nan")
        )
    if pairs[0][1].ndim != 1:
        raise ValueError("targets")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: the loader draws from the global generator · clause 8 · message: "other dice"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: seeded afterwards · clause 8 · message: "other dice"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    torch.manual_seed(0)
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: a tuple · clause 2 · message: "no attribute logits, targets, loss, accuracy"
import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    return z, t, loss_fn(z, t.float() if z.ndim == 1 else t).item(), hits.float().mean().item()


# %% wrong: int targets to the one-logit loss · clause 3 · message: "raised"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    return SimpleNamespace(
        logits=z, targets=t, loss=loss_fn(z, t).item(), accuracy=hits.float().mean().item()
    )


# %% wrong: squeeze() breaks a batch of one · clause 2 · message: "raised"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        pairs = [(model(x).squeeze(), y) for x, y in batches]
    if not pairs or pairs[0][1].ndim != 1:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: gradients stay off · clause 6 · message: "gradients stay off"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    torch.set_grad_enabled(False)
    pairs = []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            z = model(x)
            if y.shape != z.shape[:1]:
                raise ValueError("targets")
            pairs.append((z, y))
    if not pairs:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: targets too many are cut off · clause 7 · message: "a target more than inputs"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    pairs = []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for x, y in batches:
            z = model(x)
            if y.ndim != 1:
                raise ValueError("targets")
            pairs.append((z, y[: len(z)]))
    if not pairs:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())


# %% wrong: the random state comes back only without an error · clause 8 · message: "random state isn't"
from types import SimpleNamespace

import torch

from course_lib.evaluation import evaluation_mode


def evaluate(model, batches, loss_fn):
    pairs, before = [], torch.get_rng_state()
    with evaluation_mode(model):
        for x, y in batches:
            z = model(x)
            if y.shape != z.shape[:1]:
                raise ValueError("targets")
            pairs.append((z, y))
    torch.set_rng_state(before)
    if not pairs:
        raise ValueError("no batch")
    z, t = map(torch.cat, zip(*pairs))
    z = z.squeeze(1) if z.shape[1] == 1 else z
    hits = ((z > 0 if z.ndim == 1 else z.argmax(1)) == t)[t != -100]
    loss = loss_fn(z, t.float() if z.ndim == 1 else t).item()
    return SimpleNamespace(logits=z, targets=t, loss=loss, accuracy=hits.float().mean().item())

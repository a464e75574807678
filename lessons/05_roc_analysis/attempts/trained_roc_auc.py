# %% right: evaluate of the course · message: "whatever the head"
from course_lib.evaluation import evaluate
from course_lib.metrics import roc_auc


def trained_roc_auc(model, loader):
    return roc_auc(evaluate(model, loader))


# %% right: log-softmax in float64 on a copy · message: "whatever the head"
import copy

import torch
from sklearn import metrics


@torch.inference_mode()
def trained_roc_auc(model, loader):
    """Evaluates a copy; log-probabilities in float64 keep apart what float32 can't."""
    model = copy.deepcopy(model).eval()
    pairs = [(model(x).double(), y) for x, y in loader]
    logits = torch.cat([logits.reshape(len(y), -1) for logits, y in pairs])
    y = torch.cat([y for _, y in pairs])
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    odds = logits.log_softmax(1)
    return float(metrics.roc_auc_score(y, odds[:, 1] - odds[:, 0]))


# %% wrong: scikit-learn's arguments swapped · clause 3 · message: "raised"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(scores), torch.cat(targets))


# %% wrong: as shipped · clause 3 · message: "training mode"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            probabilities = model(x).softmax(1)
            scores += probabilities.argmax(1).tolist()
            targets += y.tolist()
    return metrics.roc_auc_score(scores, targets)


# %% wrong: the probability of class 0 · clause 3 · message: "scores of class 0"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits.softmax(1)[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: float32 probabilities, which saturate · clause 4 · message: "have become equal scores"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits.softmax(1)[:, 1] if two else logits.sigmoid().reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: gradients left on · clause 5 · message: "autograd built a graph"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    if True:
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores).detach())


# %% wrong: labels instead of scores · clause 4 · message: "the area of labels"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits.argmax(1).float() if two else (logits.reshape(-1) > 0).float())
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: the model left in eval mode · clause 6 · message: "came back in another mode"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: mean of the batches' areas · clause 3 · message: "Expected"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return sum(metrics.roc_auc_score(t, s) for s, t in zip(scores, targets)) / len(scores)


# %% wrong: the second logit alone · clause 3 · message: "second logit alone"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            scores.append(
                logits[:, 1]
                if logits.ndim == 2 and logits.shape[1] == 2
                else logits.reshape(-1)
            )
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: squeeze() breaks a batch of one · clause 1 · message: "raised"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            scores.append(
                logits[:, 1] - logits[:, 0]
                if logits.shape[-1] == 2 and logits.ndim == 2
                else logits.squeeze()
            )
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: train() afterwards, whatever it was · clause 6 · message: "came back in another mode"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    model.train()
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: two logits only · clause 2 · message: "raised"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            scores.append(logits.softmax(1)[:, 1])
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: two passes over a shuffled loader · clause 1 · message: "One pass, all examples together"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
    targets = [y for _, y in loader]
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: never below one half · clause 3 · message: "worse than chance has to show"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    area = metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))
    return max(area, 1 - area)


# %% wrong: float64 probabilities, which saturate later · clause 4 · message: "have become equal scores"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(
                (logits[:, 1] - logits[:, 0] if two else logits.reshape(-1)).double().sigmoid()
            )
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% wrong: clamped logits · clause 4 · message: "have become equal scores"
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(
                (logits[:, 1] - logits[:, 0] if two else logits.reshape(-1)).clamp(-30, 30)
            )
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))


# %% right: a switch for two heads, pairs counted · message: "whatever the head"
import torch
from torch import nn


class Ranker:
    """A callable object: eval mode without a graph, pairs counted by hand."""

    @torch.no_grad()
    def __call__(self, model: nn.Module, loader):
        before = {name: module.training for name, module in model.named_modules()}
        try:
            model.eval()
            seen = [(self.score(model(x)), y.long()) for x, y in loader]
        finally:
            for name, module in model.named_modules():
                module.training = before[name]
        score, y = map(torch.cat, zip(*seen))
        gap = score[y == 1][:, None] - score[y == 0]
        return (gap.sign() + 1).double().mean() / 2

    @staticmethod
    def score(logits):
        return (
            logits.reshape(len(logits), -1) @ torch.tensor([[-1.0], [1.0]])
            if logits[0].numel() == 2
            else logits.view(-1, 1)
        )


trained_roc_auc = Ranker()


# %% right: parameters that need no gradient, in place of no_grad · message: "whatever the head"
from copy import deepcopy

import numpy as np
from sklearn import metrics


def trained_roc_auc(model, loader):
    """A copy without gradients: no graph is built, and the model itself is not touched."""
    net = deepcopy(model).eval().requires_grad_(False)
    rows = [
        (net(x).numpy().reshape(len(y), -1).astype(np.float64), y.numpy()) for x, y in loader
    ]
    logits, y = (np.concatenate(part) for part in zip(*rows))
    return np.float64(
        metrics.roc_auc_score(y, logits @ [-1.0, 1.0] if logits.shape[1] == 2 else logits[:, 0])
    )

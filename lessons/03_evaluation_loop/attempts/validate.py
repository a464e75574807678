# %% right: evaluation_mode and sums · message: "Four bugs fewer"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).flatten()
            loss += F.binary_cross_entropy_with_logits(logits, y).item() * len(y)
            right += (logits.gt(0).float() == y).sum().item()
            n += y.numel()
    return loss / n, right / n


# %% right: everything joined, flags by hand · message: "Four bugs fewer"
import torch
from torch import nn


@torch.no_grad()
def validate(model, loader):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        logits, y = map(torch.cat, zip(*[(model(x), y) for x, y in loader]))
    finally:
        for module, mode in modes.items():
            module.training = mode
    logits = logits[:, 0]
    loss = nn.BCEWithLogitsLoss()(logits, y)
    return loss, ((logits > 0) == y.bool()).float().mean()


# %% right: targets made a column, a copy judged · message: "Four bugs fewer"
import copy

import torch
import torch.nn.functional as F


def validate(model, loader):
    """A copy may be switched as one likes."""
    judge = copy.deepcopy(model).eval()
    losses, hits = [], []
    with torch.inference_mode():
        for x, y in loader:
            z, y = judge(x), y[:, None]
            losses += (
                F.binary_cross_entropy_with_logits(z, y, reduction="none").flatten().tolist()
            )
            hits += torch.eq(z > 0, y == 1).flatten().tolist()
    return [sum(losses) / len(losses), sum(hits) / len(hits)]


# %% right: the library's evaluate · message: "Four bugs fewer"
from torch import nn

from course_lib.evaluation import evaluate as library_evaluate


def validate(model, loader):
    found = library_evaluate(model, loader, loss_fn=nn.BCEWithLogitsLoss())
    return found.loss, found.accuracy


# %% right: divided by the data set's length, NumPy · message: "Four bugs fewer"
import numpy as np
import torch

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss = right = 0.0
    with evaluation_mode(model):
        for x, y in loader:
            z, t = model(x).squeeze(-1).double().numpy(), y.numpy()
            loss += np.sum(np.logaddexp(0, z) - t * z)
            right += np.count_nonzero((z > 0) == (t > 0.5))
    return loss / len(loader.dataset), right / len(loader.dataset)


# %% wrong: as shipped · clause 5 · message: "in training mode"
import torch
import torch.nn.functional as F


def validate(model, loader):
    loss, accuracy = 0.0, 0.0
    with torch.no_grad():
        for x, y in loader:
            p = model(x).sigmoid()
            loss += F.binary_cross_entropy_with_logits(p, y.unsqueeze(1)).item()
            accuracy += ((p > 0.5) == y).float().mean().item()
    return loss / len(loader), accuracy / len(loader)


# %% wrong: probabilities to the loss · clause 2 · message: "squashed twice"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            p = model(x).squeeze(1).sigmoid()
            loss += F.binary_cross_entropy_with_logits(p, y, reduction="sum").item()
            right += ((p > 0.5) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: everybody with everybody · clause 3 · message: "every target of its batch"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x)
            loss += F.binary_cross_entropy_with_logits(
                logits.squeeze(1), y, reduction="sum"
            ).item()
            right += ((logits > 0) == y).float().mean().item() * len(y)
            n += len(y)
    return loss / n, right / n


# %% wrong: everybody with everybody, added up · clause 3 · message: "every target of its batch"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x)
            loss += F.binary_cross_entropy_with_logits(
                logits.squeeze(1), y, reduction="sum"
            ).item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: mean of batch means · clause 4 · message: "mean of the batch means"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, accuracy = 0.0, 0.0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y).item()
            accuracy += ((logits > 0) == y).float().mean().item()
    return loss / len(loader), accuracy / len(loader)


# %% wrong: only the accuracy is a mean of means · clause 4 · message: "batches' accuracies were averaged"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, accuracy, n = 0.0, 0.0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            accuracy += ((logits > 0) == y).float().mean().item()
            n += len(y)
    return loss / n, accuracy / len(loader)


# %% wrong: train() afterwards, whatever it was · clause 5 · message: "came back in another mode"
import torch
import torch.nn.functional as F


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    model.train()
    return loss / n, right / n


# %% wrong: left in eval mode · clause 5 · message: "came back in another mode"
import torch
import torch.nn.functional as F


@torch.no_grad()
def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    model.eval()
    for x, y in loader:
        logits = model(x).squeeze(1)
        loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
        right += ((logits > 0) == y).sum().item()
        n += len(y)
    return loss / n, right / n


# %% wrong: squeeze() breaks a batch of one · clause 1 · message: "raised"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze()
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: the logit compared with one half · clause 3 · message: "bound for a probability"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0.5) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: argmax of one logit · clause 3 · message: "answering always no"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x)
            loss += F.binary_cross_entropy_with_logits(logits[:, 0], y, reduction="sum").item()
            right += (logits.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: two passes over a shuffled loader · clause 3 · message: "another pass"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    with evaluation_mode(model):
        logits = torch.cat([model(x) for x, _ in loader]).squeeze(1)
        y = torch.cat([y for _, y in loader])
    loss = F.binary_cross_entropy_with_logits(logits, y)
    return loss.item(), ((logits > 0) == y).float().mean().item()


# %% wrong: only the loss · clause 1 · message: "Expected two numbers"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, n = 0.0, 0
    with evaluation_mode(model):
        for x, y in loader:
            loss += F.binary_cross_entropy_with_logits(
                model(x).squeeze(1), y, reduction="sum"
            ).item()
            n += len(y)
    return [loss / n]


# %% wrong: in percent · clause 1 · message: "between 0 and 1"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    return loss / n, 100 * right / n


# %% wrong: accuracy first · clause 1 · message: "wrong order"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    return right / n, loss / n


# %% wrong: gradients on · clause 6 · message: "gradients were on"
import torch
import torch.nn.functional as F


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    for x, y in loader:
        logits = model(x).squeeze(1)
        loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum")
        right += ((logits > 0) == y).sum()
        n += len(y)
    for m, flag in flags:
        m.training = flag
    return loss.item() / n, right.item() / n


# %% wrong: the last batch counted as a full one · clause 4 · message: "as large as the others"
import torch
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right = 0.0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
    n = len(loader) * loader.batch_size
    return loss / n, right / n


# %% wrong: the loss of the sigmoids · clause 2 · message: "rounded to 0 or 1"
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            z = model(x).squeeze(1)
            loss += F.binary_cross_entropy(z.sigmoid(), y, reduction="sum").item()
            right += ((z > 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: the logarithms of the sigmoids · clause 2 · message: "rounded to 0 or 1"
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            z = model(x).squeeze(1)
            loss += -(y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).sum().item()
            right += ((z > 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: 0 is called a yes · clause 3 · message: "exactly 0 is no yes"
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            z = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(z, y, reduction="sum").item()
            right += ((z >= 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n


# %% wrong: the sigmoid above one half · clause 3 · message: "sigmoid of exactly 0.5"
import torch.nn.functional as F

from course_lib.evaluation import evaluation_mode


def validate(model, loader):
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            z = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(z, y, reduction="sum").item()
            right += ((z.sigmoid() > 0.5) == y).sum().item()
            n += len(y)
    return loss / n, right / n

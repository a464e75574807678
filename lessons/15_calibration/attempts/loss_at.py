# %% right: by hand · message: "The log-loss at t"
def loss_at(logits, targets, t):
    log_probs = (logits.double() / t).log_softmax(dim=1)
    return -log_probs[range(len(targets)), targets].mean()


# %% right: scikit-learn · message: "The log-loss at t"
from sklearn import metrics


def loss_at(logits, targets, t):
    probs = (logits.double() / t).softmax(1).numpy()
    return metrics.log_loss(targets, probs, labels=list(range(logits.shape[1])))


# %% wrong: multiplied · clause 1 · message: "multiplied by t"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    return F.cross_entropy(logits * t, targets)


# %% wrong: divided in place · clause 2 · message: "The caller's logits were changed"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    logits /= t
    return F.cross_entropy(logits, targets)


# %% wrong: softmax twice · clause 1 · message: "softmaxed them again"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    return F.cross_entropy((logits / t).softmax(1), targets)


# %% wrong: the sum · clause 1 · message: "not the mean"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    return F.cross_entropy(logits / t, targets, reduction="sum").item()


# %% wrong: the probabilities divided · clause 1 · message: "the probabilities were divided"
def loss_at(logits, targets, t):
    probs = logits.softmax(1) / t
    return -probs[range(len(targets)), targets].log().mean()


# %% wrong: the temperature forgotten · clause 1 · message: "was not used"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    return F.cross_entropy(logits, targets).item()


# %% wrong: the logarithm of a softmax that is 0 · clause 1 · message: "its logarithm is infinite"
def loss_at(logits, targets, t):
    probs = (logits / t).softmax(1)
    return -probs.gather(1, targets[:, None]).log().mean()


# %% wrong: softmax over the examples · clause 1 · message: "over the examples"
import torch.nn.functional as F


def loss_at(logits, targets, t):
    return F.nll_loss((logits / t).log_softmax(0), targets)


# %% wrong: the minus sign lost · clause 1 · message: "the sign is the wrong way round"
def loss_at(logits, targets, t):
    return (logits / t).log_softmax(1).gather(1, targets[:, None]).mean()

# %% right: scikit-learn and the formula · message: "Seven figures"
import math

import numpy as np
from scipy.special import softmax
from sklearn import metrics


def test_report(logits, targets, *, names, positive):
    scores, truth = logits.numpy().astype(np.float64), targets.numpy()
    called, n, z = scores.argmax(1), len(truth), 1.959963984540054
    p = metrics.accuracy_score(truth, called)
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    matrix = metrics.confusion_matrix(truth, called, labels=range(len(names)))
    with np.errstate(invalid="ignore"):
        recall = np.diag(matrix) / matrix.sum(axis=1)
    return {
        "n": np.int64(n),
        "accuracy": p,
        "interval": np.array([middle - half, middle + half]) / (1 + z * z / n),
        "baseline": np.bincount(truth).max() / n,
        "recall": {name: recall[k] for k, name in enumerate(names)},
        "confusion": matrix,
        "auc": metrics.roc_auc_score(truth == positive, softmax(scores, axis=1)[:, positive]),
    }


# %% right: the course's evaluation · message: "Seven figures"
import torch

from course_lib.evaluation import evaluate
from course_lib.metrics import confusion_matrix, roc_auc, wilson_interval


def test_report(logits, targets, *, names, positive):
    found = evaluate(torch.nn.Identity(), [(logits, targets)])
    recall = {}
    for k, name in enumerate(names):
        of_class = targets == k
        recall[name] = (
            (found.preds[of_class] == k).double().mean() if of_class.any() else float("nan")
        )
    return dict(
        n=found.n,
        accuracy=torch.tensor(found.accuracy, dtype=torch.float64),
        interval=list(wilson_interval(int((found.preds == targets).sum()), found.n)),
        baseline=max(int((targets == k).sum()) for k in range(len(names))) / found.n,
        recall=recall,
        confusion=confusion_matrix(found.preds, targets, num_classes=len(names)),
        auc=roc_auc(logits.double().softmax(1)[:, positive], targets == positive),
    )


# %% right: log-odds, and pairs counted · message: "Seven figures"
import torch

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    z = logits.double()
    others = torch.cat([z[:, :positive], z[:, positive + 1 :]], 1)
    odds = z[:, positive] - others.logsumexp(1)
    ill, well = odds[targets == positive], odds[targets != positive]
    pairs = ill[:, None] - well[None]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": ((pairs > 0).sum() + 0.5 * (pairs == 0).sum()).item() / pairs.numel(),
    }


# %% right: counts by bincount · message: "Seven figures"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    cells = targets * classes + logits.max(1).indices
    confusion = cells.bincount(minlength=classes**2).reshape(classes, classes)
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: right answers instead of a share · clause 1 · message: "a share, between 0 and 1"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: in per cent · clause 1 · message: "a share, between 0 and 1"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": 100 * right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the number of classes as n · clause 1 · message: "`n` is"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": classes,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: n is missing · clause 1 · message: "lacks `n`"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the normal approximation · clause 2 · message: "not Wilson's"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": (
            right / n - 1.96 * (right / n * (1 - right / n) / n) ** 0.5,
            right / n + 1.96 * (right / n * (1 - right / n) / n) ** 0.5,
        ),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: an interval of 90 % · clause 2 · message: "Wilson's, at 95 %"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n, confidence=0.9)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the half width · clause 2 · message: "expected two numbers"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": wilson_interval(right, n)[1] - right / n,
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: guessing as the baseline · clause 3 · message: "guessing at random"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": 1 / classes,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the commonest prediction · clause 3 · message: "`baseline` is"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": confusion.sum(0).max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: precision for recall · clause 4 · message: "that is its precision"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / confusion.sum(0).clamp(min=1)
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: zero for a class without examples · clause 4 · message: "so its recall is NaN"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support.clamp(min=1)
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: recall in a list · clause 4 · message: "is a dictionary with"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": recall.tolist(),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: recall by number · clause 4 · message: "is a dictionary with"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(enumerate(recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the matrix the other way round · clause 5 · message: "the other way round"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.T.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: only the classes that occur · clause 5 · message: "has shape"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion[support > 0][:, support > 0].tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: shares instead of counts · clause 5 · message: "other counts"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": (confusion / n).tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the raw logit ranked · clause 6 · message: "without the others"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: float32 · clause 6 · message: "their order is lost"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.float().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: labels ranked · clause 6 · message: "labels were ranked"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = (logits.argmax(1) == positive).double()
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: always the last class · clause 6 · message: "`auc` is"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, -1]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the rest against the class · clause 6 · message: "the rest against the class"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets != positive, probability)),
    }


# %% wrong: ties count nothing · clause 6 · message: "count one half each"
import torch

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    hits, others = probability[targets == positive], probability[targets != positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": (hits[:, None] > others).double().mean().item(),
    }


# %% wrong: scikit-learn's matrix without the labels · clause 5 · message: "has shape (3, 3)"
import torch
from sklearn.metrics import confusion_matrix, roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion_matrix(targets, logits.argmax(1)),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }


# %% wrong: the logits shifted in place · clause 6 · message: "something works in place"
import torch
from sklearn.metrics import roc_auc_score

from course_lib.metrics import wilson_interval


def test_report(logits, targets, *, names, positive):
    n, classes = len(targets), len(names)
    cells = targets * classes + logits.max(1).indices
    confusion = cells.bincount(minlength=classes**2).reshape(classes, classes)
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support
    logits -= logits.max(1, keepdim=True).values
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }

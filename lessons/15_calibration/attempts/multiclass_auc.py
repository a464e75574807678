# %% right: log-odds and pairs in torch · message: "The mean of the areas"
import torch


def multiclass_auc(logits, targets):
    """Without probabilities: log-odds never saturate."""
    z, areas = logits.double(), []
    for k in range(z.shape[1]):
        rest = torch.cat([z[:, :k], z[:, k + 1 :]], dim=1)
        odds = z[:, k] - rest.logsumexp(1)
        own, others = odds[targets == k], odds[targets != k]
        pairs = torch.sign(own[:, None] - others)
        areas.append(float((pairs + 1).mean() / 2) if pairs.numel() else float("nan"))
    if all(area != area for area in areas):
        raise ValueError("no class has an area")
    return torch.tensor(areas).nanmean(), areas


# %% right: ranks in NumPy · message: "The mean of the areas"
import numpy as np
from scipy.special import softmax
from scipy.stats import rankdata


def multiclass_auc(logits, targets):
    probs, y = softmax(logits.numpy().astype(np.float64), axis=1), targets.numpy()
    hits = y[:, None] == np.arange(probs.shape[1])
    own, others = hits.sum(0), (~hits).sum(0)
    with np.errstate(invalid="ignore"):
        areas = ((rankdata(probs, axis=0) * hits).sum(0) - own * (own + 1) / 2) / (own * others)
    if np.isnan(areas).all():
        raise ValueError("one class only")
    return areas[~np.isnan(areas)].mean(), areas


# %% right: the course's roc_auc · message: "The mean of the areas"
import math
import statistics

from course_lib.metrics import roc_auc


def multiclass_auc(logits, targets):
    present = set(targets.tolist())
    if len(present) == 1:
        raise ValueError(f"only class {present} occurs")
    areas = [
        roc_auc(logits, targets, positive=k) if k in present else math.nan
        for k in range(logits.shape[1])
    ]
    return statistics.fmean(area for area in areas if not math.isnan(area)), areas


# %% right: log-softmax in float64 · message: "The mean of the areas"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    log_probs = logits.double().log_softmax(dim=1)
    areas = np.full(logits.shape[1], np.nan)
    for k in targets.unique().tolist():
        if (targets != k).any():
            areas[k] = metrics.roc_auc_score(targets == k, log_probs[:, k])
    for k in range(len(areas)):
        if np.isnan(areas).all():
            raise ValueError("no area")
    return float(np.nanmean(areas)), areas


# %% wrong: never below one half · clause 1 · message: "upside down, and the area has to say so"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    probs, areas = logits.double().softmax(1), []
    for k in range(logits.shape[1]):
        hit = targets == k
        area = (
            metrics.roc_auc_score(hit, probs[:, k]) if hit.any() and not hit.all() else np.nan
        )
        areas.append(max(area, 1 - area))
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: a step for each row, whatever the ties · clause 1 · message: "expected an area of"
import numpy as np


def multiclass_auc(logits, targets):
    probs, y, areas = logits.double().softmax(1).numpy(), targets.numpy(), []
    for k in range(probs.shape[1]):
        hits = (y == k)[np.argsort(-probs[:, k], kind="stable")]
        if hits.any() and not hits.all():
            up, right = hits.cumsum() / hits.sum(), (~hits).cumsum() / (~hits).sum()
            areas.append(np.trapezoid(np.r_[0, up], np.r_[0, right]))
        else:
            areas.append(np.nan)
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: as shipped · clause 1 · message: "the area of labels, after a softmax over the examples"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    areas = []
    for k in targets.unique():
        scores = logits.softmax(0)[:, k] > 0.5
        areas.append(metrics.roc_auc_score(targets == k, scores))
    return np.mean(areas), areas


# %% wrong: softmax over the examples · clause 1 · message: "softmax over the examples"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    probs, areas = logits.double().softmax(0), []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, probs[:, k]) if hit.any() and not hit.all() else np.nan
        )
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: the logits by themselves · clause 1 · message: "each column ranked by itself"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    areas = []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, logits[:, k]) if hit.any() and not hit.all() else np.nan
        )
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: labels in place of scores · clause 1 · message: "the area of labels"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    guess, areas = logits.argmax(1), []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, guess == k) if hit.any() and not hit.all() else np.nan
        )
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: only the classes that occur · clause 2 · message: "one for each column"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    if len(targets.unique()) == 1:
        raise ValueError
    probs = logits.double().softmax(1)
    areas = [metrics.roc_auc_score(targets == k, probs[:, k]) for k in targets.unique()]
    return np.mean(areas), areas


# %% wrong: one half for an absent class · clause 2 · message: "expected NaN"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    if len(targets.unique()) == 1:
        raise ValueError
    probs = logits.double().softmax(1)
    areas = [
        metrics.roc_auc_score(targets == k, probs[:, k]) if (targets == k).any() else 0.5
        for k in range(logits.shape[1])
    ]
    return np.mean(areas), areas


# %% wrong: NaN spreads into the mean · clause 3 · message: "has spread"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    if len(targets.unique()) == 1:
        raise ValueError
    probs = logits.double().softmax(1)
    areas = [
        metrics.roc_auc_score(targets == k, probs[:, k]) if (targets == k).any() else np.nan
        for k in range(logits.shape[1])
    ]
    return np.mean(areas), areas


# %% wrong: the mean weighted by the classes · clause 3 · message: "weighted by how often"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    if len(targets.unique()) == 1:
        raise ValueError
    probs = logits.double().softmax(1)
    counts = np.bincount(targets, minlength=logits.shape[1])
    areas = [
        metrics.roc_auc_score(targets == k, probs[:, k]) if counts[k] else np.nan
        for k in range(len(counts))
    ]
    return np.nansum(counts * areas) / counts.sum(), areas


# %% wrong: float32 probabilities · clause 4 · message: "float32's softmax is 1"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    probs, areas = logits.softmax(1), []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, probs[:, k]) if hit.any() and not hit.all() else np.nan
        )
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% wrong: NaN where no class has an area · clause 5 · message: "Expected a `ValueError`"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    probs, areas = logits.double().softmax(1), []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, probs[:, k]) if hit.any() and not hit.all() else np.nan
        )
    kept = [area for area in areas if area == area]
    return (sum(kept) / len(kept) if kept else np.nan), areas


# %% wrong: a sigmoid for each column · clause 1 · message: "a sigmoid"
import numpy as np
from sklearn import metrics


def multiclass_auc(logits, targets):
    probs, areas = logits.double().sigmoid(), []
    for k in range(logits.shape[1]):
        hit = targets == k
        areas.append(
            metrics.roc_auc_score(hit, probs[:, k]) if hit.any() and not hit.all() else np.nan
        )
    if np.isnan(areas).all():
        raise ValueError
    return np.nanmean(areas), areas


# %% right: log-odds against the sum of the others, and a fraction for the mean · message: "The mean of the areas"
from fractions import Fraction

import torch
from sklearn import metrics


def multiclass_auc(logits, targets):
    """Equal images may differ in the last bit here; that is no mistake."""
    z, areas = logits.double(), []
    for k in range(z.shape[1]):
        others = z[:, [j for j in range(z.shape[1]) if j != k]]
        scores, is_k = torch.sigmoid(z[:, k] - others.logsumexp(1)), targets == k
        both = is_k.any() and not is_k.all()
        areas.append(metrics.roc_auc_score(is_k, scores) if both else float("nan"))
    kept = [Fraction(float(a)) for a in areas if a == a]
    if not kept:
        raise ValueError("one class only")
    return sum(kept) / len(kept), areas


# %% wrong: ties count nothing · clause 1 · message: "expected an area of"
import numpy as np


def multiclass_auc(logits, targets):
    probs, areas = logits.double().softmax(1).numpy().round(14), []
    for k in range(probs.shape[1]):
        is_k = (targets == k).numpy()
        ours, rest = probs[is_k, k], probs[~is_k, k]
        areas.append((ours[:, None] > rest).mean() if len(ours) and len(rest) else np.nan)
    if np.isnan(areas).all():
        raise ValueError("none")
    return np.nanmean(areas), areas

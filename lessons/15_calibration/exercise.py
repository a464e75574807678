# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you hand the
# notebook in, so try as often as you like. About 45 minutes.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Claims and outcomes (10 minutes)
#
# A colleague's reliability diagram has a hole where nobody was claimed, and the surest claims of all are missing from it.
#
# Write `reliability(probs, happened, *, bins=10)`. `probs` and `happened` are arrays (N,); `happened` holds 0 and 1, or
# booleans.
#
# 1. The `bins` bins from 0 to 1 have equal width. A claim on the edge of two bins belongs to the upper one, a claim of
#    1.0 to the last.
# 2. It returns `(claimed, happened, count, error)`. The first three have one value for each bin (arrays, tensors or
#    lists): the mean claim, the share that came true, how many claims.
# 3. An empty bin has NaN, NaN and 0.
# 4. `error` is the calibration error, a number: the mean of |claimed - happened|, each bin weighted by its count.
# 5. Where a probability is below 0, above 1 or NaN, it raises a `ValueError`.
#
# One tool: `np.bincount(index, values, minlength=bins)` adds up `values` for each index.


# %% solution="reliability"
def reliability(probs, happened, *, bins=10):
    """Mean claim, share that came true and count of each bin, and the calibration error. probs, happened: (N,)."""
    ### BEGIN SOLUTION
    if not ((probs >= 0) & (probs <= 1)).all():  # NaN is neither
        raise ValueError(
            f"Probabilities lie between 0 and 1; got {probs.min()} to {probs.max()}."
        )
    index = (probs * bins).astype(int).clip(max=bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    claimed = np.bincount(index, probs, minlength=bins) / divisor
    true = np.bincount(index, happened, minlength=bins) / divisor
    error = np.nansum(count * np.abs(claimed - true)) / count.sum()
    return claimed, true, count, error
    ### END SOLUTION


# %% check="reliability"
check(reliability)

# %% [markdown]
# ## 2. Cool it (10 minutes)
#
# A network goes into use next week. Its ranking is fine, and its probabilities are too bold, or too timid: you are to
# find out from the validation data, and hand over true probabilities for the test set.
#
# Write `fit_temperature(validation, test_logits)`. `validation` is a pair `(logits, targets)`. Logits are float32
# tensors, (N, C), or (N,) for a one-logit head whose target 1 is "yes"; `targets` is (N,), int64.
#
# 1. It finds the number T > 0 for which the mean log-loss of the validation logits divided by T is lowest, to within
#    1 %. In every case here T lies between 0.05 and 20, or there is none.
# 2. It returns `(T, probs)`. `probs` are the probabilities of the test logits at T: (M, C), or (M,) of "yes".
# 3. It raises a `ValueError` where no T is best: where the most probable class is the right one in every validation
#    example (the lower T, the better), and where the logits are worse than chance (the higher T, the better).
# 4. The tensors that it is given stay as they were.
#
# One way: the log-loss has a single valley in T, so try many T, each a little larger than the last (`np.geomspace`).


# %% solution="fit_temperature"
def fit_temperature(validation, test_logits):
    """The temperature with the lowest log-loss on validation data, and the test set's probabilities at it."""
    ### BEGIN SOLUTION
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([torch.zeros_like(logits), logits], dim=1) if single else logits
    tried = np.geomspace(0.04, 25, 800)
    losses = [F.cross_entropy(table.double() / t, targets).item() for t in tried]
    lowest = int(np.argmin(losses))
    if lowest in (0, len(tried) - 1):  # it goes on falling beyond what was tried
        raise ValueError(
            "No temperature is best: every example is right, or the logits are worse than chance."
        )
    best = float(tried[lowest])
    probs = (test_logits / best).sigmoid() if single else (test_logits / best).softmax(1)
    return best, probs
    ### END SOLUTION


# %% check="fit_temperature"
check(fit_temperature)

# %% [markdown]
# ## 3. From which probability on? (10 minutes)
#
# A hospital asks from which of *your network's* probabilities on it should call people back. Its patients are fewer ill
# than those you trained on.
#
# Write `bayes_threshold(false_positive, false_negative, *, trained=None, used=None)`:
#
# 1. it returns the probability from which on calling somebody back is cheaper on average, a number; `false_positive` and
#    `false_negative` are the two costs, and the probability is calibrated;
# 2. if `trained` and `used` are given (both or neither is), the probability is calibrated for data in which the share
#    `trained` is ill, and the share `used` is ill among the patients. It returns the threshold for the probability
#    **as the network gives it**;
# 3. one of the costs may be 0: then the threshold is 0 or 1;
# 4. it raises a `ValueError` for a negative cost, for two costs of 0, and for a share that isn't above 0 and below 1.
#
# For example, `bayes_threshold(1, 3)` is 0.25.


# %% solution="bayes_threshold"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    """The probability, as the network gives it, from which on a call is cheaper."""
    ### BEGIN SOLUTION
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError("Costs are not negative, and one of them is above 0.")
    if trained is None or used is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError("A share of the ill is above 0 and below 1.")
    # an ill patient of the network's stands for so many there, and so does a healthy one
    alarm = false_positive * (1 - used) / (1 - trained)
    miss = false_negative * used / trained
    return alarm / (alarm + miss)
    ### END SOLUTION


# %% check="bayes_threshold"
check(bayes_threshold)

# %% [markdown]
# ## 4. Mend it (10 minutes)
#
# `multiclass_auc_with_bugs` has reported one against the rest for a year. It never raised an error. It has four bugs.


# %%
def multiclass_auc_with_bugs(logits, targets):
    areas = []
    for k in targets.unique():
        scores = logits.softmax(0)[:, k] > 0.5
        areas.append(metrics.roc_auc_score(targets == k, scores))
    return np.mean(areas), areas


# %% [markdown]
# Write `multiclass_auc(logits, targets)`, mended. `logits` is a float32 tensor (N, C), `targets` (N,) int64:
#
# 1. it returns `(macro, areas)`. `areas` has C numbers in the order of the classes (an array, a tensor or a list):
#    number k is the area with which the softmax probability of class k ranks class k above the rest, ties counted one
#    half;
# 2. a class that doesn't occur has NaN;
# 3. `macro` is the mean of those areas that aren't NaN;
# 4. the network may be very sure: logits that are 30 apart still rank (float32's softmax is 1 from about 17 on; float64
#    carries to about 36);
# 5. where only one class occurs none has an area, and it raises a `ValueError`.


# %% solution="multiclass_auc"
def multiclass_auc(logits, targets):
    """The mean and the list of the areas of each class against the rest. logits: (N, C), targets: (N,)."""
    ### BEGIN SOLUTION
    probs, areas = logits.double().softmax(1).numpy(), []
    for k in range(logits.shape[1]):
        is_k = (targets == k).numpy()
        both = is_k.any() and not is_k.all()
        areas.append(metrics.roc_auc_score(is_k, probs[:, k]) if both else np.nan)
    if np.isnan(areas).all():
        raise ValueError("No class has an area: only one class occurs.")
    return np.nanmean(areas), areas
    ### END SOLUTION


# %% check="multiclass_auc"
check(multiclass_auc)

# %% [markdown]
# Five tasks, a written answer and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you hand the
# notebook in, so try as often as you like.
#
# In all tasks `scores` is a NumPy array (N,) of float64, higher for the ill, and two scores are equal only if `==` says
# so; `targets` is an array (N,) of 0 (healthy) and 1 (ill); and called ill is whoever scores **at least** the threshold,
# `score >= threshold`. Each call gets arrays of its own, so sorting them in place harms nobody. A "number" may be
# Python's, NumPy's, a `Fraction` or a tensor with one element; a pair may be a tuple, a list, an array or a tensor.

# %%
import numpy as np
import torch
from sklearn import metrics

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Every point of the curve (10 minutes)
#
# A clinic wants to see what each possible threshold would do. Its scores come from a machine with a coarse scale, so
# some patients have the same one.
#
# Write `roc_curve(scores, targets)`, with NumPy or torch and without scikit-learn if you want to learn most:
#
# 1. it returns `(fpr, tpr, thresholds)`, three arrays of one length (or tensors, or lists);
# 2. the first point is (0, 0) at the threshold infinity (`np.inf`);
# 3. then comes one point for **every different score**, however little they differ, highest first; the last is (1, 1);
# 4. fpr is the part of the healthy that is called ill, tpr the part of the ill;
# 5. if all targets are equal, all 0 or all 1, it raises a `ValueError`.


# %% solution="roc_curve"
def roc_curve(scores, targets):
    """fpr, tpr, thresholds of scores (N,) and targets (N,)."""
    ### BEGIN SOLUTION
    ill = targets == 1
    if ill.all() or not ill.any():
        raise ValueError(
            "A ROC curve needs ill and healthy patients; here all targets are equal."
        )
    thresholds = np.unique(scores)[::-1]
    called = scores[None, :] >= thresholds[:, None]  # (T, N)
    tpr = called[:, ill].mean(1)
    fpr = called[:, ~ill].mean(1)
    return np.r_[0, fpr], np.r_[0, tpr], np.r_[np.inf, thresholds]
    ### END SOLUTION


# %% check="roc_curve"
check(roc_curve)

# %% [markdown]
# ## 2. One patient of each (5 minutes)
#
# Somebody asks what your area of 0.8 *means*. Compute it from its meaning.
#
# Write `auc(scores, targets)`:
#
# 1. draw one ill and one healthy patient: it returns the chance that the ill one scores higher, as a number;
# 2. equal scores count one half, wherever the two stand in the arrays;
# 3. if all targets are equal, all 0 or all 1, it raises a `ValueError`.


# %% solution="auc"
def auc(scores, targets):
    """The area under the ROC curve of scores (N,) and targets (N,)."""
    ### BEGIN SOLUTION
    ill, healthy = scores[targets == 1], scores[targets == 0]
    if not len(ill) or not len(healthy):
        raise ValueError("There is no pair of an ill and a healthy patient.")
    above = ill[:, None] > healthy[None, :]
    equal = ill[:, None] == healthy[None, :]
    return (above + 0.5 * equal).mean()
    ### END SOLUTION


# %% check="auc"
check(auc)

# %% [markdown]
# ## 3. Find nine in ten (10 minutes)
#
# The clinic has decided: of the ill in the *validation* data at least nine in ten must be found, with as few false
# alarms as that allows.
#
# Write `threshold_for_recall(scores, targets, *, recall)`:
#
# 1. it returns the **highest** of the scores at which at least this part of the ill is found;
# 2. at least means at least: 23 of 26 are less than 0.9, 900 of 1,000 less than 0.9005, and 14 of 25 are enough for
#    0.56 (compare the part that is found: in floats `0.56 * 25` is a hair above 14);
# 3. if no patient is ill, or if `recall` isn't above 0 and at most 1, it raises a `ValueError`; that all patients are
#    ill is no reason to.


# %% solution="threshold_for_recall"
def threshold_for_recall(scores, targets, *, recall):
    """The highest score that finds at least this part of the ill. scores, targets: (N,)."""
    ### BEGIN SOLUTION
    ill = np.sort(scores[targets == 1])[::-1]
    if not len(ill) or not 0 < recall <= 1:
        raise ValueError(
            f"Needs ill patients and a recall above 0, at most 1; got {len(ill)} and {recall}."
        )
    found = np.arange(1, len(ill) + 1)  # at the score of the k-th of them, k are found
    return ill[found / len(ill) >= recall][0]
    ### END SOLUTION


# %% check="threshold_for_recall"
check(threshold_for_recall)

# %% [markdown]
# ## 4. Between what and what? (10 minutes)
#
# "The area is 0.89" is half a sentence. The other half says how far it would scatter if you had met other patients.
#
# Write `auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0)`, the percentile bootstrap:
#
# 1. `resamples` times, draw N of the N patients **with replacement**, each with their own target, and compute the area;
#    how many of a resample are ill is left to chance;
# 2. a resample without ill or without healthy patients has no area: leave it out (or draw it anew);
# 3. return `(low, high)`, the quantiles `(1 - confidence) / 2` and `(1 + confidence) / 2` of the areas (any of
#    `np.quantile`'s methods); with one resample that is its area, twice;
# 4. the same seed gives the same interval, another seed other draws;
# 5. the global random states (`np.random`, `torch`, `random`) stay untouched.


# %% solution="auc_interval"
def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    """Low and high of the bootstrap interval of the AUC. scores, targets: (N,)."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(resamples):
        rows = rng.integers(len(scores), size=len(scores))
        ill, healthy = scores[rows][targets[rows] == 1], scores[rows][targets[rows] == 0]
        if len(ill) and len(healthy):
            areas.append((np.sign(ill[:, None] - healthy) / 2 + 0.5).mean())
    tail = (1 - confidence) / 2
    low, high = np.quantile(areas, [tail, 1 - tail])
    return low, high
    ### END SOLUTION


# %% check="auc_interval"
check(auc_interval)

# %% [markdown]
# ## 5. Mend it (15 minutes)
#
# `trained_roc_auc_with_bugs` reports the ROC-AUC of a network over a test loader. For a network with two logits it
# raises nothing, and it is wrong in three ways. A network with one logit it can't do at all.


# %%
def trained_roc_auc_with_bugs(model, loader):
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            probabilities = model(x).softmax(1)
            scores += probabilities.argmax(1).tolist()
            targets += y.tolist()
    return metrics.roc_auc_score(scores, targets)


# %% [markdown]
# Write `trained_roc_auc(model, loader)`, mended:
#
# 1. `loader` gives `(x, y)` with y (B,) of 0 and 1, floats or integers; it may shuffle, and its last batch may have one
#    example;
# 2. the model gives two logits (B, 2), class 1 in the second column, or one logit, (B,) or (B, 1);
# 3. it returns one number: the area over all examples together, for class 1, with the model in eval mode; below 0.5
#    where the ranking is worse than chance;
# 4. however large the logits are, different ones stay different scores;
# 5. no graph is built;
# 6. every module of the model gets its own training flag back.


# %% solution="trained_roc_auc"
def trained_roc_auc(model, loader):
    """The ROC-AUC for class 1 of a network with one or two logits."""
    ### BEGIN SOLUTION
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits[:, 1] - logits[:, 0] if two else logits.reshape(-1))
            targets.append(y)
    for module, training in flags:
        module.training = training
    return metrics.roc_auc_score(torch.cat(targets).numpy(), torch.cat(scores).numpy())
    ### END SOLUTION


# %% check="trained_roc_auc"
check(trained_roc_auc)

# %% [markdown]
# ## 6. What does a ROC curve say, and what not? (10 minutes)
#
# A hospital reads of a screening test: "ROC-AUC 0.95 on 400 patients, half of them ill", with the curve beside it, and
# nothing else. One of its points is (0.10, 0.90). In six to ten sentences, tell the hospital what the curve says, what
# that point says, and what the number 0.95 says. Name three things that they don't say and that it needs before it
# screens a town in which 1 person in 100 is ill. With the point, work out how many of 100 alarms there would be true.

# %% [markdown] written="what_roc_says"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *what it says*: the curve shows the true positive rate against the false positive
# rate for every threshold, and the point says that at one threshold 90 of 100 ill people are found and 10 of 100 healthy
# people alarmed (half a point); 0.95 is the share of pairs of an ill and a healthy person in which the ill one has the
# higher score, 0.5 being a guess (half a point). One point for *what not*: at least three of: the threshold in use, what
# share of the alarms is true, the prevalence, what the two mistakes cost, whether the probabilities are calibrated, how
# uncertain the curve is with 200 ill and 200 healthy people, where it lies in the part that matters (half a point); and
# about 8 of 100 alarms, worked out from the point (half a point). No credit for "0.9 and more is excellent".
#
# **Model answer.** Each point of the curve is a threshold: to the right the share of the healthy who are alarmed, upwards
# the share of the ill who are found. At the point (0.10, 0.90) nine in ten ill people are found, and one in ten healthy
# people is alarmed. The area says how well the scores rank: take one ill and one healthy person at random, and in 95 of
# 100 such pairs the ill one has the higher score. None of them says which threshold to use, what a missed illness and a
# needless alarm cost, or whether a score of 0.8 means 80 in 100; and with 200 people on each side every figure has an
# interval, which should be given. Both rates are shares *within* the ill and *within* the healthy, so the curve is the
# same whatever the prevalence, and that is what hides the town's trouble: of 10,000 people 100 are ill, 90 of them are
# found, and 990 of the 9,900 healthy are alarmed too. 90 of 1,080 alarms are true, 8 in 100, while half and half it would
# have been 90 in 100. I would ask for the precision at the town's prevalence, or the precision-recall curve there, for a
# threshold chosen on validation data from the two costs, and for an interval.
# ### END SOLUTION

# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you hand the
# notebook in, so try as often as you like.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution
from course_lib.evaluation import evaluation_mode

# %% [markdown]
# ## 1. One loss, whatever the batches (10 minutes)
#
# Two colleagues evaluate one model and report two losses. One used batches of 32, the other of 50; both averaged the
# means of their batches.
#
# Write `mean_loss(batches, weight=None)`:
#
# 1. `batches` gives pairs of logits (B, C) and int64 targets (B,), in batches of any size; it may be a generator, so
#    it is read once;
# 2. it returns the mean cross-entropy over all examples, as one number: the batches make no difference;
# 3. a target of -100 is ignored: it counts neither in the sum nor in what the sum is divided by, not even when a whole
#    batch is ignored;
# 4. `weight` (C,), if given, holds class weights above 0: the result is what `F.cross_entropy(..., weight=weight)` gives for
#    all examples at once;
# 5. if no example counts, because there is none or all are ignored, it raises a `ValueError`.


# %% solution="mean_loss"
def mean_loss(batches, weight=None):
    """The mean cross-entropy of all examples. batches: pairs of logits (B, C) and targets (B,)."""
    ### BEGIN SOLUTION
    total, counted = 0.0, 0.0
    for logits, targets in batches:
        total += F.cross_entropy(logits, targets, weight=weight, reduction="sum").item()
        kept = targets[targets != -100]
        counted += len(kept) if weight is None else weight[kept].sum().item()
    if counted == 0:
        raise ValueError("No example counts, so there is no mean.")
    return total / counted
    ### END SOLUTION


# %% check="mean_loss"
check(mean_loss)

# %% [markdown]
# ## 2. Labels for every kind of head (10 minutes)
#
# A service answers with the logits of whatever network is behind it: ten classes today, a yes or a no tomorrow.
#
# Write `predict_labels(logits)`:
#
# 1. logits (N, C) with two or more columns: the class with the largest logit; of equal ones the first;
# 2. logits (N, 1) or (N,) come from a one-logit head: 1 where the logit is above 0, else 0;
# 3. it returns an int64 tensor of shape (N,), also for a single example;
# 4. the logits decide, in their own dtype, however small or close they are: no rounded number does;
# 5. a NaN among the logits raises a `ValueError`; infinite logits are fine (a class is masked with -inf);
# 6. the tensor that it was given stays as it was.


# %% solution="predict_labels"
def predict_labels(logits):
    """Labels (N,) int64 of logits (N, C), (N, 1) or (N,)."""
    ### BEGIN SOLUTION
    if logits.isnan().any():
        raise ValueError("Some logits are NaN; a label would be made up.")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() > 0).long()
    ### END SOLUTION


# %% check="predict_labels"
check(predict_labels)

# %% [markdown]
# ## 3. An evaluate of your own (20 minutes)
#
# Your training loop calls this between two epochs, on somebody else's model and somebody else's loader.
#
# Write `evaluate(model, batches, loss_fn)`. It returns an object (a dataclass, for instance) with the attributes
# `logits`, `targets`, `loss` and `accuracy`. (The course's own `evaluate` passes this check, too.)
#
# 1. `batches` gives pairs (inputs, targets) and is read once, whatever its length; row i of `logits` and of `targets`
#    belongs to the same example;
# 2. `logits` is (N, C); where the model returns (B, 1), a one-logit head, it is (N,); `targets` is (N,);
# 3. `loss` is `loss_fn` of all logits and targets at once, a number; the loss of a one-logit head is given logits and
#    targets of shape (N,), the targets as floats;
# 4. `accuracy` is the share of right labels, a number; targets of -100 are left out of it (some others remain);
# 5. the model computes in eval mode, and afterwards every submodule has its own flag back, also when the model raised;
# 6. no graph is built: `logits.requires_grad` is False; afterwards gradients are on again, if they were;
# 7. no batch, or targets that are not of shape (B,), one for each row of logits: a `ValueError`;
# 8. PyTorch's global random state is afterwards what it was, even if the loader is a plain `DataLoader`, and also when
#    the model raised.
#
# You may use `evaluation_mode` from the cell above, which turns both switches and puts every flag back.

# %% solution="evaluate"
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    logits: torch.Tensor
    targets: torch.Tensor
    loss: float
    accuracy: float


def evaluate(model, batches, loss_fn):
    """One pass over the batches: logits, targets, loss and accuracy."""
    ### BEGIN SOLUTION
    parts = []
    with torch.random.fork_rng(devices=[]), evaluation_mode(model):
        for inputs, targets in batches:
            logits = model(inputs)
            if logits.ndim == 2 and logits.shape[1] == 1:
                logits = logits.squeeze(1)
            if targets.shape != logits.shape[:1]:
                raise ValueError(f"Expected targets (B,), got {tuple(targets.shape)}.")
            parts.append((logits, targets))
    if not parts:
        raise ValueError("There is no batch to evaluate on.")
    logits, targets = (torch.cat(column) for column in zip(*parts))
    one_logit = logits.ndim == 1
    loss = loss_fn(logits, targets.to(logits.dtype) if one_logit else targets).item()
    labels = (logits > 0).long() if one_logit else logits.argmax(1)
    counted = targets != -100
    accuracy = (labels == targets)[counted].float().mean().item()
    return Result(logits, targets, loss, accuracy)
    ### END SOLUTION


# %% check="evaluate"
check(evaluate)

# %% [markdown]
# ## 4. Mend the loop (10 minutes)
#
# `validate_with_bugs` has been watching a training for weeks. It never raised an error. It has four bugs.


# %%
def validate_with_bugs(model, loader):
    loss, accuracy = 0.0, 0.0
    with torch.no_grad():
        for x, y in loader:
            p = model(x).sigmoid()
            loss += F.binary_cross_entropy_with_logits(p, y.unsqueeze(1)).item()
            accuracy += ((p > 0.5) == y).float().mean().item()
    return loss / len(loader), accuracy / len(loader)


# %% [markdown]
# Write `validate(model, loader)`, mended:
#
# 1. the model returns one logit an example, shape (B, 1); `y` is (B,), float32, 0 or 1; it returns two numbers, the
#    binary cross-entropy of the logits and the accuracy;
# 2. the loss is that of the logits, also where a sigmoid would be rounded to 0 or 1;
# 3. each prediction is compared with its own target: yes where the logit is above 0, however small;
# 4. each example counts alike, however the batches are cut;
# 5. the numbers are those of eval mode, and the model comes back with every flag and statistic as it was;
# 6. no graph is built.


# %% solution="validate"
def validate(model, loader):
    """Mean binary cross-entropy and accuracy of a one-logit model over a loader."""
    ### BEGIN SOLUTION
    loss, right, n = 0.0, 0, 0
    with evaluation_mode(model):
        for x, y in loader:
            logits = model(x).squeeze(1)
            loss += F.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
            right += ((logits > 0) == y).sum().item()
            n += len(y)
    return loss / n, right / n
    ### END SOLUTION


# %% check="validate"
check(validate)

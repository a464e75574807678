# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you
# hand the notebook in, so try as often as you like. About 40 minutes.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Evaluate, and leave no trace (10 minutes)
#
# A colleague's training loop calls your evaluation code between two epochs. Half of her network is frozen in
# eval mode. After your evaluation, everything must be as she left it.
#
# Write `evaluation_mode(model)`, a context manager:
#
# 1. inside `with evaluation_mode(model):` every submodule is in eval mode;
# 2. afterwards every submodule has **its own** flag back, also when the block raised an error;
# 3. an error raised in the block comes through;
# 4. it leaves the grad switch alone.

# %% solution="evaluation_mode"
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    """Put every submodule of `model` in eval mode for the block; then give each its own flag back."""
    ### BEGIN SOLUTION
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in before:
            module.training = training
    ### END SOLUTION


# %% check="evaluation_mode"
check(evaluation_mode)

# %% [markdown]
# ## 2. Who still throws dice? (10 minutes)
#
# A model gives two answers for one image, and it *is* in eval mode. Somewhere a module ignores the switch.
#
# Write `stays_random(model, x)`:
#
# 1. `model` is an `nn.Module`, `x` a batch for it, shape (N, F);
# 2. it returns a list of the dotted names (as in `model.named_modules()`) of the modules without children
#    whose output is random in eval mode: called twice on the same input, they give two outputs;
# 3. a module that is only *fed* by a random one is not on the list;
# 4. the model comes back as it was: flags and running statistics.


# %% solution="stays_random"
def stays_random(model, x):
    """Names of the leaf modules that are random in eval mode. x: (N, F)."""
    ### BEGIN SOLUTION
    leaves = {name: m for name, m in model.named_modules() if not list(m.children())}
    given, handles = {}, []
    for name, module in leaves.items():
        keep = lambda m, inputs, name=name: given.setdefault(name, inputs)
        handles.append(module.register_forward_pre_hook(keep))
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        model(x)
        for handle in handles:
            handle.remove()
        found = [n for n, m in leaves.items() if not torch.equal(m(*given[n]), m(*given[n]))]
    for module, training in before:
        module.training = training
    return found
    ### END SOLUTION


# %% check="stays_random"
check(stays_random)

# %% [markdown]
# ## 3. Frozen means frozen (10 minutes)
#
# You fine-tune a pretrained network with small batches. Its batch norm must keep what it learned from millions
# of images, but the training loop calls `model.train()` at the top of every epoch.
#
# Write `freeze_batch_norm(model)`:
#
# 1. from then on, however often `model.train()` and `model.eval()` are called, every batch norm layer (1d, 2d
#    and 3d, at any depth) normalises by its running statistics and never changes them;
# 2. its weight and bias no longer learn;
# 3. everything else trains as before, dropout included;
# 4. it returns the model.


# %% solution="freeze_batch_norm"
def freeze_batch_norm(model):
    """Keep every batch norm layer of `model` in eval mode for good, and its parameters fixed."""
    ### BEGIN SOLUTION
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.requires_grad_(False)
            module.train = lambda mode=True, module=module: (
                module
            )  # train() reaches it, and does nothing
    return model
    ### END SOLUTION


# %% check="freeze_batch_norm"
check(freeze_batch_norm)

# %% [markdown]
# ## 4. Mend it (10 minutes)
#
# `predict_with_bugs` has been in production for a year. It never raised an error. It has three bugs.


# %%
def predict_with_bugs(model, images, *, batch_size=64):
    labels = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            probabilities = model(batch).softmax(0)
            labels.append(probabilities.argmax(1))
    model.train()
    return torch.cat(labels)


# %% [markdown]
# Write `predict(model, images, *, batch_size=64)`, mended:
#
# 1. `images` is (N, F), the model's logits are (N, C); it returns labels, shape (N,);
# 2. the labels are those of eval mode;
# 3. they don't depend on `batch_size`, except for rounding;
# 4. the model comes back with every flag and statistic as it was;
# 5. no graph is built.
#
# Each task stands alone: here you may use `evaluation_mode` from `course_lib.evaluation`, whatever became of yours.


# %% solution="predict"
def predict(model, images, *, batch_size=64):
    """Labels (N,) of images (N, F), as the model gives them in eval mode."""
    ### BEGIN SOLUTION
    from course_lib.evaluation import (
        evaluation_mode as library_mode,
    )  # eval and inference mode, flags put back

    with library_mode(model):
        return torch.cat([model(batch).argmax(1) for batch in images.split(batch_size)])
    ### END SOLUTION


# %% check="predict"
check(predict)

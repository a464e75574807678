# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you
# hand the notebook in, so try as often as you like. Each task's numbered clauses are all that is asked.

# %%
import torch
import torch.nn.functional as F
from torch import nn

import course_lib.evaluation
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Evaluate, and leave no trace (15 minutes)
#
# A colleague's training loop calls your evaluation code between two epochs. Half of her network is frozen in
# eval mode. After your evaluation, everything must be as she left it.
#
# Write `evaluation_mode(model)`, a context manager as the lesson's `seeded` is one:
#
# 1. inside `with evaluation_mode(model):` the model and every module in it are in eval mode;
# 2. afterwards each has **its own** flag back, the one that it had when the block began, whatever the block did to it;
# 3. that holds also when the block raised an error;
# 4. an error raised in the block comes through as it is;
# 5. gradients stay alone: the grad switch stays as it was, on or off, and so does each parameter's `requires_grad`.

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
# ## 2. Who still throws dice? (20 minutes)
#
# A model gives two answers for one image, and it *is* in eval mode. Somewhere a module ignores the switch.
#
# Write `stays_random(model, x)`. (The lesson's pre-hook shows how to get at what a module is given.)
#
# 1. `model` is an `nn.Module` that runs each of its modules once, on tensors; `x` is a batch for it, shape (N, F);
# 2. it returns a list of the dotted names (as in `model.named_modules()`, in any order) of the modules without children
#    whose output is random in eval mode: called twice on the same input, they give two outputs that differ, by however
#    little;
# 3. a module that is only *fed* by a random one is not on the list;
# 4. every level is searched, not only the first;
# 5. the model comes back as it was: flags, `requires_grad`, running statistics, and no hook left on it.


# %% solution="stays_random"
def stays_random(model, x):
    """Names of the leaf modules that are random in eval mode. x: (N, F)."""
    ### BEGIN SOLUTION
    leaves = {name: m for name, m in model.named_modules() if not list(m.children())}
    before = [(module, module.training) for module in model.modules()]
    given, handles = {}, []
    for name, module in leaves.items():
        keep = lambda m, inputs, name=name: given.update({name: inputs})
        handles.append(module.register_forward_pre_hook(keep))
    try:
        with torch.no_grad():
            model.eval()(x)
            for handle in handles:
                handle.remove()
            found = [
                n for n, m in leaves.items() if not torch.equal(m(*given[n]), m(*given[n]))
            ]
    finally:
        for handle in handles:
            handle.remove()
        for module, training in before:
            module.training = training
    return found
    ### END SOLUTION


# %% check="stays_random"
check(stays_random)

# %% [markdown]
# ## 3. Frozen means frozen (15 minutes)
#
# You fine-tune a pretrained network with small batches. Its batch norm must keep what it learned from millions
# of images, but the training loop calls `model.train()` at the top of every epoch.
#
# Write `freeze_batch_norm(model)`:
#
# 1. from then on, however often `model.train()` and `model.eval()` are called, every batch norm layer (1d, 2d and 3d, at
#    any depth, with a weight or made with `affine=False`) normalises by its running mean and variance and never changes
#    them. How is yours to choose: all the time in eval mode, or at each pass;
# 2. its weight and bias are left alone by an optimizer that is made afterwards of all that `requires_grad`;
# 3. everything else is as before: it keeps its mode and `requires_grad`, follows `train()` and `eval()`, and learns;
# 4. it changes this model (no class, no other model) and returns it.


# %% solution="freeze_batch_norm"
def freeze_batch_norm(model):
    """Keep every batch norm layer of `model` in eval mode for good, and its parameters fixed."""
    ### BEGIN SOLUTION
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.requires_grad_(False)
            # train() reaches it, and does nothing
            module.train = lambda mode=True, module=module: module
    return model
    ### END SOLUTION


# %% check="freeze_batch_norm"
check(freeze_batch_norm)

# %% [markdown]
# ## 4. Mend it (15 minutes)
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
# 1. `images` is a tensor (N, F) with N at least 1, the model's logits are (N, C); it returns a tensor of N integer labels,
#    shape (N,), in the images' order;
# 2. the labels are those of eval mode: the class with the largest logit;
# 3. at most `batch_size` images go through the model at a time, and the labels don't depend on how many (but for
#    rounding);
# 4. the model comes back with every flag, `requires_grad` and statistic as it was. If it raises, its error comes
#    through, and all that is put back even so;
# 5. no graph is built, and the grad switch is afterwards as it was before.
#
# Each task stands alone. Here you may use `course_lib.evaluation.evaluation_mode`, whatever became of yours: it is
# imported above as a module, so your own function keeps its name.


# %% solution="predict"
def predict(model, images, *, batch_size=64):
    """Labels (N,) of images (N, F), as the model gives them in eval mode."""
    ### BEGIN SOLUTION
    with course_lib.evaluation.evaluation_mode(model):  # eval mode and no gradients, put back
        return torch.cat([model(batch).argmax(1) for batch in images.split(batch_size)])
    ### END SOLUTION


# %% check="predict"
check(predict)

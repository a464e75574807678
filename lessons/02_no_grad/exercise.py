# %% [markdown]
# Four tasks in rising order and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded
# until you hand the notebook in, so try as often as you like.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. What a pass costs (10 minutes)
#
# Before you rent a larger GPU, you want to know what one training step keeps. In the lesson you counted tensors; now
# count bytes.
#
# Write `saved_bytes(model, x)`:
#
# 1. it runs `model(x)` once, as the model is: no flag is changed, gradients are on;
# 2. it returns the bytes (an int) that autograd keeps for the backward pass of it; the batch counts, too, where it is
#    kept;
# 3. the model's own parameters and buffers don't count: they are there anyway;
# 4. what two layers keep counts once: two tensors are the same memory if they have the same `data_ptr()`.


# %% solution="saved_bytes"
def saved_bytes(model, x):
    """Bytes that autograd keeps of one pass, without the model's own tensors."""
    ### BEGIN SOLUTION
    kept = {}

    def pack(tensor):
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model(x)  # held until the count: else its memory could be used again
    own = {tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    return sum(size for place, size in kept.items() if place not in own)
    ### END SOLUTION


# %% check="saved_bytes"
check(saved_bytes)

# %% [markdown]
# ## 2. Features for later (10 minutes)
#
# A trained body turns images into features, once. New heads will be trained on these features next week. The body
# belongs to somebody else, who goes on training it.
#
# Write `embed(model, x)`:
#
# 1. it returns `model(x)` as eval mode gives it, a tensor of shape (N, D);
# 2. the features ask for no gradient and have no graph behind them;
# 3. a head can be trained on them;
# 4. every layer has its own training flag back, no running statistic moved, and each parameter asks for a gradient or
#    not, as before; also if the model raises an error, which comes through;
# 5. gradients are switched on or off afterwards as they were before.


# %% solution="embed"
def embed(model, x):
    """Features (N, D) of eval mode, without a graph, fit for a later training."""
    ### BEGIN SOLUTION
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for module, training in before:
            module.training = training
    ### END SOLUTION


# %% check="embed"
check(embed)

# %% [markdown]
# ## 3. Mend it (10 minutes)
#
# `loss_with_leaks` works on ten batches. On ten thousand it dies, out of memory. It has four bugs.


# %%
def loss_with_leaks(model, batches):
    total, count, history = 0, 0, []
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        with torch.no_grad():
            total = total + loss * len(y)
            count += len(y)
        history.append(loss)
    model.train()
    return total / count, history


# %% [markdown]
# Write `leak_free_loss(model, batches)`, mended:
#
# 1. `batches` gives pairs of inputs and classes, and can be read once, like a generator; it returns a pair
#    `(mean, history)`. `mean` is the mean cross-entropy over all examples, as eval mode gives it, a float;
# 2. `history` is a list with the mean loss of each batch, in order, floats;
# 3. autograd keeps nothing, not even while it runs;
# 4. the model comes back with every flag (`training`, `requires_grad`) and statistic as it was.


# %% solution="leak_free_loss"
def leak_free_loss(model, batches):
    """(mean, history): the mean loss over all examples, and that of each batch; floats."""
    ### BEGIN SOLUTION
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    total, count, history = 0.0, 0, []
    try:
        with torch.no_grad():
            for x, y in batches:
                history.append(F.cross_entropy(model(x), y).item())
                total += history[-1] * len(y)
                count += len(y)
    finally:
        for module, training in before:
            module.training = training
    return total / count, history
    ### END SOLUTION


# %% check="leak_free_loss"
check(leak_free_loss)

# %% [markdown]
# ## 4. Which mode for which job? (10 minutes)
#
# Six situations. For each, one of the five words: `"gradients on"`, `"no_grad"`, `"inference_mode"`, `"detach"`,
# `"requires_grad_(False)"`. Every choice is tried out, and the verdict says what happened.
#
# | | |
# |---|---|
# | `"server"` | a process that only ever predicts; nothing is trained in it |
# | `"features"` | features are computed once; a new head is trained on them later; the model is used elsewhere as it is |
# | `"fine-tune"` | over a whole run only the head shall learn, the body stays as it is |
# | `"validation"` | between two epochs; the model makes a table at its first call and keeps it |
# | `"target"` | a loss compares an output with a target made of the same output; no gradient may flow through the target |
# | `"saliency"` | in eval mode: which pixels move the answer? |
#
# Write `choose_modes()`:
#
# 1. it returns a dictionary with a word for each of the six;
# 2. the job gets done with it, and whatever is trained afterwards can be trained;
# 3. of the words that do the job, it is the one that keeps the least, leaves no parameter changed that nobody asked to
#    change, and, if two are equal in that, takes the least time.


# %% solution="choose_modes"
def choose_modes():
    """A word for each of the six situations."""
    ### BEGIN SOLUTION
    return {
        "server": "inference_mode",
        "features": "no_grad",
        "fine-tune": "requires_grad_(False)",
        "validation": "no_grad",
        "target": "detach",
        "saliency": "gradients on",
    }
    ### END SOLUTION


# %% check="choose_modes"
check(choose_modes)

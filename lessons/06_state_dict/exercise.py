# %% [markdown]
# Five tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you
# hand the notebook in, so try as often as you like.

# %%
import torch
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. What is in it? (10 minutes)
#
# A colleague wants to know why a file of "six weights" has nine tensors in it. Give her a table.
#
# Write `parameter_table(model)`:
#
# 1. it returns a list of dictionaries, one for each tensor in the model's state_dict, in its order;
# 2. each has the keys `name` (text), `kind` (`"parameter"` or `"buffer"`), `shape` (a tuple), `dtype` (the text that
#    `str(tensor.dtype)` gives, such as `"torch.float32"`) and `size_bytes` (the bytes of the tensor's own numbers);
# 3. a parameter with `requires_grad=False` is a parameter still; one with two names has two rows, and both say
#    `"parameter"`;
# 4. every model will do: a single layer, one without entries (its table is empty), one whose state_dict holds an extra
#    state that is no tensor (it gets no row).


# %% solution="parameter_table"
def parameter_table(model):
    """One dictionary for each entry of the state_dict: name, kind, shape, dtype, size_bytes."""
    ### BEGIN SOLUTION
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.numel() * tensor.element_size(),
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]
    ### END SOLUTION


# %% check="parameter_table"
check(parameter_table)

# %% [markdown]
# ## 2. Save the weights, touch nothing else (5 minutes)
#
# Your function will be called in the middle of somebody's training, on whatever device that runs.
#
# Write `save_weights(model, path)`:
#
# 1. afterwards the file `path` (text or a `pathlib.Path`, with any suffix or none) holds the model's state_dict, names
#    and values as they are, and `torch.load(path, weights_only=True)` gives it back;
# 2. a file that was there is replaced;
# 3. no other file is left beside it;
# 4. when you return, the model is where it was and as it was: device, dtype, modes, values.
#
# What it returns doesn't matter. A folder that doesn't exist may raise what `torch.save` raises. What a crash in the
# middle of a save would leave is the subject of lesson 09.


# %% solution="save_weights"
def save_weights(model, path):
    """Write the state_dict of `model` to the file `path`."""
    ### BEGIN SOLUTION
    torch.save(model.state_dict(), path)
    ### END SOLUTION


# %% check="save_weights"
check(save_weights)

# %% [markdown]
# ## 3. Load them, strictly and anywhere (10 minutes)
#
# The file comes from a server with GPUs, or from a stranger. Your machine has no GPU, and should not run a stranger's
# code.
#
# Write `load_weights(model, path)`:
#
# 1. it puts the values of the file into `model`;
# 2. it returns the model;
# 3. it works on a machine that lacks the device the file was saved on;
# 4. a file with a name missing, or one too many, raises a `RuntimeError` whose text names it;
# 5. a file that asks for anything but tensors and plain containers raises an error, of whatever type, and nothing in
#    it is run;
# 6. the model keeps its own parameters and buffers (an optimizer may hold them already), its modes, its device and its
#    dtype: values of another dtype are converted.
#
# After an error the model may hold a part of the file; you needn't put it back.


# %% solution="load_weights"
def load_weights(model, path):
    """Load the state_dict in the file `path` into `model`; return the model."""
    ### BEGIN SOLUTION
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state, strict=True)
    return model
    ### END SOLUTION


# %% check="load_weights"
check(load_weights)

# %% [markdown]
# ## 4. Mend it: the best weights (10 minutes)
#
# `snapshot_best_with_bugs` should keep the weights of the best epoch. Its users report that "best" is always as bad as
# the last epoch, and that it returns `None` where the score is minus a loss. It has two bugs.


# %%
def snapshot_best_with_bugs(model, train_epoch, score, *, epochs):
    best_score, best = 0.0, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict()
    return best


# %% [markdown]
# Write `snapshot_best(model, train_epoch, score, *, epochs)`, mended:
#
# 1. it calls `train_epoch(model)`, which trains in place, `epochs` times (`epochs` is 1 or more), and after each of
#    them `score(model)`, once: a finite number of any sign, and higher is better;
# 2. it returns the complete state_dict of the epoch with the highest score, the earliest if several have it;
# 3. whatever is trained later, what it keeps and returns stays as it was in that epoch;
# 4. the model is left as its last epoch left it, values and modes.


# %% solution="snapshot_best"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    """Train, and return the state_dict of the epoch with the highest score."""
    ### BEGIN SOLUTION
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best
    ### END SOLUTION


# %% check="snapshot_best"
check(snapshot_best)

# %% [markdown]
# ## 5. Ten rows, four megabytes (10 minutes)
#
# You want to send ten rows of an embedding to a phone. The file has four megabytes, because each tensor drags its whole
# storage along. (`tensor.untyped_storage().nbytes()` says how much that is.)
#
# Write `slim(state_dict)`:
#
# 1. it returns a new dictionary with the same names in the same order, each tensor with the same values, shape and
#    dtype;
# 2. no tensor in it holds more storage than its own numbers need;
# 3. a tensor that uses all of its storage is handed on uncopied, over the storage it has, so that two names of one
#    tensor are still saved once;
# 4. what is no tensor, such as an epoch count, is handed on as it is;
# 5. the dictionary you are given, and the tensors in it, stay as they are.


# %% solution="slim"
def slim(state_dict):
    """The same state_dict, with every tensor in a storage of its own size."""
    ### BEGIN SOLUTION
    slimmed = {}
    for name, value in state_dict.items():
        wasteful = (
            isinstance(value, torch.Tensor) and value.untyped_storage().nbytes() > value.nbytes
        )
        slimmed[name] = value.clone() if wasteful else value
    return slimmed
    ### END SOLUTION


# %% check="slim"
check(slim)

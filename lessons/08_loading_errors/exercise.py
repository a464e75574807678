# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you
# hand the notebook in, so try as often as you like.

# %%
import torch
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Both lists, the shapes, the cause (15 minutes)
#
# Your team's loader should say what is wrong in place of a page of names.
#
# Write `explain_mismatch(model, state)`. It returns a dictionary with four keys:
#
# 1. `"missing"`: a list of the names that the model's state_dict has and `state` lacks, in the model's order;
# 2. `"unexpected"`: a list of the names that `state` has and the model lacks, in the order of `state`;
# 3. `"sizes"`: a dictionary. For each name that both have with different shapes, a tuple of two tuples: the shape in
#    `state`, then the model's;
# 4. `"cause"`: the first of these that is true. `"same"`: the three above are empty. `"wrapped"`: a value in `state` is
#    a dictionary that has every name of the model. `"prefix"`: every name of the model is in `state` with one and the
#    same text, which ends with a dot, before it. `"sizes"`: only shapes differ. Else `"names"`;
# 5. the model and `state` stay as they are.


# %% solution="explain_mismatch"
def explain_mismatch(model, state):
    """The missing and unexpected names, the sizes that differ, and the likely cause."""
    ### BEGIN SOLUTION
    own = model.state_dict()
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    sizes = {
        name: (tuple(state[name].shape), tuple(own[name].shape))
        for name in own
        if name in state and state[name].shape != own[name].shape
    }
    first = next(iter(own))
    prefixes = [name.removesuffix(first) for name in state if name.endswith(f".{first}")]
    if not (missing or unexpected or sizes):
        cause = "same"
    elif any(
        isinstance(value, dict) and own.keys() <= value.keys() for value in state.values()
    ):
        cause = "wrapped"
    elif any(all(prefix + name in state for name in own) for prefix in prefixes):
        cause = "prefix"
    else:
        cause = "names" if missing or unexpected else "sizes"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}
    ### END SOLUTION


# %% check="explain_mismatch"
check(explain_mismatch)

# %% [markdown]
# ## 2. Take the prefix off (10 minutes)
#
# Write `strip_prefix(state, prefix)`:
#
# 1. it returns a new dictionary in which each name that begins with `prefix` has lost it, once and at its beginning;
# 2. a name that doesn't begin with `prefix` stays as it is;
# 3. the order is that of `state`, and each entry holds the tensor that it held;
# 4. if two entries would have the same name, it raises a `ValueError` whose text has that name;
# 5. `state` stays as it is.


# %% solution="strip_prefix"
def strip_prefix(state, prefix):
    """The same entries, with `prefix` off the beginning of their names."""
    ### BEGIN SOLUTION
    stripped = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in stripped:
            raise ValueError(f"two entries would be called {short}")
        stripped[short] = tensor
    return stripped
    ### END SOLUTION


# %% check="strip_prefix"
check(strip_prefix)

# %% [markdown]
# ## 3. A part, with a report and a floor (15 minutes)
#
# You reuse a network for another question. Most of the file should be loaded, and if it isn't, you want to know.
#
# Write `load_partial(model, state, *, at_least)`. An entry *fits* if its name and its shape are the model's.
#
# 1. it copies the values of every entry that fits into the model, buffers included; dtypes stay the model's;
# 2. all other entries of the model stay as they were;
# 3. it returns a dictionary of three lists: `"loaded"`, the names that were loaded, and `"kept"`, the model's other
#    names, both in the model's order; `"unused"`, the names in `state` that were not loaded, in its order;
# 4. if fewer entries fit than the share `at_least` of the model's entries (a number from 0 to 1), it raises a
#    `ValueError` whose text has both counts, how many fit and how many the model has, and the model is as it was;
# 5. the model keeps its own parameters and buffers, and its modes; `state` stays as it is.


# %% solution="load_partial"
def load_partial(model, state, *, at_least):
    """Load what fits, and say what didn't."""
    ### BEGIN SOLUTION
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} entries fit, fewer than {at_least:.0%}")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [name for name in own if name not in fits],
        "unused": [name for name in state if name not in fits],
    }
    ### END SOLUTION


# %% check="load_partial"
check(load_partial)

# %% [markdown]
# ## 4. Mend it: one loader for five broken loads (10 minutes)
#
# `load_with_bugs` should load the files that your team has collected. Each of its five bugs breaks another load.


# %%
def load_with_bugs(model, path):
    content = torch.load(path, weights_only=True)
    state = content["model_state_dict"]
    for prefix in ("module.", "_orig_mod."):
        state = {name.replace(prefix, ""): tensor for name, tensor in state.items()}
    return model.load_state_dict(state, strict=False)


# %% [markdown]
# Write `load_mended(model, path)`, mended. The file holds tensors by name, either as they are or under the key
# `"model_state_dict"`; before all its names may stand `module.` or `_orig_mod.`
# (no part of the model itself is called so).
#
# 1. it puts the file's values into the model, on a machine that lacks the device the file was saved on;
# 2. it takes both sorts of file, with the key and without it;
# 3. it takes the prefix off the beginning of each name, once, and changes nothing in the middle of a name;
# 4. a name that is missing then, or one too many, raises a `RuntimeError` whose text names it;
# 5. it returns the model, with its own parameters and buffers, and its modes as they were.


# %% solution="load_mended"
def load_mended(model, path):
    """Load the file `path` into `model`; return the model."""
    ### BEGIN SOLUTION
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content.get("model_state_dict", content)
    for prefix in ("module.", "_orig_mod."):
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    model.load_state_dict(state)
    return model
    ### END SOLUTION


# %% check="load_mended"
check(load_mended)

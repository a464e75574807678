# %% [markdown]
# Four tasks, one written answer and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded
# until you hand the notebook in, so try as often as you like.

# %%
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from course_lib.checkpoints import inspect_file
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. May I load this? (10 minutes)
#
# Files arrive by mail, and you want to know which of them may be loaded before anybody loads one.
#
# Write `is_safe(path)`, for a `pathlib.Path` of a file that exists. It returns `True` or `False`:
#
# 1. `True` for a file of `torch.save` that asks for nothing but tensors, plain containers, numbers and text, from
#    whatever device;
# 2. `True` for a safetensors file;
# 3. `False` for a file that asks for anything else, at whatever place in it: a call, an object of some class, a whole
#    model;
# 4. `False`, and no error, for what is no checkpoint: a web page, an empty file, half of a file;
# 5. the content decides, whatever the file is called;
# 6. nothing that is in the file is run.


# %% solution="is_safe"
def is_safe(path):
    """Whether loading the file runs nothing."""
    ### BEGIN SOLUTION
    return inspect_file(path).verdict == "good"
    ### END SOLUTION


# %% check="is_safe"
check(is_safe)

# %% [markdown]
# ## 2. Rescue a whole model (15 minutes)
#
# Your predecessor saved whole models. You trust these files, and the code of their time is still there. Your function
# will be run once for each, in a process of its own; afterwards nobody needs to unpickle a class again.
#
# Write `rescue(path, new_path, fields)`; `path` and `new_path` are `pathlib.Path`, `fields` a list of names:
#
# 1. the file `new_path` can be read by `torch.load(new_path, weights_only=True)` and holds a dictionary with two keys,
#    `"config"` and `"state_dict"`;
# 2. under `"state_dict"` is that of the model in `path`: names, values and dtypes as they are;
# 3. under `"config"` is a dictionary with the model's attribute of each name in `fields`, as it is; but in place of a
#    NumPy number stands the Python number that equals it;
# 4. it works on a machine that lacks the device the model was saved on;
# 5. a file that holds anything but an `nn.Module` gets a `TypeError`, and `new_path` is not written;
# 6. the file `path` stays as it is, and no third file is left beside the two.
#
# What it returns doesn't matter.


# %% solution="rescue"
def rescue(path, new_path, fields):
    """Write the state_dict and the config of the whole model in `path` to `new_path`."""
    ### BEGIN SOLUTION
    model = torch.load(path, map_location="cpu", weights_only=False)  # a file that we trust
    if not isinstance(model, nn.Module):
        raise TypeError(f"{path} holds a {type(model).__name__}, and no model")
    config = {name: getattr(model, name) for name in fields}
    for name, value in config.items():
        if type(value).__module__ == "numpy":
            config[name] = value.item()
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)
    ### END SOLUTION


# %% check="rescue"
check(rescue)

# %% [markdown]
# ## 3. Save without a pickle (10 minutes)
#
# Write `save_portable(model, path, config)`; `path` is text or a `pathlib.Path`, with any suffix or none, and `config`
# a dictionary:
#
# 1. afterwards `path` is a safetensors file with every name of the model's state_dict, and its values and dtypes as
#    they are; a file that was there is replaced;
# 2. that holds for tied weights, too: each of their names is in the file;
# 3. and for tensors that aren't contiguous;
# 4. the file's metadata has the config under `"config"`, as JSON text;
# 5. a config that JSON has no form for raises an error, of whatever type; a file that was at `path` is then unchanged,
#    and no new one is there;
# 6. the model keeps its values, dtypes and modes, and no other file is left beside `path`.


# %% solution="save_portable"
def save_portable(model, path, config):
    """Write the tensors of `model` and its config to a safetensors file."""
    ### BEGIN SOLUTION
    text = json.dumps(config)  # first: what it refuses must not cost the old file
    tensors = {name: tensor.contiguous().clone() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata={"config": text})
    ### END SOLUTION


# %% check="save_portable"
check(save_portable)

# %% [markdown]
# ## 4. Mend it: load without a pickle (10 minutes)
#
# `load_portable_with_bugs` worked for its author. Others report a model of the wrong size, one that answers the same
# question differently each time, and that it opens files that no program of ours has written.


# %%
def load_portable_with_bugs(path, build):
    model = build()
    try:
        state = load_file(path)
    except Exception:
        state = torch.load(path, weights_only=False)
    model.load_state_dict(state, strict=False)
    return model


# %% [markdown]
# Write `load_portable(path, build)`, mended; `path` is text or a `pathlib.Path` of a file as task 3 writes it, and
# `build(**config)` returns a new model:
#
# 1. it calls `build` with the file's config as its keyword arguments, and returns the model that `build` made;
# 2. the model has the values in the file;
# 3. every module of it is in eval mode;
# 4. a file with a name missing, or one too many, raises a `RuntimeError` whose text names it;
# 5. a safetensors file without a config in its metadata raises a `ValueError` whose text has the word config in it;
# 6. a file that is no safetensors raises an error, of whatever type, and nothing in it is run, whatever it is called.


# %% solution="load_portable"
def load_portable(path, build):
    """The model that the file's config describes, with the file's values, in eval mode."""
    ### BEGIN SOLUTION
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError(f"{path} has no config in its metadata")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model.eval()
    ### END SOLUTION


# %% check="load_portable"
check(load_portable)

# %% [markdown]
# ## 5. In your own words: model or state_dict? (10 minutes)
#
# A colleague saves `torch.save(model, path)`: "one line to save, one line to load, and the architecture is in it". In
# five to eight sentences, tell her what is in her file and what isn't, name two things that will go wrong with it, one
# of them in silence, and say what to save and how to load it. When would you ship an exported graph in its place?

# %% [markdown] written="model_or_state_dict"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *what and why*: the file holds the class's address and the object's attributes,
# no code; of what goes wrong at least one error (module or class renamed, attribute missing, refused by
# `weights_only=True`) and one silent failure (an edited `forward` on old weights, code that runs at loading). One point
# for *what to do*: state_dict and config, built with `__init__` and loaded strictly, by `weights_only=True` or
# safetensors; a check with saved answers; an exported graph where the other side shall not need the class, with one
# limit of it. Half a point each if a half is thin; no point for "state_dict is best practice" alone.
#
# **Model answer.** Your file doesn't have the architecture in it: it has the address of your class, module and name,
# and the attributes of one object. If you rename the module, it no longer loads. If you edit `forward`, it loads
# without a word and the old weights run your new code; and since `__init__` isn't called, an attribute that you add
# there is missing in every old file. PyTorch refuses it by default, because a file that may ask for your class may ask
# for `exec`, and with `weights_only=False` it runs whatever it says. Save the state_dict and the arguments that build
# the model, for instance as a safetensors file with the config in its metadata; to load it, build the model from the
# config, load strictly, call `eval()`. Save a small batch and its logits along, so that you notice an edited
# `forward`. If the other side shall run the model without your code, export the graph: it survives every edit, but it
# holds pickled parts, so send it to people who have reason to trust you.
# ### END SOLUTION

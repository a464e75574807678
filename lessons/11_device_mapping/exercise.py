# %% [markdown]
# Four tasks and four quiz questions. None of them needs a GPU: the files are tagged as a GPU would tag them, and
# `check(...)` hides a GPU if you have one. `check` tells you at once what it saw; nothing is graded until you hand the
# notebook in.

# %%
import re

import torch
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. The server has no GPU (10 minutes)
#
# The lesson's first question was which call loads a GPU's file without a GPU. Here you answer it with a function, for
# every tag there is.
#
# Write `load_anywhere(path, device="cpu")`:
#
# 1. `path` is a file that `torch.save` wrote: dictionaries and lists with tensors in them, at any depth and under any
#    names, tagged with any device, known here or not;
# 2. it returns the whole content, nested as in the file;
# 3. tensors tagged `cpu` stay on the CPU, whatever they are called;
# 4. all others are on `device`, which is a string or a `torch.device`;
# 5. a file that holds anything but plain data is refused: `torch.load`'s own UnpicklingError comes through, and nothing
#    in the file is executed.
#
# `check` uses the device `meta` as a second device: it has no memory, but tensors on it know where they are. If you
# write a function for `map_location`, `storage.to(...)` doesn't know `meta`;
# `torch.serialization.default_restore_location(storage, "meta")` does.


# %% solution="load_anywhere"
def load_anywhere(path, device="cpu"):
    """The content of a checkpoint; what was not on the CPU is put on `device`."""
    ### BEGIN SOLUTION
    tags = set()
    torch.load(
        path, map_location=lambda storage, tag: (tags.add(tag), storage)[1], weights_only=True
    )
    plan = {tag: str(device) for tag in tags - {"cpu"}}
    return torch.load(path, map_location=plan, weights_only=True)
    ### END SOLUTION


# %% check="load_anywhere"
check(load_anywhere)

# %% [markdown]
# ## 2. A plan for any machine (10 minutes)
#
# The same file goes to a laptop, to a server with one GPU and to one with eight. You want one function that says,
# for each machine, what to pass as `map_location`.
#
# Write `device_plan(tags, devices)`:
#
# 1. `tags` is the set of tags in the file, such as `{"cuda:1", "cpu"}`; `devices` is a list of the devices of the
#    machine, of any makers and in any order, such as `["cpu", "cuda:0"]`, the CPU always among them;
# 2. it returns something that `torch.load` takes as `map_location`: a dictionary, a string or a function;
# 3. tensors whose tag is a device of the machine stay there, those of the CPU too;
# 4. others go to the device of the same kind that stands first in the list, whatever its number; where there is none, to
#    the CPU;
# 5. nothing raises.
#
# `check` loads a file by your plan on several machines. It has no GPU, so it notes where PyTorch would have put each
# tensor. If you return a function, let it return the storage (for the CPU) or `None` (for the place in the tag), or
# ask `torch.serialization.default_restore_location(storage, "cuda:0")`.


# %% solution="device_plan"
def device_plan(tags, devices):
    """A map_location for a file with these tags on a machine with these devices."""
    ### BEGIN SOLUTION
    plan = {}
    for tag in tags:
        same_kind = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        if tag in devices:
            plan[tag] = tag
        elif same_kind:
            plan[tag] = same_kind[0]
        else:
            plan[tag] = "cpu"
    return plan
    ### END SOLUTION


# %% check="device_plan"
check(device_plan)

# %% [markdown]
# ## 3. Mend it: the training that moved (15 minutes)
#
# A training was saved on one machine and goes on on another. `move_training_with_bugs` raises nothing when the new
# machine has only a CPU, and the loss doesn't fall any more. It has three bugs, and each hurts on its own.


# %%
def move_training_with_bugs(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    torch.set_rng_state(checkpoint["rng"])
    model = build_model()
    optimizer = build_optimizer(model.parameters())
    model.load_state_dict(checkpoint["model"], assign=True)
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model.to(device), optimizer


# %% [markdown]
# Write `move_training(path, build_model, build_optimizer, device)`, mended:
#
# 1. the file holds `{"model": ..., "optimizer": ..., "rng": ...}`: two state dicts and `torch.get_rng_state()`. Its tags
#    are those of any device, as a GPU would have left them;
# 2. `build_model()` gives a new model on the CPU and in training mode, `build_optimizer(parameters)` an optimizer with
#    the learning rate that the training began with; `device` is a `torch.device`;
# 3. it returns `(model, optimizer)`, the model on `device` and in training mode, filled from the file;
# 4. the optimizer has the file's state and learning rate, the state beside the parameters it holds (Adam's step counter
#    stays on the CPU);
# 5. the CPU's next random number is the one that would have come next before the save;
# 6. so training goes on as if nothing had happened;
# 7. it works for any device, also where `.to(device)` puts new Parameters into the model, as it does for `meta`.


# %% solution="move_training"
def move_training(path, build_model, build_optimizer, device):
    """Model and optimizer of a saved training, on `device`, ready for the next step."""
    ### BEGIN SOLUTION
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer
    ### END SOLUTION


# %% check="move_training"
check(move_training)

# %% [markdown]
# ## 4. Read the error (10 minutes)
#
# The help desk gets four messages from people who loaded a file without `map_location`. All are in the lesson, word for
# word. You answer them with a function.
#
# Write `read_error(message)`:
#
# | cause | what it says | map_location |
# |---|---|---|
# | `"NO_CUDA"` | the file is a GPU's, and this machine has no GPU | `"cpu"` |
# | `"NO_SUCH_GPU"` | the machine has GPUs, and the one with this number isn't among them | `{"cuda:1": "cuda:0"}`, with the missing number |
# | `"NO_MPS"` | the file is an Apple GPU's | `"cpu"` |
# | `"UNKNOWN_DEVICE"` | nobody here knows a device of that name | `"cpu"` |
#
# 1. it returns a pair `(cause, map_location)`, as in this table;
# 2. `message` is the whole text of the error; versions put other text before and after it, so look for the part that
#    matters;
# 3. for the second cause the key is the GPU of the message, whatever its number, and the value any GPU that is there;
# 4. any other message raises a `ValueError`: one about memory, say, or about an Intel GPU (`XPU`).


# %% solution="read_error"
def read_error(message):
    """The cause of an error of torch.load, and the map_location that mends it."""
    ### BEGIN SOLUTION
    if missing := re.search(r"CUDA device (\d+) but", message):
        return "NO_SUCH_GPU", {f"cuda:{missing[1]}": "cuda:0"}
    if "torch.cuda.is_available() is False" in message:
        return "NO_CUDA", "cpu"
    if "not recognized: mps" in message:
        return "NO_MPS", "cpu"
    if "don't know how to restore data location" in message:
        return "UNKNOWN_DEVICE", "cpu"
    raise ValueError(f"This is not about a missing device: {message}")
    ### END SOLUTION


# %% check="read_error"
check(read_error)

# %% [markdown]
# Four tasks and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded until you hand the
# notebook in, so try as often as you like.

# %%
import copy
import itertools
import random

import numpy as np
import torch

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Everything that makes a run (10 minutes)
#
# A run may have one model or two, a scheduler or none. So you get its objects by name, and the generator of its loader.
#
# Write `capture_state(objects, generator)`:
#
# 1. `objects` is a dictionary of names and objects with a `state_dict()`: models, optimizers, schedulers, scalers, under
#    whatever names. It returns a dictionary; under `"objects"` that has the state_dict of each, under its name;
# 2. under `"generator"` it has the state of `generator`, a `torch.Generator`;
# 3. under `"python"`, `"numpy"` and `"torch"` it has the states of the three global generators of the CPU, as
#    `random.setstate`, `np.random.set_state` and `torch.set_rng_state` take them back;
# 4. `torch.load(path, weights_only=True)` reads what `torch.save` wrote of it;
# 5. it is of this moment: training on and drawing doesn't change it;
# 6. the run goes on as if it had not been captured: no generator moves, no object changes (gradients included), no
#    layer switches its mode.
#
# More entries do no harm: on a machine with a GPU its state belongs there too.


# %% solution="capture_state"
def capture_state(objects, generator):
    """Everything that the run needs to go on exactly, for a file."""
    ### BEGIN SOLUTION
    name, keys, *rest = np.random.get_state()
    state = {
        # a state_dict holds references: without the copy it would follow the training
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),  # the safe loader refuses an array
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state
    ### END SOLUTION


# %% check="capture_state"
check(capture_state)

# %% [markdown]
# ## 2. And back (10 minutes)
#
# Write `restore_state(state, objects, generator)`, for a new process. `state` is what `capture_state` returned, read from
# a file:
#
# 1. each of `objects` gets its state from `state["objects"]`;
# 2. afterwards `generator` and the three global generators stand where they stood;
# 3. that holds too if loading an object draws random numbers from any of them, as one does that builds its layers then;
# 4. `state` stays as it is, also when training goes on, so that it can be used again;
# 5. if the names in `objects` and in `state["objects"]` are not the same, in either direction, an error comes, of whatever
#    type, whose message has a name that is missing, and nothing was changed.
#
# What it returns doesn't matter.


# %% solution="restore_state"
def restore_state(state, objects, generator):
    """Fill all objects and set all generators; or refuse, and change nothing."""
    ### BEGIN SOLUTION
    if different := set(objects) ^ set(state["objects"]):
        raise ValueError(f"only the run or only the file has {sorted(different)}")
    for name, one in objects.items():
        # an optimizer keeps the tensors that it is given, and trains on in them
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    generator.set_state(state["generator"])  # the random states last: loading may draw
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])
    ### END SOLUTION


# %% check="restore_state"
check(restore_state)

# %% [markdown]
# ## 3. The test (15 minutes)
#
# Your team has several resumes, and everybody says that theirs is exact. Write the test that decides,
# `resume_is_exact(start, save, resume, before, after)`. You get three functions:
#
# - `start()` seeds all generators and returns a new run at its beginning, each time alike. A run has `run.train(n)`, which
#   trains `n` batches more and draws from the global generators, and `run.model`;
# - `save(run)` returns the bytes of a checkpoint, and leaves the run and the generators alone;
# - `resume(file)` takes such bytes and returns a run that should go on.
#
# A resume is exact if a run that is saved after `before` batches, resumed and trained `after` batches more ends
# where a run ends that nobody stopped.
#
# 1. It returns `True` for an exact resume, wherever it was stopped, and `False` for another;
# 2. *where it ends* is the whole state of the model, batch norm's statistics and counts too;
# 3. to the last bit;
# 4. and at the end of the `after` batches, as a mistake may take an epoch to show;
# 5. a new process has other random states. Yours is the old one, so a resume that forgets a random state finds it where it
#    was. Between `save` and `resume`, move the global generators of Python, NumPy and PyTorch.


# %% solution="resume_is_exact"
def resume_is_exact(start, save, resume, before, after):
    """Whether a run that is saved and resumed ends where one ends that nobody stopped."""
    ### BEGIN SOLUTION
    unbroken = start()
    unbroken.train(before + after)
    stopped = start()
    stopped.train(before)
    file = save(stopped)
    random.seed(), np.random.seed(), torch.seed()  # a new process stands somewhere else
    resumed = resume(file)
    resumed.train(after)
    expected, got = unbroken.model.state_dict(), resumed.model.state_dict()
    return expected.keys() == got.keys() and all(torch.equal(expected[n], got[n]) for n in got)
    ### END SOLUTION


# %% check="resume_is_exact"
check(resume_is_exact)

# %% [markdown]
# ## 4. Mend it: a resume with three bugs (15 minutes)
#
# A cluster stops this run wherever it is, also in the middle of an epoch. The resume below raises nothing, and yet no
# result can be repeated. It has three bugs.


# %%
def resume_with_bugs(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    torch.set_rng_state(saved["rng"])
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    sgd.load_state_dict(saved["optimizer"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    return model, sgd, schedule, loader


# %% [markdown]
# The file has the state_dicts `"model"`, `"optimizer"` and `"schedule"`; `"rng"`, PyTorch's global random state when
# it was saved; `"order"`, the state of the loader's generator when the interrupted epoch began; `"done"`, how many of its
# batches are done; and `"total"`. The schedule is stepped after every batch.
#
# Write `resume_mended(path, build_model, loader)`. It returns four things:
#
# 1. a model from `build_model()` (fresh, with dropout, in training mode), filled from the file;
# 2. an SGD of its parameters, in the saved state, with the learning rate and the momentum setting of that moment;
# 3. a `OneCycleLR` of this SGD, in the saved state;
# 4. the batches that are left of the interrupted epoch, in that epoch's order, as a list or anything else that a
#    `for` loop reads once.
#
# Moreover:
#
# 5. when those batches have been read, the next epoch of `loader` has the unbroken run's order;
# 6. PyTorch's global generator stands where it stood when the file was written, once the function has returned and also once
#    the batches have been read. (This data set draws nothing.)


# %% solution="resume_mended"
def resume_mended(path, build_model, loader):
    """Model, optimizer, schedule and the rest of the epoch, as if nothing had happened."""
    ### BEGIN SOLUTION
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    # 1: building a schedule sets the learning rate, so it comes before the optimizer is filled
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(
        loader, saved["done"], None
    )  # 2: the order again, without what is done
    torch.set_rng_state(saved["rng"])  # 3: last, as building the model draws
    return model, sgd, schedule, rest
    ### END SOLUTION


# %% check="resume_mended"
check(resume_mended)

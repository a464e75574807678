# %% [markdown]
# Four tasks and four quiz questions. Two of the checks start processes of their own: the first time that takes some
# seconds, afterwards less than two. `check(...)` tells you at once what it saw; nothing is graded until you hand the
# notebook in.

# %%
import json
import os
import warnings

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

from course_lib.classroom import check, check_quiz, hint, solution

warnings.filterwarnings("ignore", message="torch.distributed is disabled")

# %% [markdown]
# ## 1. Who reads what from whom? (10 minutes)
#
# A tensor was saved by `before` ranks and will be loaded by `after` ranks. DCP works out which part comes out of which
# file; here you do.
#
# Write `shard_plan(rows, before, after)`:
#
# 1. before and after, the `rows` rows of the tensor are cut by the rule of the lesson: each rank gets the share rounded
#    up, until none are left;
# 2. it returns a list with one entry for each new rank, in order; each entry is a list itself, empty for a rank that
#    reads nothing;
# 3. in it stands a triple of ints `(old_rank, start, stop)` for each file that the new rank reads from, in rising order:
#    the rows from `start` up to `stop`, which is no longer among them, numbered in the whole tensor;
# 4. no triple is without rows.
#
# For instance, `shard_plan(10, 2, 3)` is `[[(0, 0, 4)], [(0, 4, 5), (1, 5, 8)], [(1, 8, 10)]]`.


# %% solution="shard_plan"
def shard_plan(rows, before, after):
    """For each new rank: which rows it reads out of which old rank's file."""

    ### BEGIN SOLUTION
    def rows_of(rank, ranks):
        each = -(-rows // ranks)
        return min(rank * each, rows), min((rank + 1) * each, rows)

    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            held_from, held_to = rows_of(old, before)
            first, last = max(start, held_from), min(stop, held_to)
            if first < last:
                parts.append((old, first, last))
        plan.append(parts)
    return plan
    ### END SOLUTION


# %% check="shard_plan"
check(shard_plan)

# %% [markdown]
# ## 2. Save it together (20 minutes)
#
# Your training runs on several processes, each of which calls your function after every hundredth step. Whoever finds
# the folder must be able to see that it is finished.
#
# Write `save_sharded(model, optimizer, folder, epoch)`, which every rank calls:
#
# 1. it saves with DCP into `folder`, a `pathlib.Path` that needn't exist yet, the state `{"model": ..., "optimizer": ...,
#    "epoch": ...}`: every rank its part of the model, whatever their number;
# 2. the optimizer's state goes by name, as `get_state_dict` gives it;
# 3. after everything else is written, rank 0 alone writes `complete.json` into the folder, a JSON dictionary with
#    `"ranks"`, the number of processes, and `"files"`, which maps the name of every other file there to its size in bytes;
# 4. when it returns, on any rank, `complete.json` is there;
# 5. if `complete.json` is there at the start, it raises a `FileExistsError` on every rank, and changes nothing;
# 6. it works in one process without a group, too: there `dist.is_initialized()` is False, and `dist.get_rank()` raises.
#
# `dist.barrier()` is a collective call that does nothing but wait until every rank has made it.


# %% solution="save_sharded"
def save_sharded(model, optimizer, folder, epoch):
    """Save a training; every rank calls this. A folder with complete.json is finished."""
    ### BEGIN SOLUTION
    manifest, several = folder / "complete.json", dist.is_initialized()
    if manifest.exists():  # nobody can have written it before the save that all take part in
        raise FileExistsError(f"{folder} is complete already; choose a new folder.")
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        ranks = dist.get_world_size() if several else 1
        aside = folder / "complete.json.tmp"
        aside.write_text(json.dumps({"ranks": ranks, "files": files}))
        os.replace(aside, manifest)
    if several:
        dist.barrier()
    ### END SOLUTION


# %% check="save_sharded"
check(save_sharded)

# %% [markdown]
# ## 3. Mend it: the load that forgets (15 minutes)
#
# The next day another number of processes goes on. `load_resharded_with_bugs` was written by somebody who knows
# `torch.load`. In one process it raises nothing, and the training begins anew in three ways. With several it hangs, or
# the ranks go on with different weights.


# %%
def load_resharded_with_bugs(model, optimizer, folder):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 0}
    epoch = state["epoch"]
    if not dist.is_initialized() or dist.get_rank() == 0:
        dcp.load(state, checkpoint_id=folder)
    return epoch


# %% [markdown]
# Write `load_resharded(model, optimizer, folder)`, mended, which every rank calls:
#
# 1. any number of ranks can load a folder of task 2, whatever the number that saved it; so can one process without a
#    group;
# 2. `model`, sharded as it shall be, has the saved weights afterwards;
# 3. `optimizer`, which may be new, has the saved state and learning rate;
# 4. it returns the saved epoch, on every rank;
# 5. a folder without `complete.json` raises a `FileNotFoundError` on every rank, and nothing of the model is changed;
# 6. if the model lacks a name that the folder has under `"model"`, or the folder one that the model has, it raises a
#    `KeyError`, and nothing of the model is changed.


# %% solution="load_resharded"
def load_resharded(model, optimizer, folder):
    """Load a training into model and optimizer; every rank calls this. Returns the epoch."""
    ### BEGIN SOLUTION
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(f"{folder} has no complete.json: it is not finished.")
    weights, moments = get_state_dict(model, optimizer)
    saved = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    theirs = {name.removeprefix("model.") for name in saved if name.startswith("model.")}
    if differing := sorted(theirs ^ set(weights)):
        raise KeyError(f"Only the folder or only the model has {differing}.")
    state = {"model": weights, "optimizer": moments, "epoch": 0}
    dcp.load(state, checkpoint_id=folder)
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    return state["epoch"]
    ### END SOLUTION


# %% check="load_resharded"
check(load_resharded)

# %% [markdown]
# ## 4. One plain file (15 minutes)
#
# The training is over, and its result goes to people who have never heard of DCP. They call `torch.load`.
#
# Write `to_plain_file(folder, path)`, for one process; both are `pathlib.Path`s, and `folder` comes from task 2:
#
# 1. afterwards `torch.load(path, weights_only=True)` returns a dictionary with `"model"`, `"optimizer"` and `"epoch"`,
#    nested as they were saved;
# 2. its tensors are whole, with the values in the folder;
# 3. there is never half a file at `path`: if writing fails, the error comes through, and what was at `path` before is
#    still there; in no case does another file stay beside it (`path.unlink(missing_ok=True)` deletes one);
# 4. a folder without `complete.json` raises a `FileNotFoundError`, and nothing is written;
# 5. if a file that `complete.json` lists is missing or has another size, it raises a `ValueError`, and nothing is
#    written.


# %% solution="to_plain_file"
def to_plain_file(folder, path):
    """Turn a finished folder into one plain file."""
    ### BEGIN SOLUTION
    manifest = folder / "complete.json"
    if not manifest.exists():
        raise FileNotFoundError(f"{folder} has no complete.json: it is not finished.")
    for name, size in json.loads(manifest.read_text())["files"].items():
        file = folder / name
        if not file.exists() or file.stat().st_size != size:
            raise ValueError(f"{name} is not as it was saved.")
    aside = path.with_name(f"{path.name}.tmp")
    try:
        dcp_to_torch_save(folder, aside)
        with open(aside, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    ### END SOLUTION


# %% check="to_plain_file"
check(to_plain_file)

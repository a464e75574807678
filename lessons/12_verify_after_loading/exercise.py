# %% [markdown]
# Four tasks, one question to answer in words, and four quiz questions. `check(...)` tells you at once what it saw;
# nothing is graded until you hand the notebook in.

# %%
import copy
import hashlib
from pathlib import Path

import torch
from torch import nn

from course_lib.classroom import check, check_quiz, hint, solution
from course_lib.lessons.verify_after_loading.records import patient

# %% [markdown]
# ## 1. The file that was written (10 minutes)
#
# A cluster copies checkpoints overnight. Beside each lies a note, written together with it. In the morning you want to
# know which files are what they were. These are accidents; nobody forges anything.
#
# Write `file_is_intact(path, note)`:
#
# 1. `path` is text or a `pathlib.Path`, `note` a dictionary with the size `note["bytes"]` and the digest `note["sha256"]`
#    in hexadecimal (other entries don't matter). It returns `True` if the file has both, whatever its name and content;
# 2. it returns `False` if the size or the digest isn't what was noted: a bit turned, the end cut off, something appended, empty now,
#    another file of the same size in its place;
# 3. `False`, and no error, if there is no file of that name, or a folder;
# 4. the digest may be noted in small or in capital letters;
# 5. a note without `bytes`, or without `sha256`, proves nothing: an error, of whatever type, even if what is there
#    agrees, or doesn't (where nothing is there, `False` or an error);
# 6. a checkpoint may be larger than the memory: never hold more than 1 MiB of the file at once;
# 7. file and note stay as they are.


# %% solution="file_is_intact"
def file_is_intact(path, note):
    """Whether the file has the size and the SHA-256 that were noted."""
    ### BEGIN SOLUTION
    size, noted = note["bytes"], note["sha256"].lower()
    path = Path(path)
    if not path.is_file() or path.stat().st_size != size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == noted
    ### END SOLUTION


# %% check="file_is_intact"
check(file_is_intact)

# %% [markdown]
# ## 2. Mend it: equal, rounding, or different? (10 minutes)
#
# This function compares the logits of a fixed batch before saving and after loading. It was tried on two examples, and
# said what it should. It has five bugs, and each lets a sick model through or alarms about a healthy one.


# %%
def compare_logits_with_bugs(before, after):
    if all((b == a).all() for b, a in zip(before, after)):
        return "equal"
    difference = (after - before).mean()
    if difference > 0.00001:
        return "different"
    return "rounding"


# %% [markdown]
# Write `compare_logits(before, after)`, mended:
#
# 1. both are tensors of one floating-point dtype, of any shape; it returns `"equal"`, `"rounding"` or `"different"`;
# 2. `"equal"` if they have the same shape and every number is the same, also if there are none;
# 3. `"rounding"` if they aren't equal and no number differs, up or down, by more than 0.00001 times the largest
#    absolute value in `before`;
# 4. `"different"` for everything else,
# 5. so for another shape, even if the numbers agree as far as they go;
# 6. and wherever a number in one of the two is NaN or infinite, even if it is so in both;
# 7. both tensors stay as they are.


# %% solution="compare_logits"
def compare_logits(before, after):
    """What kind of difference there is between two tensors of logits."""
    ### BEGIN SOLUTION
    if before.shape != after.shape:  # 1: zip stopped at the shorter one
        return "different"
    if not (before.isfinite().all() and after.isfinite().all()):  # 2: NaN is above no border
        return "different"
    if torch.equal(before, after):
        return "equal"
    # 3: the largest, no mean; 4: in both directions; 5: relative to the logits
    largest = (after - before).abs().max()
    return "rounding" if largest <= 0.00001 * before.abs().max() else "different"
    ### END SOLUTION


# %% check="compare_logits"
check(compare_logits)

# %% [markdown]
# ## 3. The protocol (15 minutes)
#
# The record comes from before the save, the model from after the load. You say which checks fail.
#
# Write `verify_reload(before, net)`. `before` is a dictionary with `state` (a copy of the state_dict), `training` (the
# flag of each module by its name, `""` for the model itself), `tied` (groups of names that are one parameter, as your
# `tied_names` from the lesson gives them; copy it over), `batch`, and `logits`, which the model gave for that batch in
# eval mode.
#
# | check | it fails if |
# |---|---|
# | `"keys"` | the state_dict has other names |
# | `"shapes"` | a name that both have has another shape |
# | `"dtypes"` | a name that both have has another dtype |
# | `"values"` | a name that both have, with the same shape and dtype, has another number |
# | `"tied"` | the groups are not the recorded ones |
# | `"training"` | the training flags are not the recorded ones |
# | `"logits"` | in eval mode and without gradients the model doesn't give exactly the recorded logits |
#
# 1. It returns a list of the names of the checks that fail, each once, in the order of the table; `[]` if none does;
# 2. `"keys"`: the order of the names doesn't matter;
# 3. `"shapes"`, `"dtypes"`: as in the table, for parameters and buffers;
# 4. `"values"`: parameters and buffers, every number, if by its last bit (no NaN occurs, nor 0 against -0);
# 5. `"tied"`: a tie that was lost and one that is new both count (the recorded groups stand in the model's order);
# 6. `"training"`: any module's flag counts, in either direction;
# 7. `"logits"`: whatever mode the model is in now, it is asked in eval mode; an answer that differs at all fails, and so
#    does a model that raises, whatever the error;
# 8. afterwards the model is as it was, in every flag, buffer, parameter and gradient; `before` too.
#
# (`course_lib.verification.verify_reload` does more of the kind. Write your own.)


# %% solution="verify_reload"
def verify_reload(before, net):
    """The names of the checks that fail, in order."""
    ### BEGIN SOLUTION
    old, new = before["state"], net.state_dict()
    both = [name for name in old if name in new]
    shapes = [name for name in both if old[name].shape != new[name].shape]
    dtypes = [name for name in both if old[name].dtype != new[name].dtype]
    alike = [name for name in both if name not in shapes and name not in dtypes]

    groups = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(parameter), []).append(name)
    tied = [group for group in groups.values() if len(group) > 1]

    flags = {name: module.training for name, module in net.named_modules()}
    try:
        with torch.no_grad():  # a copy answers, so that no flag and no buffer moves
            same_logits = torch.equal(
                copy.deepcopy(net).eval()(before["batch"]), before["logits"]
            )
    except Exception:
        same_logits = False
    failed = {
        "keys": old.keys() != new.keys(),
        "shapes": bool(shapes),
        "dtypes": bool(dtypes),
        "values": not all(torch.equal(old[name], new[name]) for name in alike),
        "tied": sorted(tied) != sorted(before["tied"]),
        "training": flags != before["training"],
        "logits": not same_logits,
    }
    return [name for name, fails in failed.items() if fails]
    ### END SOLUTION


# %% check="verify_reload"
check(verify_reload)

# %% [markdown]
# ## 4. Six sick checkpoints (20 minutes)
#
# Six teams loaded their models, and the figures fell. One more team only thinks so. `patient("A")` to `patient("G")` give
# you two records each, from before saving and from after loading. A record has `state` (the state_dict), `buffers` (which
# of its names are buffers), `training` (a flag for each module), `batch`, and `logits`: what the model **as it stood** gave
# for the batch. Look at them, then write down your rules.

# %%
before, after = patient("A")
for name in before["state"]:
    changed = (before["state"][name] != after["state"][name]).sum().item()
    print(f"{name:28} {changed:3} of {before['state'][name].numel():3} numbers changed")
print("logits", (after["logits"] - before["logits"]).abs().max().item())

# %% [markdown]
# Write `diagnose(before, after)`:
#
# 1. each patient has one disease at the most, and names, shapes and dtypes are always the same; it returns one of the
#    texts below. `check` has these seven, others are tried when it is graded, with other networks and dtypes;
# 2. `"other inputs"`: the batch is not the one before;
# 3. `"still training"`: a module is in training mode that wasn't before (one that no longer is, is no disease);
# 4. `"damaged"`: exactly one number of the whole state has changed, by however much or to NaN, in a parameter or a buffer;
# 5. `"not loaded"`: more numbers have changed, parameters among them;
# 6. `"statistics"`: more than one number has changed, and only in buffers;
# 7. `"other code"`: batch, flags and state are the same, and the logits differ by more than rounding, as in task 2;
# 8. `"healthy"`: nothing of it; the logits may differ by rounding;
# 9. both records stay as they are.


# %% solution="diagnose"
def diagnose(before, after):
    """The disease, or "healthy"."""
    ### BEGIN SOLUTION
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(on and not before["training"][name] for name, on in after["training"].items()):
        return "still training"
    old, new = before["state"], after["state"]
    changed = {name: (old[name] != new[name]).sum().item() for name in old}
    if sum(changed.values()) == 1:
        return "damaged"
    if any(count and name not in before["buffers"] for name, count in changed.items()):
        return "not loaded"
    if any(changed.values()):
        return "statistics"
    different = compare_logits(before["logits"], after["logits"]) == "different"
    return "other code" if different else "healthy"
    ### END SOLUTION


# %% check="diagnose"
check(diagnose)

# %% [markdown]
# ## 5. Ready for production? (5 minutes)
#
# A colleague trained a model that finds tumours: 98 % accuracy on the validation set before saving. After loading on the
# server it has 85 %. He asks whether it can go into production, since "85 is still good, and retraining takes a week".
# Answer in five to eight sentences: is it ready, and why not; what do you check first, and in which order; which numbers
# beside the accuracy do you ask for; and what would convince you.

# %% [markdown] written="ready_for_production"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *the verdict and its reason*: half for not ready, because loading by itself changes
# nothing, so a fall of 13 points says that what answers is not what was validated, be it the model or its inputs (not that
# the model is bad); half for the numbers, as the accuracy doesn't say who pays: recall (missed cancers) and precision (false
# alarms), or the matrix, before and after. One point for *the order and the proof*: half for the order, the cheap and frequent suspects
# first (eval mode; the same examples and preprocessing), then the file (size, digest), the keys (`strict=False`), the tensors
# with the buffers, the code and versions. Other words, another order whose reason is cost or likelihood (the digest first,
# say) and four of these suspects are enough. Half for the proof: equal tensors and equal logits of a fixed batch, up to
# rounding whose cause is named, not an accuracy that is near again. No point at all if the advice is to deploy it, or to
# train again before looking; none for a list of keywords without reasons.
#
# **Model answer.** No. A load doesn't change a model, so 13 points less mean that something else answers than what was
# validated, and the 98 % don't speak for it; nor do the 85, as long as we don't know what it is. Retraining would
# probably change nothing, because the fault is most likely in how it is loaded. I'd first look whether `eval()` was
# called, and whether the server gets the same examples with the same preprocessing: both are free to check and are the
# usual reasons. Then whether it is the right file, whole, by size and SHA-256; whether all keys were loaded or
# `strict=False` hid some; whether all tensors are equal, batch norm's statistics included; and whether code and versions
# are the same. Meanwhile I want recall and precision before and after, since a missed cancer is not a false alarm. I am
# convinced when a fixed batch gives the recorded logits on the server, bit for bit or within rounding whose cause we can
# name, and the 98 % come back on the same examples. (Whether 98 % is good enough for patients is then the next question:
# baseline, data that nobody trained on, costs.)
# ### END SOLUTION

# %% [markdown]
# Four tasks, one question to answer in words, and four quiz questions. `check(...)` tells you at once what it saw;
# nothing is graded until you hand the notebook in, so try as often as you like.

# %%
import os
import secrets
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checkpoints import save_file
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. The old file or the new one (15 minutes)
#
# Your cluster kills jobs without warning, the disk is nearly full, and somebody has put a function into the
# checkpoint. Whatever happens, there must be a checkpoint in the morning.
#
# Write `save_checkpoint(checkpoint, path)`:
#
# 1. `checkpoint` is a dictionary of tensors and plain data, `path` (text or a `pathlib.Path`) a file in a folder that
#    exists; afterwards `torch.load(path, weights_only=True)` gives the dictionary back;
# 2. at every moment the file under that name is the whole old one or the whole new one. So the bytes are first written
#    in the same folder: from another one, perhaps on another disk, a move is a copy;
# 3. all the new bytes are forced to the disk (`os.fsync`) before they take the name;
# 4. if saving fails, or if the file could not be loaded back with `weights_only=True` (a NumPy number anywhere in it is
#    enough), an error comes, of whatever type, and the old file is untouched;
# 5. either way no new file besides `path` is left in the folder;
# 6. all other files that were in the folder stay as they are, whatever their names: somebody else's `last.pt.tmp`, too.
#
# What it returns doesn't matter. (`course_lib.checkpoints.save_file` keeps the same promises. Read it, then write
# your own.)


# %% solution="save_checkpoint"
def save_checkpoint(checkpoint, path):
    """Save `checkpoint` under `path`: whole, on the disk, or not at all."""
    ### BEGIN SOLUTION
    path = Path(path)
    # the same folder, so the same disk, where a rename is one step; a name that nobody else has
    temporary = path.with_name(f"{path.name}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)  # raises if nobody could load it back
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    ### END SOLUTION


# %% check="save_checkpoint"
check(save_checkpoint)

# %% [markdown]
# ## 2. Mend it: a checkpoint every 2 epochs (15 minutes)
#
# This loop trains a network on MNIST, writes a checkpoint every 2 epochs, and goes on from the newest one when it is
# called again. It ran for weeks. Then the machine went down, and it turned out that it can't resume. It has seven
# bugs; one shows only when the file that it was saving is broken.


# %%
def train_with_checkpoints_with_bugs(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    saved = sorted(Path(folder).glob("epoch-*.pt"))
    if saved:
        checkpoint = torch.load(saved[-1], weights_only=True)
        model.load_state_dict(checkpoint["model"])
        start = checkpoint["epoch"]
    for epoch in range(start, epochs):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(np.average(losses, weights=sizes))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch}.pt")
    return history


# %% [markdown]
# Write `train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2)`, mended:
#
# 1. `batches` gives pairs of images (B, 1, 28, 28) and labels (B,), in the same order whenever it is read; the model has
#    no dropout, so nothing is left to chance. It is read once for each epoch that is trained, and each pair is one step;
#    the loss is cross-entropy;
# 2. the model is trained in training mode, whatever mode it came in;
# 3. when `every` epochs are done, and 2 × `every`, and so on, it writes `folder/epoch-002.pt`, `folder/epoch-004.pt`,
#    ...: three digits with the number of epochs that are done (there are fewer than 1,000);
# 4. a file is a dictionary with `epoch` (that number), `model` and `optimizer` (their state_dicts) and `loss`, the mean
#    over the images of that epoch, a plain float; `torch.load(..., weights_only=True)` takes it;
# 5. a file gets its name when it is whole: it is written under another name, then renamed. `save_file` or your
#    `save_checkpoint` do that;
# 6. if there are such files in `folder` when it is called, it goes on from the newest, by the number in its name. One
#    that can't be loaded, because it is empty or breaks off, is passed over for the next older, whatever error
#    `torch.load` raises; if none is good, it starts with epoch 1;
# 7. other files in `folder`, such as `epoch-006.pt.tmp-5e1f` of a killed save, are ignored, and stay;
# 8. `epochs` is how many there are in all, never fewer than in the newest file. At the end the model has the weights
#    that an unbroken run of `epochs` epochs would have given, also where nothing was left to train;
# 9. it returns the list of the mean losses, numbers, of the epochs that it trained in this call.


# %% solution="train_with_checkpoints"
def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    """Train until `epochs` epochs are done, with a checkpoint after each `every` of them. Mean losses of this call."""
    ### BEGIN SOLUTION
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:  # 1: the newest file may be the one that was being saved
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])  # 2: momentum goes on where it was
        start = checkpoint["epoch"]
        break
    for epoch in range(start + 1, epochs + 1):  # 3: the epoch in the file is done
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        # 4: a NumPy number can't be loaded back
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:  # 5: epochs done, counted from 1
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            # 6: zeros, so that names sort like numbers; 7: the whole file or none
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history
    ### END SOLUTION


# %% check="train_with_checkpoints"
check(train_with_checkpoints)

# %% [markdown]
# Here it is on all 3,000 training images of the course's MNIST. Run the cell twice: the second time there is nothing
# left to train. To see it resume, delete the last file, or ask for 8 epochs. (This loader shuffles and `MLP` has dropout,
# so a resumed run takes another path than an unbroken one: clause 8 needs a fixed order and no dropout.)
#
# ```python
# from course_lib.data import batches, mnist
# from course_lib.models import MLP
#
# os.makedirs("mnist_run", exist_ok=True)
# model = MLP(inputs=784, hidden=64)
# optimizer = torch.optim.Adam(model.parameters())
# train_with_checkpoints(model, optimizer, batches(mnist().train, 100, shuffle=True), "mnist_run", epochs=6)
# ```

# %% [markdown]
# ## 3. Choose by validation accuracy, test once (10 minutes)
#
# The number for the paper: the test accuracy of the best epoch, and which epoch that is must be decided without the
# test images.
#
# Write `best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs)`:
#
# 1. it calls `train_epoch(model)`, which trains one epoch in place, `epochs` times (at least once); each call finds the
#    model in training mode;
# 2. after each it measures the accuracy on `validation`, a list of pairs (inputs (B, ...), labels (B,)) with a smaller
#    last batch: the share of right answers among all images, in eval mode; the model returns logits (B, C);
# 3. whenever that is higher than in all epochs before, it writes `path` at once. Of equal epochs the earlier stays;
# 4. the file is a dictionary with `model` (the state_dict), `epoch` (counted from 1) and `val_accuracy` (a plain float),
#    for `torch.load(..., weights_only=True)`;
# 5. after the last epoch it loads that file back into the model;
# 6. it doesn't look at `test`, a list like `validation`, before the last epoch is over; it returns the accuracy there of
#    the model of clause 5, a float.
#
# Whether a save is atomic is not checked here; `save_file` makes it so.


# %% solution="best_by_validation_accuracy"
def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    """Keep the best epoch by validation accuracy in `path`; its test accuracy."""
    ### BEGIN SOLUTION
    from course_lib.evaluation import evaluate  # eval mode, no gradients, every flag put back

    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            save_file(content, path)
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model"])
    return evaluate(model, test).accuracy
    ### END SOLUTION


# %% check="best_by_validation_accuracy"
check(best_by_validation_accuracy)

# %% [markdown]
# ## 4. The callback (15 minutes)
#
# Keras has a callback that saves the model whenever a monitored value improves. Write one for PyTorch, and do better
# where Keras only warns.
#
# Write `model_checkpoint(model, path, *, monitor="val_loss", mode="min")`. It returns an object (a small class of your
# own will do) with a method `on_epoch_end(epoch, logs)` and an attribute `best`:
#
# 1. `logs` is a dictionary of names and numbers, which may be floats, NumPy numbers or tensors of one element. If
#    `logs[monitor]` is strictly better than in all epochs before, less with "min" and more with "max", `on_epoch_end`
#    writes `path` (text or a `pathlib.Path`) at once;
# 2. NaN is never better than anything, and any finite number is better than NaN;
# 3. what it writes is a dictionary with `model` (the state_dict), `epoch` and `logs` as plain floats, for
#    `torch.load(..., weights_only=True)`. The dictionary `logs` stays as it is;
# 4. `on_epoch_end` returns `True` if it saved, else `False`;
# 5. `best` is the best value so far, `None` at first;
# 6. if `monitor` is not in `logs`, an error comes whose message names it, and the file stays as it is;
# 7. a `mode` that is neither "min" nor "max" is an error when the object is made.
#
# Whether a save is atomic is not checked here; `save_file` makes it so.


# %% solution="model_checkpoint"
def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    """A callback that saves `model` to `path` whenever `logs[monitor]` improves."""
    ### BEGIN SOLUTION
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            if monitor not in logs:
                raise KeyError(f"{monitor!r} is not among the logs {sorted(logs)}")
            logs = {name: float(value) for name, value in logs.items()}
            value, best = logs[monitor], self.best
            if best is None:
                better = value == value  # NaN is not equal to itself
            else:
                better = value < best if mode == "min" else value > best
            if better:
                self.best = value
                save_file({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()
    ### END SOLUTION


# %% check="model_checkpoint"
check(model_checkpoint)

# %% [markdown]
# ## 5. Why checkpoint? (5 minutes)
#
# A colleague trains for three days and saves once, at the end: "it has never crashed". In five to eight sentences,
# tell her why to checkpoint, and how. Name at least three things that can go wrong without, say what belongs into the
# file and what it costs, and give her one test that shows that her checkpoints work.

# %% [markdown] written="why_checkpoint"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *why*: at least three distinct reasons, such as a crash or a power cut, being
# preempted or running into a time limit (SIGTERM, then SIGKILL), a later epoch that is worse than an earlier one (the best must be kept), a
# loss that becomes NaN, looking back at or branching off from an earlier epoch. One point for *how*: the file holds
# more than the weights if training is to go on (optimizer, epoch, and for exactness scheduler and random states), it
# is written so that a crash during the save destroys nothing, an interval that weighs the cost of saving against the
# work lost, and a test. Half a point each if one of these halves is thin; no point for "in case of a crash" alone.
#
# **Model answer.** Three days without a crash are luck: a power cut, a full disk, a job that is preempted or reaches
# its time limit costs everything since the last save, here all of it. The last epoch is also seldom the best one, and
# if the loss becomes NaN on the second day only an earlier checkpoint brings you back. So save about every half hour:
# at half a second for a file that costs next to nothing, and a crash loses half an hour of training and no more. The weights are enough
# to use the model; to go on you also need the optimizer's state, the number of epochs done, the scheduler and the
# random states, with the training log beside them. Write to a temporary file, force it to the disk and rename it, so
# that a kill in the middle of saving leaves the file before. Keep the last few and the best one by validation, and a
# copy on another machine. The test: kill the run with `kill -9` while it saves, resume it, and compare with a run that
# was left alone.
# ### END SOLUTION

# %%
import tempfile
from pathlib import Path

import torch
from torch import nn

from course_lib.classroom import begin, finish, predict
from course_lib.data import batches, digits, mnist
from course_lib.evaluation import evaluate
from course_lib.models import MLP
from course_lib.training import fit

begin("checkpointing")
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Why: the save that destroyed the save
#
# A **checkpoint** is a file from which a training run can go on. Here is a training program, as text, because it will run
# as a process of its own. It is given two paths: its data, and where to save. It saves after every epoch, over the same
# file. Its log has a number for each batch, 200,000 of them, as after a few days, so that a save takes a while.

# %%
program = """
import sys, torch
from course_lib.models import MLP
(images, labels), model, log = torch.load(sys.argv[1], weights_only=True), MLP(), [0.0] * 200_000
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(1, 1000):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
    torch.save({"epoch": epoch, "model": model.state_dict(), "log": log}, sys.argv[2])
    print(epoch, flush=True)"""
torch.save(digits().train.tensors, folder / "digits.pt")


# %% [markdown]
# We start it, wait until its first epoch is saved, and kill it when it begins to save again. `kill()` sends SIGKILL (on
# Windows: TerminateProcess), as a cluster does when your time is up, and the system when memory runs out. The process
# can't catch it.


# %%
import shutil
import subprocess
import sys
import time


# %%
def run_and_kill(program, path):
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    command = [sys.executable, "-c", program, str(folder / "digits.pt"), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.readline()  # epoch 1 is saved
    while process.poll() is None and all(file.stat().st_size for file in path.parent.iterdir()):
        time.sleep(0.001)  # until a file has 0 bytes: a save has begun
    process.kill()
    return (said + process.communicate()[0]).split()


# %% tags=["varies"]
last = folder / "plain" / "last.pt"
said = run_and_kill(program, last)
print("saved, said the program: epoch", said[-1])
print("in the file now:", last.stat().st_size, "bytes")
try:
    torch.load(last, weights_only=True)
except EOFError as error:
    print("torch.load raises", type(error).__name__)
assert last.stat().st_size == 0

# %% [markdown]
# The epoch had been saved, and it is gone. After a week it would have been the week. To open a file for writing is to
# empty it: until the last byte is written there is neither the old checkpoint nor the new one.
#
# A crash is the loudest reason to checkpoint. There are quieter ones: the last epoch is often not the best, the loss may
# turn into NaN overnight, and you may want to branch off from Tuesday.

# %% [markdown]
# ## Predict
#
# The remedy is old: write to a temporary file beside it, and give it the name when it is whole. `save_file` does that.
# We change one word in the program and kill it again, in the middle of a save.

# %%
predict(
    "What is in the folder afterwards?",
    [
        "last.pt with 0 bytes: a kill is a kill",
        "last.pt, whole, and nothing else",
        "last.pt, whole, and the beginning of another file",
    ],
)

# %% tags=["varies"]
from course_lib.checkpoints import load_file, save_file

durable = program.replace("torch.save", "save_file")
durable = "from course_lib.checkpoints import save_file" + durable
last = folder / "durable" / "last.pt"
said = run_and_kill(durable, last)
for file in sorted(last.parent.iterdir()):
    print(f"{file.name:26} {file.stat().st_size:9,} bytes")
assert last.stat().st_size > 0
found = load_file(last)["epoch"]
print(f"saved, said the program: epoch {said[-1]}.   in the file: epoch {found}")
assert found >= int(said[-1]) and len(list(last.parent.iterdir())) == 2

# %% [markdown]
# Nothing is lost that the program had reported as saved. The other file is litter; the kill came before it could be
# cleared away.
#
# ## Learn: the old file or the new one
#
# By hand, in three steps: write aside, in the same folder, so on the same disk; force the bytes from memory to the disk
# (`fsync`); rename. `os.replace` swaps the name in one step, so at every moment it belongs to a whole file.


# %%
import os


def save_by_hand(checkpoint, path):
    temporary = path.with_name(path.name + ".tmp")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


save_by_hand({"epoch": 7}, last)
print(load_file(last), "and no .tmp left:", not last.with_name("last.pt.tmp").exists())
assert load_file(last) == {"epoch": 7}

# %% [markdown]
# A kill can't show what `fsync` is for, because the operating system survives it and still writes what it holds. A power
# cut takes that, too. `save_file` also forces the folder to the disk, which holds the name, clears up after an error, and
# refuses what couldn't be loaded back; more of that below.
#
# ## Learn: what belongs in it
#
# To *use* a model you need its weights. To *go on training* you also need the optimizer's state, how many epochs are
# done, the learning-rate scheduler's state if there is one, and the states of the random generators: the loader's, which
# decides the order of the images (`GeneratorState`), and the global ones, from which dropout draws (`RNGState`). Here is
# real work: 3,000 MNIST images to train on, 1,000 for validation, 1,000 for the test.

# %%
from course_lib.checkpoints import CheckpointManager, GeneratorState, ModelCheckpoint, RNGState

splits = mnist()
assert (len(splits.train), len(splits.validation), len(splits.test)) == (3000, 1000, 1000)
train = batches(splits.train, 100, shuffle=True, seed=0)
validation, test = batches(splits.validation, 1000), batches(splits.test, 1000)
model = MLP(inputs=784, hidden=32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
parts = {"model": model, "optimizer": optimizer}
parts |= {"loader": GeneratorState(train.generator), "rng": RNGState()}

# %% [markdown]
# `CheckpointManager` saves all of that together. It keeps the newest two files and the best one, and deletes the
# others. Beside it, the callback `ModelCheckpoint` writes weights to use, every 2 epochs, with version, epoch and
# accuracy in the name. The version is yours to raise, when the network or its data change.

# %%
run = Path(tempfile.mkdtemp(dir=folder))
best_is = {"monitor": "val_accuracy", "mode": "max"}
manager = CheckpointManager(run / "all", parts, keep_last=2, **best_is)
name = str(run / "weights" / "v1-{epoch:03d}-{val_accuracy:.3f}.pt")
every_2 = ModelCheckpoint(name, every_n_epochs=2, **best_is)

# %%
loss_fn, more = nn.CrossEntropyLoss(), {"validation": validation, "progress": False}
if not manager.files:  # an epoch is saved once
    fit(
        model, train, optimizer, loss_fn, epochs=6, manager=manager, callbacks=[every_2], **more
    )
weights = sorted((run / "weights").iterdir())
for file in [*manager.files, *weights]:
    print(f"{file.name:20} {file.stat().st_size:9,} bytes")
assert len(weights) == 3 and 2 <= len(manager.files) <= 3

# %% [markdown]
# A file to resume from is three times as large: Adam keeps two numbers for every weight. The zeros in the names are there
# because files are sorted as text. And the log comes along: every file of the manager has the metrics of all epochs
# before it, also of those whose files are gone.

# %%
assert 2.5 < manager.files[-1].stat().st_size / weights[-1].stat().st_size < 3.5
assert sorted(["epoch-9.pt", "epoch-10.pt"]) == ["epoch-10.pt", "epoch-9.pt"]
for epoch in manager.history:
    print(epoch["step"], {name: round(value, 3) for name, value in epoch["metrics"].items()})
assert len(manager.history) == 6

# %% [markdown]
# ## Learn: last and best
#
# The **last** is for going on. A new process builds the same objects, and `load("last")` fills them. It says which epoch
# is done; `fit` goes on with the next one.

# %%
model = MLP(inputs=784, hidden=32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
parts |= {"model": model, "optimizer": optimizer}
# a copy of the folder, so that this cell can be run again
found = shutil.copytree(run / "all", Path(tempfile.mkdtemp(dir=folder)) / "all")
manager = CheckpointManager(found, parts, keep_last=2, **best_is)
resumed = manager.load("last")
saved = load_file(resumed.path)["objects"]["rng"]["torch"]
assert torch.equal(torch.get_rng_state(), saved)  # dropout's dice, too
log = fit(model, train, optimizer, loss_fn, epochs=8, manager=manager, resume=resumed, **more)
print("resumed after epoch", resumed.step, "  in the log:", [row["epoch"] for row in log])
assert [row["epoch"] for row in log] == list(range(1, 9))

# %% [markdown]
# The **best** is for using. Validation images decide which one that is, and the test images are looked at once, after the
# choice.

# %%
best = manager.load("best", only=["model"])
accuracy = evaluate(model, test).accuracy
chosen_by = best.metrics["val_accuracy"]
print(f"epoch {best.step}: validation {chosen_by:.3f}, test {accuracy:.3f}, guessing 0.100")
assert chosen_by == max(row["val_accuracy"] for row in log) and accuracy > 0.85

# %% [markdown]
# ## Learn: how often
#
# Saving costs time, and a crash costs on average half an interval of work. With a save of *s* seconds and a crash every
# *T* seconds, the sum of both is least at an interval of about √(2sT), as was worked out in 1974.

# %% tags=["varies"]
start, day = time.perf_counter(), 24 * 3600
save_file({name: part.state_dict() for name, part in parts.items()}, folder / "timed.pt")
save_seconds = time.perf_counter() - start
wasted = lambda interval: save_seconds / interval + interval / 2 / day
best_interval = (2 * save_seconds * day) ** 0.5
print(f"a save takes {save_seconds:.3f} s; a crash a day: save every {best_interval:.0f} s")
print(f"and {wasted(best_interval):.3%} of the time is wasted; every hour: {wasted(3600):.3%}")
assert wasted(best_interval) < min(wasted(best_interval / 2), wasted(best_interval * 2))

# %% [markdown]
# ## Learn: damage, and falling back
#
# Disks and copies flip a bit now and then. `torch.load` compares no checksums and loads what is there.

# %%
newest = manager.files[-1]
whole = newest.with_suffix(".whole")
if not whole.exists():  # run again, a second flip would mend the file
    shutil.copy(newest, whole)
data = bytearray(whole.read_bytes())
data[len(data) // 2] ^= 0b0100_0000  # turns over one bit
newest.write_bytes(data)
try:
    print("torch.load takes it: step", torch.load(newest, weights_only=True)["step"])
except Exception as error:
    raise AssertionError("torch.load noticed the damage") from error

# %%
from course_lib.checkpoints import check_file
from course_lib.errors import DamagedFileError

try:
    check_file(newest)
except DamagedFileError as error:
    print("check_file raises DamagedFileError:", str(error).partition("pt: ")[2])
else:
    raise AssertionError("the damage went unnoticed")

# %% [markdown]
# `manager.load` checks, warns, and takes the newest file that is good. That is why one keeps more than one.

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    fallen = manager.load("last")
assert fallen.step == 7 and len(caught) == 1
print(len(caught), "warning, file left out:", fallen.skipped[0][0].name)
print("back at epoch", fallen.step, "of 8")

# %% [markdown]
# ## Learn: away from this machine
#
# A checkpoint on the disk of the machine that dies is a checkpoint lost. The manager takes any URL that the library
# fsspec understands: `s3://bucket/run`, `gs://...`, `sftp://...`. Here it is `memory://`, which needs no account.

# %%
remote = CheckpointManager("memory://bucket/mnist-v1", parts, **best_is)
if not remote.files:  # a step is saved once
    remote.save(fallen.step, fallen.metrics)
print(remote.files)
assert remote.load("last").step == 7

# %% [markdown]
# ## Trace
#
# Twelve epochs in the life of a checkpoint folder: what is written, what is deleted, which one is best, which one last.
# In the eighth the process is killed, and later a bit flips. The run was made when this cell ran.

# %%
from course_lib.lessons.checkpointing import trace_folder

trace_folder()

# %% [markdown]
# ## Explore
#
# Now you choose the moment. The slider moves the kill; the buttons say how it was saved, how often, and what was in the
# file. First look for settings that never lose more than one finished epoch, wherever the kill comes. Then for those that
# end exactly where the unbroken run ends.

# %%
from course_lib.lessons.checkpointing import crash

crash()

# %% [markdown]
# Without random states the resumed run takes another path. That has a lesson of its own, on exact resuming.

# %% [markdown]
# ## Break it: a typo turns the best into the last
#
# Keras' `ModelCheckpoint(monitor="val_loss", save_best_only=True)` does what ours does. If the monitored value isn't in
# the logs, it warns, in the middle of a long output, and saves anyway (so in version 3.15). Imitated in a few lines:


# %%
class LikeKeras:
    def __init__(self, monitor):
        self.monitor, self.best, self.kept = monitor, float("inf"), None

    def on_epoch_end(self, epoch, logs):
        value = logs.get(self.monitor)
        # None: Keras says "Can save best model only with val_los available."
        if value is None or value < self.best:
            self.best, self.kept = value, epoch


# %%
few = torch.utils.data.TensorDataset(*(tensor[:60] for tensor in digits().train.tensors))
torch.manual_seed(0)
small = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
fast = torch.optim.Adam(small.parameters(), lr=0.1)
more = {"validation": batches(digits().validation, 360), "progress": False}
log = fit(small, batches(few, 10), fast, loss_fn, epochs=12, **more)
losses = [row["val_loss"] for row in log]

# %%
for monitor in ("val_loss", "val_los"):
    callback = LikeKeras(monitor)
    for row in log:
        callback.on_epoch_end(row["epoch"], row)
    loss = losses[callback.kept - 1]
    print(f"monitor={monitor!r:10} keeps epoch {callback.kept:2}, val_loss {loss:.2f}")
assert callback.kept == 12 and losses[-1] > 1.05 * min(losses)

# %% [markdown]
# One letter, and the "best" model is the last one. The guard is to raise, and before the first epoch rather than after
# it.

# %%
try:
    ModelCheckpoint(folder / "best.pt", monitor="val_los", save_best_only=True)
except ValueError as error:
    print(error)
else:
    raise AssertionError("the typo went unnoticed")

# %% [markdown]
# ## Break it: one NumPy number
#
# A checkpoint with the mean of some losses. Saving it works, every epoch, for days.

# %%
import pickle

import numpy as np

torch.save({"model": model.state_dict(), "loss": np.mean([0.31, 0.29])}, folder / "numpy.pt")
try:
    torch.load(folder / "numpy.pt", weights_only=True)
except pickle.UnpicklingError as error:
    print([line for line in str(error).splitlines() if "Unsupported global" in line][0][:110])
else:
    raise AssertionError("it loaded")

# %% [markdown]
# `np.mean` returns a NumPy scalar, and the safe loader, the default since PyTorch 2.6, refuses the whole file, weights
# and all. Write `float(...)`. The guard is a save that refuses while you are still there:

# %%
try:
    save_file({"model": model.state_dict(), "loss": np.mean([0.31, 0.29])}, folder / "numpy.pt")
except ValueError as error:
    print(error)
else:
    raise AssertionError("it saved")


# %% [markdown]
# ## Break it: saved while training goes on
#
# To save time, somebody saves in a background thread while the next steps run. A state_dict holds references, so the file
# gets whatever is in the weights when their turn comes. A thread does that by chance; this slow disk does it every time,
# with a training step between two writes. Each "weight" simply counts the steps.


# %%
import copy
import io

counting = {f"layer {i}": torch.zeros(1000) for i in range(4)}


class SlowDisk(io.BytesIO):
    def write(self, data):
        for weight in counting.values():
            weight += 1  # meanwhile, a training step
        return super().write(data)


# %%
def steps_in_the_file(state):
    disk = SlowDisk()
    for weight in counting.values():
        weight.zero_()
    torch.save(state, disk)
    disk.seek(0)
    return [int(weight[0]) for weight in torch.load(disk, weights_only=True).values()]


mixed, copied = steps_in_the_file(counting), steps_in_the_file(copy.deepcopy(counting))
print("references:", mixed, "  a copy made first:", copied)
assert len(set(mixed)) > 1 and len(set(copied)) == 1

# %% [markdown]
# The first file holds a model that never existed, and loads without complaint. The guard is a copy before the thread
# starts (`copy.deepcopy`, or to the CPU from a GPU), and only then the slow disk.
#
# ## Break it: an epoch too many
#
# A widespread recipe saves epoch, model, optimizer and loss at the end of an epoch, and resumes with
# `range(checkpoint["epoch"], epochs)`.

# %%
trained = []
for epoch in range(4):  # and here it is killed
    trained.append(epoch)
    checkpoint = {"epoch": epoch}
for epoch in range(checkpoint["epoch"], 6):
    trained.append(epoch)
print("six epochs were asked for, and these were trained:", trained)
assert trained.count(3) == 2 and len(trained) == 7

# %% [markdown]
# The epoch in the file is done. Resume at `checkpoint["epoch"] + 1`, or save how many epochs are done, counted from 1, as
# the manager does: the number in the name, in the log and in your head are then the same.
#
# ## Recap
#
# **Write aside, force to disk, rename; keep the last few and the best; and kill your own run once, to see.**
#
# | Do | Don't | Why |
# |---|---|---|
# | temporary file, `fsync`, `os.replace` | `torch.save` over the only checkpoint | a kill leaves 0 bytes |
# | model, optimizer, scheduler, epoch, random states, log | weights alone, if you want to go on | the run takes another path |
# | raise if `monitor` is missing | warn and save | a typo turns best into last |
# | `float(loss)` | NumPy scalars in a checkpoint | the whole file can't be loaded |
# | copy, then save in the background | save references while training | the file mixes steps |
# | keep two or more, check when loading | keep one, trust it | a flipped bit loads in silence |
# | `epoch-007`, `v2`, a second place | `model_final_new.pt`, one disk | names sort as text, disks die |
#
# Read more: the documentation of
# [`torch.save`](https://docs.pytorch.org/docs/stable/generated/torch.save.html) and
# [saving a general checkpoint](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html), Keras'
# [ModelCheckpoint](https://keras.io/api/callbacks/model_checkpoint/), and
# [ensuring data reaches disk](https://lwn.net/Articles/457667/).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("checkpointing")

# %%
mastery_test("checkpointing")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: write a save that survives a crash and a full disk, mend a training loop that can't
# resume, keep the best epoch by validation accuracy, write the callback, and say why to checkpoint at all.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("checkpointing")

# %%
finish("checkpointing")

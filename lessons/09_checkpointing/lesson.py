# %%
import os
import shutil
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits, mnist

begin("checkpointing")
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Why: the save that destroyed the save
#
# A **checkpoint** is a file from which a training run can go on. Here is a training program as text, because it will run
# as a process of its own. It gets two paths, of its data and of its checkpoint, and saves over the same file after every
# epoch. Its log has 200,000 numbers, as after a few days, so that a save takes a while.

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

# %% [markdown]
# `run_and_kill` (of this lesson) starts it, waits until an epoch is saved and the next save has begun, and kills it:
# SIGKILL, which a process can't catch. We chose the moment, when the file has 0 bytes. Over months, chance does.

# %% tags=["varies"]
from course_lib.lessons.checkpointing import run_and_kill

last = folder / "plain" / "last.pt"
said = run_and_kill(program, last)
print(f"saved, said the program: epoch {said}.  In the file now: {last.stat().st_size} bytes")
try:
    torch.load(last, weights_only=True)
except EOFError as error:
    print("torch.load raises", type(error).__name__)
assert said >= 1 and last.stat().st_size == 0

# %% [markdown]
# An epoch had been saved, and it is gone. After a week it would have been the week. Opening a file for writing
# empties it: until the last byte is written there is neither the old checkpoint nor the new one.
#
# There are quieter reasons to checkpoint: the last epoch is often not the best, the loss may turn into NaN
# overnight, and you may want to branch off from Tuesday.
#
# ## Learn: what belongs in it
#
# First by hand: a small network, Adam, and batches in a fixed order, so that nothing is left to chance.


# %%
images, labels = digits().train.tensors


def build():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.optim.Adam(model.parameters(), lr=0.01)


# %%
def train(model, optimizer, epochs):
    for _ in epochs:
        for x, y in zip(images.split(100), labels.split(100), strict=True):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()


# %% [markdown]
# Three epochs, a checkpoint, three more: this is the run that nobody interrupts.

# %%
unbroken, optimizer = build()
train(unbroken, optimizer, range(1, 4))
checkpoint = {"epoch": 3, "model": unbroken.state_dict(), "optimizer": optimizer.state_dict()}
torch.save(checkpoint, folder / "by_hand.pt")
train(unbroken, optimizer, range(4, 7))

# %% [markdown]
# Now imagine that the process died after the save. A new one builds the same objects, fresh, and fills **both** from the
# file. Epoch 3 is done, so the next is 4.


# %%
def apart(a, b):
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return max((p - q).abs().max().item() for p, q in pairs)


model, optimizer = build()
checkpoint = torch.load(folder / "by_hand.pt", weights_only=True)
model.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
train(model, optimizer, range(checkpoint["epoch"] + 1, 7))
print("resumed and unbroken differ by", apart(model, unbroken))
assert apart(model, unbroken) == 0

# %% [markdown]
# Not a bit is different. Adam keeps two running averages for each weight, and a new one has
# none. Leave it out, and nothing is raised.

# %%
print("Adam's state of one tensor:", list(checkpoint["optimizer"]["state"][0]))
model, optimizer = build()
model.load_state_dict(checkpoint["model"])
train(model, optimizer, range(4, 7))
print(f"without the optimizer's state: up to {apart(model, unbroken):.3f} apart")
assert apart(model, unbroken) > 0.01

# %% [markdown]
# ### Your turn
#
# Some runs have a **scheduler**, which changes the learning rate from epoch to epoch. It counts the epochs, so it has a
# state_dict too. Write `go_on(path, net, sgd, schedule)`. The file was saved as
# `{"net": ..., "sgd": ..., "schedule": ..., "epochs_done": n}`, with three state_dicts:
#
# 1. it fills the network from the file,
# 2. and the optimizer,
# 3. and the scheduler;
# 4. it returns the number of the next epoch, counted from 1.


# %% turn="go_on"
def go_on(path, net, sgd, schedule):
    """Fill all three from the file; the epoch to go on with."""
    ### BEGIN SOLUTION
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return saved["epochs_done"] + 1
    ### END SOLUTION


# %%
check(go_on)

# %% [markdown]
# ## Learn: what is drawn at random
#
# Dropout and shuffling draw random numbers. A random generator has a **random state**: where it stands. Save it, put it
# back, and the same numbers come again.

# %%
state = torch.get_rng_state()
first = torch.rand(3)
torch.set_rng_state(state)
again = torch.rand(3)
print(first.tolist(), again.tolist(), sep="\n")
assert torch.equal(first, again) and not torch.equal(torch.rand(3), first)

# %% [markdown]
# A shuffling loader may have a generator of its own, as that of `batches` has. It is seeded once and moves on with every
# epoch. A resumed program seeds it again, and what comes is the order of epoch 1.


# %%
def orders(seed, epochs):
    data = torch.utils.data.TensorDataset(torch.arange(6))
    loader = batches(data, 6, shuffle=True, seed=seed)
    return [x.tolist() for _ in range(epochs) for (x,) in loader]


one, two = orders(seed=0, epochs=2)
resumed = orders(seed=0, epochs=1)[0]  # a new process, for epoch 2
print("epoch 1:", one, "  epoch 2:", two, "  resumed, epoch 2:", resumed)
assert resumed == one != two

# %% [markdown]
# ### Your turn
#
# A `torch.Generator` of your own has `get_state()` and `set_state(state)`. Write `look_ahead(generator, n)`:
#
# 1. it returns what `torch.randperm(n, generator=generator)` will give next,
# 2. and leaves the generator where it stands, so that it still gives that next.


# %% turn="look_ahead"
def look_ahead(generator, n):
    """The next permutation of n that this generator will give, without using it up."""
    ### BEGIN SOLUTION
    state = generator.get_state()
    order = torch.randperm(n, generator=generator)
    generator.set_state(state)
    return order
    ### END SOLUTION


# %%
check(look_ahead)

# %% [markdown]
# ## Predict
#
# Back to the file that lost everything. The remedy is old: write to a temporary file beside it, and give it the name when
# it is whole. The course's `save_file` does that. We put it in the place of `torch.save`, and kill the program again.

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
assert found >= said >= 1 and len(list(last.parent.iterdir())) == 2
came_out(f"last.pt, whole, with epoch {found} (reported: {said}), and the beginning of another")

# %% [markdown]
# Nothing is lost that the program had reported. The other file is litter: the kill left no time to clear it away.
#
# ## Learn: the old file or the new one
#
# We call such a save **durable**. By hand it has four steps: write to another name, in the same folder, so on the same
# disk; `flush()` what Python holds to the operating system; `os.fsync` forces it from there to the disk; and `os.replace`
# swaps the name in one step, which it can't from one disk to another. If something fails on the way, `finally` clears up.
# (The temporary name ends in the number of the process, so that two programs don't share one.)


# %%
def save_by_hand(checkpoint, path):
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% [markdown]
# We let the save fail in the middle: a function can't be saved.

# %%
save_by_hand({"epoch": 7}, last)
unsaveable = {"epoch": 8, "rate": lambda epoch: 0.1}
try:
    save_by_hand(unsaveable, last)
except Exception as error:
    print(type(error).__name__, "and the file holds", load_file(last))
assert load_file(last) == {"epoch": 7} and not list(last.parent.glob(f"*-{os.getpid()}"))

# %% [markdown]
# A kill can't show what `fsync` is for: the operating system survives it and still writes what it holds. A power cut
# loses what it held. We can't execute one; the system's manual says so
# ([fsync](https://man7.org/linux/man-pages/man2/fsync.2.html)). `save_file` also forces the folder to the disk, which
# holds the name.
#
# ### Your turn
#
# The log deserves the same care. Write `save_log(text, path)`, with `path` a `pathlib.Path`:
#
# 1. afterwards the file holds the text, in UTF-8;
# 2. the file under that name is the whole old one or the whole new one at every moment, so it is written in the same
#    folder first;
# 3. the bytes are flushed and forced to the disk before they take the name;
# 4. if the text can't be written (half of an emoji, `"\ud83d"`, can't), the error comes through, the old file is as it
#    was, and no other file is left.


# %% turn="save_log"
import os


def save_log(text, path):
    """Write `text` to `path`: the old file or the new one, at every moment."""
    ### BEGIN SOLUTION
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    ### END SOLUTION


# %%
check(save_log)

# %% [markdown]
# ## Learn: a warning before the kill
#
# Clusters ask before they kill: Slurm sends **SIGTERM**, and SIGKILL some seconds later
# ([KillWait](https://slurm.schedmd.com/slurm.conf.html)). A program can catch SIGTERM. The handler only makes a note; the
# loop saves when its epoch is done, and leaves.

# %%
polite = """
import signal, sys, time
from course_lib.checkpoints import save_file
asked = []
signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
print("training", flush=True)
for epoch in range(1, 6000):
    time.sleep(0.01)  # an epoch
    if asked:
        save_file({"epoch": epoch}, sys.argv[2])
        print("asked to stop; saved epoch", epoch)
        break"""

# %% [markdown]
# `run_and_stop` sends it SIGTERM; then again to a program without that line.

# %% tags=["varies"]
from course_lib.lessons.checkpointing import run_and_stop

if os.name == "posix":  # Windows has no SIGTERM that another process could catch
    stopped = folder / "stopped" / "last.pt"
    status, said = run_and_stop(polite, stopped)
    print("exit status", status, said)
    assert status == 0 and said[-1].endswith(f"epoch {load_file(stopped)['epoch']}")
    deaf = "\n".join(line for line in polite.splitlines() if "signal.SIGTERM" not in line)
    status, said = run_and_stop(deaf, stopped)
    print("exit status", status, said)
    assert status != 0 and not stopped.exists()

# %% [markdown]
# So catch SIGTERM where you can, and rely on the file alone where you can't: SIGKILL can't be caught
# ([signal](https://man7.org/linux/man-pages/man7/signal.7.html)).
#
# ## Learn: a manager for all of it
#
# Real work: 3,000 MNIST images to train on, 1,000 for validation, 1,000 for the test. `fit` trains as before.
# `CheckpointManager` saves and loads everything that it is given by name. `GeneratorState` and `RNGState` give the random
# states a state_dict: a loader's, and the global ones.

# %%
from course_lib.checkpoints import CheckpointManager, GeneratorState, ModelCheckpoint, RNGState
from course_lib.models import MLP
from course_lib.training import fit

splits = mnist()
assert [len(s) for s in (splits.train, splits.validation, splits.test)] == [3000, 1000, 1000]
train_batches = batches(splits.train, 100, shuffle=True, seed=0)
validation, test = batches(splits.validation, 1000), batches(splits.test, 1000)


# %%
def new_process():
    torch.manual_seed(0)
    train_batches.generator.manual_seed(0)
    model = MLP(inputs=784, hidden=64, dropout=0.2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loader = GeneratorState(train_batches.generator)
    return {"model": model, "optimizer": optimizer, "loader": loader, "rng": RNGState()}


def fit_on(parts, epochs, **options):
    model, optimizer, loss_fn = parts["model"], parts["optimizer"], nn.CrossEntropyLoss()
    options |= {"validation": validation, "progress": False}
    return fit(model, train_batches, optimizer, loss_fn, epochs=epochs, **options)


# %% [markdown]
# The manager keeps the newest two files and the best one, and deletes the others. A **callback** is an object whose
# methods a training loop calls, here after each epoch: `ModelCheckpoint` writes weights to use, every 2 epochs, with
# version, epoch and accuracy in the name. You raise the version when the network or its data change.

# %%
run = Path(tempfile.mkdtemp(dir=folder))
parts, best_is = new_process(), {"monitor": "val_loss", "mode": "min"}
manager = CheckpointManager(run / "all", parts, keep_last=2, **best_is)
name = str(run / "weights" / "v1-{epoch:03d}-{val_accuracy:.3f}.pt")
every_2 = ModelCheckpoint(name, every_n_epochs=2)
log = fit_on(parts, 6, manager=manager, callbacks=[every_2])
weights = sorted((run / "weights").iterdir())
for file in [*manager.files, *weights]:
    print(f"{file.name:20} {file.stat().st_size:9,} bytes")
assert len(weights) == 3 and 2 <= len(manager.files) <= 3
assert 2.5 < manager.files[-1].stat().st_size / weights[-1].stat().st_size < 3.5

# %% [markdown]
# The manager counts *steps*, whatever a step is; `fit` saves once per epoch, so step 5 is epoch 5. A file to go on from is
# about three times as large, as Adam keeps two numbers for every weight. The zeros are there because names are sorted as
# text. The log comes along, also of epochs whose files are gone.

# %%
assert sorted(["epoch-9.pt", "epoch-10.pt"]) == ["epoch-10.pt", "epoch-9.pt"]
for entry in manager.history:
    print("epoch", entry["step"], {k: round(v, 3) for k, v in entry["metrics"].items()})
assert len(manager.history) == 6 > len(manager.files)

# %% [markdown]
# ## Learn: last and best
#
# The **last** is for going on. A new process builds the same objects, and `load("last")` fills all of them; `fit` and the
# manager's log go on with the next epoch. (It works on a copy of the folder, so that the cell can run twice.)

# %%
parts = new_process()
copied = shutil.copytree(run / "all", Path(tempfile.mkdtemp(dir=folder)) / "all")
manager = CheckpointManager(copied, parts, keep_last=2, **best_is)
resumed = manager.load("last")
dice = load_file(resumed.path)["objects"]["rng"]["torch"]
assert torch.equal(torch.get_rng_state(), dice)  # dropout goes on where it was
log = fit_on(parts, 8, manager=manager, resume=resumed)
print("resumed after epoch", resumed.step, "  in the log:", [row["epoch"] for row in log])
assert resumed.step == 6 and [row["epoch"] for row in log] == list(range(1, 9))

# %% [markdown]
# The **best** is for using. Validation images decide which one that is, and the test images are looked at once, after the
# choice. `evaluate` measures in eval mode, without gradients.

# %%
from course_lib.evaluation import evaluate

best = manager.load("best", only=["model"])
accuracy = evaluate(parts["model"], test).accuracy
losses = [row["val_loss"] for row in log]
print(f"val_loss by epoch: {[round(loss, 3) for loss in losses]}")
print(f"best: epoch {best.step};  its test accuracy {accuracy:.3f}, guessing 0.100")
assert best.step == losses.index(min(losses)) + 1 < 8 and accuracy > 0.85

# %% [markdown]
# One value spoils a search for the best. Comparisons with NaN are False, in both directions: a NaN that gets in first
# stays the best for ever.

# %%
import math

nan, best_loss = math.nan, None
for loss in [nan, 0.5, 0.3]:
    if best_loss is None or loss < best_loss:
        best_loss = loss
print("the best of nan, 0.5 and 0.3:", best_loss, "  asked with isnan:", math.isnan(best_loss))
assert math.isnan(best_loss) and not (nan < 1 or nan > 1 or nan == nan)

# %% [markdown]
# ## Learn: how often
#
# A save costs time, and a crash costs the work since the last one: half an interval on average, as it comes at any
# moment. A known rule puts the best interval at about √(2 · save · crash_every): 100 seconds, if a save takes one and a
# crash comes every 5,000. `time_wasted` lives through 20,000 crashes. Each line tries a quarter of the rule's interval,
# half of it, the rule, twice and four times as much.

# %%
from course_lib.lessons.checkpointing import time_wasted

lost = torch.rand(100_000, generator=torch.Generator().manual_seed(0)) * 5000 % 100
print(f"saved every 100 s, crashed at 100,000 moments: {lost.mean():.1f} s lost on average")
assert 49 < lost.mean() < 51
for save, crash_every in [(1, 5000), (2, 10_000), (0.5, 400)]:
    rule, times = (2 * save * crash_every) ** 0.5, (0.25, 0.5, 1, 2, 4)
    waste = [time_wasted(rule * t, save=save, crash_every=crash_every) for t in times]
    print(f"rule {rule:3.0f} s, wasted:", "  ".join(f"{w:.1%}" for w in waste))
    assert min(waste) == waste[2]

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

# %% [markdown]
# `check_file` compares them.

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
# `manager.load` checks, warns, and takes the newest file that is good: newest by its number.

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    fallen = manager.load("last")
assert fallen.step == 7 and len(caught) == 1
print(len(caught), "warning, file left out:", fallen.skipped[0][0].name)
print("back at epoch", fallen.step, "of 8")

# %% [markdown]
# By hand it is a loop over the files, the highest number first, with a `try` around the loading. Catch `Exception`: a file
# that breaks off raises now this, now that.

# %%
kinds, pieces = set(), whole.read_bytes()
for size in (0, 1, 1000, len(pieces) // 2):
    (folder / "piece.pt").write_bytes(pieces[:size])
    try:
        torch.load(folder / "piece.pt", weights_only=True)
    except Exception as error:
        kinds.add(type(error).__name__)
print(sorted(kinds))
assert {"EOFError", "RuntimeError"} < kinds

# %% [markdown]
# ## Learn: away from this machine
#
# A checkpoint on the disk of the machine that dies is lost with it. The library **fsspec** opens files on other machines
# by an address, such as `s3://bucket/run`, where a bucket is the place that you rent for files. The manager takes such an
# address for a folder. Here it is `memory://`, which needs no account.

# %%
remote = CheckpointManager("memory://bucket/mnist-v1", parts, **best_is)
if not remote.files:  # an epoch is saved once
    remote.save(7, {"val_loss": losses[6]})
print(remote.files)
assert remote.load("last").step == 7

# %% [markdown]
# ## Trace
#
# Twelve epochs in the life of a checkpoint folder: what is written, what is deleted, which one is best, which one last.
# In the eighth the process is killed, and later a bit flips.

# %%
from course_lib.lessons.checkpointing import trace_folder

trace_folder()

# %% [markdown]
# ## Explore
#
# The slider moves the kill; the buttons say how it was saved, how often, and what was in the file. First look for settings that never lose more than one finished epoch, wherever the kill comes. Then for those that
# end exactly where the unbroken run ends.

# %%
from course_lib.lessons.checkpointing import crash

crash()

# %% [markdown]
# A later lesson is about exact resuming.

# %% [markdown]
# ## Break it: a typo turns the best into the last
#
# Keras has a callback, `ModelCheckpoint(monitor="val_loss", save_best_only=True)`. What if the monitored name isn't in the
# logs? Version 3.15 raises, unless you also gave `mode="min"`: then it warns, in the middle of a long output, and saves.
# Imitated with that mode:

# %%
kept = []
for monitor in ("val_loss", "val_los"):
    best_loss = math.inf
    for row in log:
        value = row.get(monitor)
        # None: Keras warns "Can save best model only with val_los available.", and saves
        if value is None or value < best_loss:
            best_loss, epoch = value, row["epoch"]
    print(f"{monitor!r:10} keeps epoch {epoch}, with val_loss {losses[epoch - 1]:.3f}")
    kept.append(epoch)
assert kept == [losses.index(min(losses)) + 1, 8] and losses[7] > 1.05 * min(losses)

# %% [markdown]
# One letter, and the "best" model is the last one. The guard is to raise, best before the first epoch, as the course's
# callback does.

# %%
try:
    ModelCheckpoint(folder / "best.pt", monitor="val_los", mode="min", save_best_only=True)
except ValueError as error:
    print(error)
else:
    raise AssertionError("the typo went unnoticed")

# %% [markdown]
# ## Break it: one NumPy number
#
# A checkpoint with the mean of some losses can be saved, every epoch, for days, but not loaded: `np.mean` returns a
# NumPy scalar, and `weights_only=True` refuses the whole file, weights and all. What else does it refuse?

# %%
import pickle
from collections import OrderedDict

import numpy as np

saved, refused = {"model": model.state_dict(), "loss": np.mean([0.31, 0.29])}, []
for value in [0.5, {"a": [1, (2, "b")]}, OrderedDict(a=1), saved, np.ones(1), Path("data")]:
    torch.save(value, folder / "value.pt")
    try:
        torch.load(folder / "value.pt", weights_only=True)
    except pickle.UnpicklingError as error:
        refused.append(str(error).partition("Unsupported global: GLOBAL ")[2].split()[0])
print("refused:", refused)
assert len(refused) == 3 and "scalar" in refused[0]

# %% [markdown]
# It takes tensors, numbers, text, and dictionaries, lists and tuples of them. Write `float(...)` around a NumPy number, and
# save with something that refuses what can't be loaded:

# %%
save_file({**saved, "loss": float(saved["loss"])}, folder / "numpy.pt")
try:
    save_file(saved, folder / "numpy.pt")
except ValueError as error:
    print(error)
else:
    raise AssertionError("it saved")
assert load_file(folder / "numpy.pt")["loss"] == 0.3

# %% [markdown]
# ## Break it: saved while training goes on
#
# To save time, somebody saves in a background **thread**, a part of the program that runs beside the rest. A state_dict
# holds references, so the file gets what is in each weight when its turn comes. `steps_in_the_file` imitates a slow disk,
# while training goes on; each weight simply counts the steps.

# %%
import copy

from course_lib.lessons.checkpointing import steps_in_the_file

counting = {f"layer {i}": torch.zeros(1000) for i in range(4)}
mixed = steps_in_the_file(counting, to_save=counting)
safe = steps_in_the_file(counting, to_save=copy.deepcopy(counting))
print("references:", mixed, "  a copy made first:", safe)
assert len(set(mixed)) == 4 and set(safe) == {0}

# %% [markdown]
# The first file holds a model that never existed, and loads without complaint. The guard is to copy before the thread
# starts (`copy.deepcopy`, or from a GPU to the CPU), and to wait for the copy: a GPU works through its orders while Python
# goes on, and with `non_blocking=True` a copy is one more order. If you have one, see what a file would get:

# %%
from course_lib.lessons.checkpointing import step_in_a_copy

if torch.cuda.is_available():
    step_in_a_copy()  # the first time everything takes longer
    at_once, after_waiting = step_in_a_copy()
    print(f"the step in the copy: {at_once}; after synchronize: {after_waiting}")
    assert (at_once, after_waiting) == (0, 1)
else:
    print("No GPU here: when a copy returns, it is made.")

# %% [markdown]
# ## Break it: an epoch too many
#
# A recipe counts epochs from 0, saves `epoch` at the end of one, and resumes with `range(checkpoint["epoch"], epochs)`.

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
# The epoch in the file is done. Resume at `checkpoint["epoch"] + 1`, and count from 1: the numbers in the name, in the log
# and in your head are then the same.
#
# ## Recap
#
# **Write aside, force to disk, rename; keep the last few and the best; and kill your own run once, to see.**
#
# | Do | Don't | Why |
# |---|---|---|
# | temporary file, `fsync`, `os.replace` | `torch.save` over the only checkpoint | a kill can leave 0 bytes |
# | model, optimizer, scheduler, epoch, random states, log | weights alone, if you want to go on | the run takes another path |
# | load both, go on with the next epoch | seed again, train the saved epoch again | the first order comes back; an epoch counts twice |
# | catch SIGTERM, note it, save | rely on catching SIGKILL | it can't be caught |
# | raise if `monitor` is missing; ask `math.isnan` | warn and save | a typo turns best into last; NaN stays |
# | `float(loss)` | NumPy scalars in a checkpoint | the whole file can't be loaded |
# | copy, then save in the background | save references while training | the file mixes steps |
# | keep two or more, check when loading | keep one, trust it | a flipped bit loads in silence |
# | `v2-epoch-007.pt`, a second place | `model_final_new.pt`, one disk | names sort as text, disks die |
#
# Read more: the documentation of
# [`torch.save`](https://docs.pytorch.org/docs/stable/generated/torch.save.html) and
# [saving a general checkpoint](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html), Keras'
# [ModelCheckpoint](https://keras.io/api/callbacks/model_checkpoint/), and
# [ensuring data reaches disk](https://lwn.net/Articles/457667/).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. Then the mastery test: ten questions, from
# easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("checkpointing")

# %%
mastery_test("checkpointing")

# %% [markdown]
# ## Practise
#
# The exercise is linked below.
#
# ## Recall
#
# Flashcards come back when they are due.

# %%
from course_lib.classroom import flashcards

flashcards("checkpointing")

# %%
finish("checkpointing")

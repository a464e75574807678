# %%
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.lessons.sharded_checkpoints import ask, together, warm_up

folder = Path(tempfile.mkdtemp())
begin("sharded_checkpoints")
warm_up()  # processes for later: they take some seconds to start

# %% [markdown]
# ## Why: all keys matched, and half the model is gone
#
# A model that is too large for one machine is cut up: several processes each keep a part of every tensor. Each process
# has a number, its **rank**. `together(2, f)` calls `f` in two new processes on this computer, ranks 0 and 1, and returns
# what each returned. PyTorch's `fully_shard` cuts the model up; its mesh says among whom, and on which device;
# `dist.get_world_size()` is the number of processes. A small model for the digits will do.

# %%
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from course_lib.data import digits

data, (images, labels) = digits().train.tensors, digits().test.tensors


def build(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def shard(model):
    """Cut a model up, on the CPU; without a mesh fully_shard takes what PyTorch is built for."""
    fully_shard(model, mesh=init_device_mesh("cpu", (dist.get_world_size(),)))


def accuracy(model):
    return (model(images).argmax(1) == labels).float().mean().item()


# %%
def trained(seed=0):
    """A sharded model and its optimizer after 8 steps; every rank calls this."""
    model = build(seed)
    shard(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(8):
        nn.functional.cross_entropy(model(data[0]), data[1]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model, optimizer


# %% [markdown]
# And this is how everybody saves who comes from one process: rank 0 writes the file, once.


# %%
def save_by_habit(path):
    model, _ = trained()
    if dist.get_rank() == 0:
        torch.save(model.state_dict(), path)
    return accuracy(model)


before = together(2, save_by_habit, folder / "habit.pt")
print(f"accuracy before: {before[0]:.3f} on rank 0, {before[1]:.3f} on rank 1")
assert min(before) > 0.85


# %% [markdown]
# The next day, two processes load it, strictly.


# %%
def load_by_habit(path):
    model = build(seed=1)
    shard(model)
    report = model.load_state_dict(torch.load(path, weights_only=True))
    return str(report), accuracy(model)


after = together(2, load_by_habit, folder / "habit.pt")
guessing = (labels.bincount().max() / len(labels)).item()
print(after[0][0], f"accuracy after: {after[0][1]:.3f}, guessing {guessing:.3f}")
assert all("All keys matched" in report for report, _ in after)
assert max(right for _, right in after) < min(before) - 0.2

# %% [markdown]
# Nothing was raised. How much is in the file?

# %%
import zipfile

members = zipfile.ZipFile(folder / "habit.pt").infolist()
in_file = sum(member.file_size for member in members if "/data/" in member.filename)
needed = sum(parameter.nbytes for parameter in build().parameters())
print(f"{in_file:,} bytes of numbers in the file; the model has {needed:,}")
assert round(in_file / needed, 2) == 0.5

# %% [markdown]
# Half. Rank 0 wrote the rows that it holds, under names and shapes of the whole. When rank 1 loads, it takes rank 0's
# rows for its own. The other half of the training isn't on any disk.
#
# ## Predict
#
# There is a save that was made for this: `torch.distributed.checkpoint`, **DCP** for short. Its `dcp.save(state,
# checkpoint_id=folder)` replaces `torch.save`. Suppose you change that line, and leave `if dist.get_rank() == 0` above
# it.

# %%
predict(
    "Rank 0 alone calls dcp.save; rank 1 goes on. What happens?",
    [
        "A: the whole model is saved: DCP fetches rank 1's part",
        "B: rank 0's half is saved, as before",
        "C: it raises at once: not all ranks have called",
        "D: rank 0 waits for rank 1",
    ],
)


# %% [markdown]
# `ask` does what `together` does, and what a rank raises is an answer, too. It lets a rank wait for the others only as
# long as `patience` says; PyTorch's own patience with gloo, which connects our processes, is half an hour.


# %%
def rank_0_saves(where):
    model = build()
    shard(model)
    if dist.get_rank() == 0:
        dcp.save({"model": model.state_dict()}, checkpoint_id=where)


for rank, answer in enumerate(ask(2, rank_0_saves, folder / "alone", patience=2)):
    print(f"rank {rank}, {answer.seconds:.1f} s: {answer.error[-60:] or 'went on'}")
    assert ("Timed out waiting 2000ms" in answer.error) == (rank == 0)
assert not (folder / "alone" / ".metadata").exists()
assert dist.distributed_c10d.default_pg_timeout.total_seconds() == 1800
came_out("D: rank 0 waited until its patience was over, and nothing was saved")

# %% [markdown]
# `dcp.save` is a **collective** call: it works only when every rank of the group makes it. The ranks talk to each other
# in it, and one who doesn't come is waited for. That is the mirror image of the first failure: there everybody should
# have saved, and only one did.
#
# ## Learn: what each process holds
#
# A parameter of a sharded model is a `DTensor`. Its `shape` is that of the whole; `to_local()` gives the part that is
# here, which we call a **shard**. `Shard(dim=0)` says that it was cut by rows. The last layer's weight has ten rows.


# %%
def held():
    model = build()
    shard(model)
    weight = model[3].weight
    return type(weight).__name__, tuple(weight.shape), tuple(weight.to_local().shape)


for ranks, rows in ((2, [5, 5]), (3, [4, 4, 2])):
    parts = together(ranks, held)
    for rank, (kind, whole, here) in enumerate(parts):
        print(f"rank {rank} of {ranks}: {kind} of shape {whole}, here {here}")
        assert (kind, whole, here[1]) == ("DTensor", (10, 32), 32)
    assert [here[0] for *_, here in parts] == rows

# %% [markdown]
# Uneven is allowed. Every rank gets ten divided by three, rounded up, as long as there is something left; so the last
# ranks get less, or nothing. It is the rule of `torch.chunk`, with empty parts for those who come too late.


# %%
def rows_here(*sizes):
    layers = [nn.Linear(3, rows) for rows in sizes]
    for layer in layers:
        shard(layer)
    return [len(layer.weight.to_local()) for layer in layers]


for rows, *here in zip((10, 4, 1), *together(3, rows_here, 10, 4, 1)):
    print(f"{rows:2} rows on 3 ranks:", here)
    chunks = [len(part) for part in torch.arange(rows).chunk(3)]
    assert here == chunks + [0] * (3 - len(chunks))

# %% [markdown]
# ### Your turn
#
# Which rows are whose? Write `rows_of(rows, rank, ranks)`:
#
# 1. it returns a pair `(start, stop)`: that rank holds the rows from `start` up to `stop`, which is no longer its own;
# 2. every rank gets `rows / ranks`, rounded up (`-(-rows // ranks)`), until none are left;
# 3. a rank without rows gets an empty range, inside the tensor: `start == stop <= rows`.


# %% turn="rows_of"
def rows_of(rows, rank, ranks):
    """(start, stop) of the rows that this rank holds."""
    ### BEGIN SOLUTION
    each = -(-rows // ranks)
    return min(rank * each, rows), min((rank + 1) * each, rows)
    ### END SOLUTION


# %%
check(rows_of)

# %% [markdown]
# ## Learn: every process writes its part
#
# So every rank calls `dcp.save`. The state is a dictionary, nested as you like; plain values such as an epoch may be in
# it.


# %%
def save_model(where):
    model, _ = trained()
    dcp.save({"model": model.state_dict(), "epoch": 3}, checkpoint_id=where)
    return accuracy(model)


saved_accuracy = together(2, save_model, folder / "two")[0]
sizes = {path.name: path.stat().st_size for path in sorted((folder / "two").iterdir())}
print(sizes)
assert set(sizes) == {".metadata", "__0_0.distcp", "__1_0.distcp"}
assert abs(sizes["__0_0.distcp"] - sizes["__1_0.distcp"]) < needed / 4

# %% [markdown]
# Here one file for each rank, and `.metadata`, which rank 0 writes last: it says what exists, how it was cut, and which bytes
# of which file hold it. Reading it touches no weights.

# %%
metadata = dcp.FileSystemReader(folder / "two").read_metadata()
weight = metadata.state_dict_metadata["model.3.weight"]
print("whole:", tuple(weight.size), weight.properties.dtype)
for place, info in metadata.storage_data.items():
    if place.fqn == "model.3.weight":
        print(
            f"  from row {place.offset[0]}: {info.relative_path}, {info.length} bytes at {info.offset}"
        )
assert tuple(weight.size) == (10, 32)
assert [(c.offsets[0], c.sizes[0]) for c in weight.chunks] == [(0, 5), (5, 5)]
assert not hasattr(metadata.state_dict_metadata["epoch"], "size")

# %% [markdown]
# `fqn` is the name with all dots, its path through the dictionaries. A tensor's entry has a `size` and `chunks`; that of
# a plain value, such as `epoch`, has neither.
#
# ### Your turn
#
# Somebody sends you a folder. Write `saved_shapes(folder)`:
#
# 1. it returns a dictionary from the name of each tensor in the folder to its shape, a tuple or list of ints;
# 2. the shape is that of the whole tensor, however it was cut;
# 3. plain values are left out;
# 4. only `.metadata` is read: it works where the ranks' files are elsewhere.


# %% turn="saved_shapes"
def saved_shapes(folder):
    """Name -> shape of every tensor in a folder that DCP wrote."""
    ### BEGIN SOLUTION
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    return {
        name: tuple(entry.size) for name, entry in entries.items() if hasattr(entry, "size")
    }
    ### END SOLUTION


# %%
check(saved_shapes)

# %% [markdown]
# ## Learn: two save, one loads, three go on
#
# `dcp.load(state, checkpoint_id=folder)` returns nothing. It works **in place**: you hand it a state that has the right
# names and shapes already, and it fills the tensors. What is sharded there gets the rows that it needs, from whichever
# files hold them. So the number of processes may change. Here is one process, without any group: this notebook.

# %%
import warnings

warnings.filterwarnings("ignore", message="torch.distributed is disabled")
model = build(seed=1)
state = {"model": model.state_dict(), "epoch": 0}
dcp.load(state, checkpoint_id=folder / "two")
flat = {"model.3.weight": torch.zeros(10, 32)}  # the name with all dots is as good
dcp.load(flat, checkpoint_id=folder / "two")
print(f"epoch {state['epoch']}, accuracy {accuracy(model):.3f}, saved at {saved_accuracy:.3f}")
assert state["epoch"] == 3 and accuracy(model) == saved_accuracy
assert torch.equal(flat["model.3.weight"], model[3].weight)

# %% [markdown]
# (DCP warns that there is no group and that it takes this for a single process. It is right, so we silenced it.) The
# model was filled because `state_dict()` refers to its tensors. The plain value was replaced in `state`: no variable of
# yours changes. Now one process saves and three load.

# %%
dcp.save({"model": model.state_dict(), "epoch": 4}, checkpoint_id=folder / "one")


def load_model(where):
    model = build(seed=2)
    shard(model)
    state = {"model": model.state_dict(), "epoch": 0}
    dcp.load(state, checkpoint_id=where)
    return state["epoch"], len(model[3].weight.to_local()), model[3].weight.full_tensor()


three = together(3, load_model, folder / "one")
print("rows on each rank:", [rows for _, rows, _ in three], " epoch:", three[0][0])
assert [rows for _, rows, _ in three] == [4, 4, 2]
assert all(epoch == 4 and torch.equal(w, model[3].weight) for epoch, _, w in three)

# %% [markdown]
# Two ranks, one, three: the same numbers to the last bit. `full_tensor()` gathers the whole on every rank, and is
# collective, as `dcp.save` and `dcp.load` are.
#
# ### Your turn
#
# You need one tensor out of a checkpoint that doesn't fit into your memory. Write `read_one(folder, name)`:
#
# 1. it returns the whole tensor of that name, such as `"model.3.weight"`, with the values in the folder;
# 2. its dtype is the saved one (`entry.properties.dtype`), whatever that is;
# 3. for a name that isn't there, or is no tensor's, it raises a `KeyError`.


# %% turn="read_one"
def read_one(folder, name):
    """One tensor of a folder that DCP wrote; the others are not read."""
    ### BEGIN SOLUTION
    entry = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]
    if not hasattr(entry, "size"):
        raise KeyError(name)
    state = {name: torch.empty(entry.size, dtype=entry.properties.dtype)}
    dcp.load(state, checkpoint_id=folder)
    return state[name]
    ### END SOLUTION


# %%
check(read_one)

# %% [markdown]
# ## Learn: the optimizer, by name
#
# `optimizer.state_dict()` numbers its parameters, and before the first step Adam's has no state at all: nothing that a load
# in place could fill. `get_state_dict(model, optimizer)` gives both states, the optimizer's under the parameters' names,
# with empty places made for it, unless gradients are there already; `set_state_dict` hands them back.

# %%
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def save_both(where):
    model, optimizer = trained()
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments}, checkpoint_id=where / "by_name")
    dcp.save({"optimizer": optimizer.state_dict()}, checkpoint_id=where / "by_number")
    return list(optimizer.state_dict()["state"]), list(moments["state"])


numbers, names = together(2, save_both, folder)[0]
print(numbers, names)
assert numbers == [0, 1, 2, 3] and names == [name for name, _ in build().named_parameters()]

# %%
fresh = build(seed=1)
optimizer = torch.optim.Adam(fresh.parameters(), lr=0.5)
by_number = {"optimizer": optimizer.state_dict()}
dcp.load(by_number, checkpoint_id=folder / "by_number")
print("by number, parameters with a state:", len(by_number["optimizer"]["state"]))
weights, moments = get_state_dict(fresh, optimizer)
both = {"model": weights, "optimizer": moments}
dcp.load(both, checkpoint_id=folder / "by_name")
set_state_dict(fresh, optimizer, model_state_dict=weights, optim_state_dict=moments)
steps = [optimizer.state[parameter]["step"].item() for parameter in fresh.parameters()]
print("by name, steps taken:", steps, " learning rate:", optimizer.param_groups[0]["lr"])

# %%
assert by_number["optimizer"]["state"] == {}
assert steps == [8.0] * 4 and optimizer.param_groups[0]["lr"] == 0.05
assert accuracy(fresh) == saved_accuracy
late = build()
late(images).sum().backward()  # too early: now no places are made
assert get_state_dict(late, torch.optim.Adam(late.parameters()))[1]["state"] == {}

# %% [markdown]
# By number, the load found no places for the moments, left them out and said nothing: training goes on with a new Adam. By
# name everything came back, the learning rate too, in one process from two.
#
# ## Learn: save beside the training
#
# `dcp.async_save` copies the state, returns a future, and writes in a thread while training goes on. The copy is called
# **staging**. When it returns, you may change the weights; but the checkpoint isn't there before the future is done. To
# see it, here is a disk that waits until we let it write.

# %%
import threading

go = threading.Event()


class WaitingDisk(dcp.FileSystemWriter):
    def write_data(self, *arguments):
        go.wait()
        return super().write_data(*arguments)


disk, ones = Path(tempfile.mkdtemp(dir=folder)), {"weight": torch.ones(1000)}
go.clear()
future = dcp.async_save(ones, storage_writer=WaitingDisk(disk))
ones["weight"].fill_(7)  # the next step of the training
print("returned; complete:", future.done(), (disk / ".metadata").exists())
was_done = future.done() or (disk / ".metadata").exists()

# %%
go.set()
future.result()
read = {"weight": torch.zeros(1000)}
dcp.load(read, checkpoint_id=disk)
print("in memory:", ones["weight"][0].item(), "  in the folder:", read["weight"][0].item())
assert not was_done and (disk / ".metadata").exists()
assert read["weight"].eq(1).all() and ones["weight"].eq(7).all()

# %% [markdown]
# And an error? It waits in the future, too. Here is a disk without room.


# %%
class FullDisk(dcp.FileSystemWriter):
    def write_data(self, *arguments):
        raise OSError("no space left")


future = dcp.async_save(ones, storage_writer=FullDisk(folder / "full"))
error = future.exception()
print("result() would raise:", str(error).strip().splitlines()[-1])
assert isinstance(error, dcp.CheckpointException) and "no space left" in str(error)
assert not (folder / "full" / ".metadata").exists()

# %% [markdown]
# So wait for the last future, by `result()`, before you start the next save and before the program ends. An
# `async_stager` that copies in the background returns earlier; then change nothing before its `staging_completion` is
# done (documentation of `async_save`).
#
# ## Learn: to a plain file and back
#
# Whoever serves the model wants one file. `dcp_to_torch_save` makes it, in one process with memory for all of it;
# `torch_save_to_dcp` goes the other way.

# %%
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save, torch_save_to_dcp

dcp_to_torch_save(folder / "by_name", folder / "plain.pt")
plain = torch.load(folder / "plain.pt", weights_only=True)
served = build(seed=5)
served.load_state_dict(plain["model"])
torch_save_to_dcp(folder / "plain.pt", folder / "again")
print(list(plain), sorted(path.name for path in (folder / "again").iterdir()))
assert accuracy(served) == saved_accuracy
assert (folder / "again" / "__0_0.distcp").exists()

# %% [markdown]
# ## Trace
#
# One save by two ranks and one load by three, recorded while this cell ran: which rows go into which file, and which
# file each new rank reads. Step with Next, or with Tab and Enter.

# %%
from course_lib.lessons.sharded_checkpoints import trace_shards

trace_shards()

# %% [markdown]
# ## Explore
#
# Rows, ranks before, ranks after: who reads what from whom? Find a change of ranks at which everybody reads one file
# only, and one at which somebody has nothing to read. Tab moves between the sliders, the arrow keys move one.

# %%
from course_lib.lessons.sharded_checkpoints import resharding

resharding()

# %% [markdown]
# ## Break it: a part is gone, bad, or from another day
#
# A folder of many files can be wrong in more ways than one file. First, a rank's file is missing. We load into zeros, to
# see what is touched.

# %%
import shutil


def changed_copy(name, change, of="two"):
    copied = folder / name
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(folder / of, copied)
    change(copied)
    return copied


# %%
def load_into_zeros(where):
    state = {"model": {"3.weight": torch.zeros(10, 32)}}
    try:
        dcp.load(state, checkpoint_id=where)
        return "loaded", state["model"]["3.weight"]
    except dcp.CheckpointException as error:
        return str(error).strip().splitlines()[-1], state["model"]["3.weight"]


# %%
gone = changed_copy("gone", lambda where: (where / "__1_0.distcp").unlink())
said, loaded = load_into_zeros(gone)
print(said.partition(": '")[0], "\nrows that were filled:", loaded.any(1).sum().item(), "of 10")
assert "No such file" in said and loaded.any(1).sum() == 5
assert not issubclass(dcp.CheckpointException, Exception)

# %% [markdown]
# It raises, and five rows have been filled already: a load that fails leaves a mixture. And `except Exception` lets this
# error through, for a `CheckpointException` is none.
#
# Next, one bit of rank 1's file flips. Then rank 1's file comes from another training, saved into the same folder by a
# program that died halfway. Both are the kind that says nothing.


# %%
def flip(where):
    file = where / "__1_0.distcp"
    content = bytearray(file.read_bytes())
    content[content.find(model[3].weight[5:].detach().numpy().tobytes()) + 3] ^= 0x40
    file.write_bytes(content)


flipped = load_into_zeros(changed_copy("flipped", flip))
print(flipped[0], "- largest weight:", flipped[1].abs().max().item())
assert flipped[0] == "loaded" and flipped[1].abs().max() > 1e10


# %%
def save_other(where):
    other, _ = trained(seed=7)
    dcp.save({"model": other.state_dict(), "epoch": 3}, checkpoint_id=where)


together(2, save_other, folder / "other")
part = "__1_0.distcp"
mixed = changed_copy("mixed", lambda where: shutil.copy(folder / "other" / part, where / part))
said, mixture = load_into_zeros(mixed)
ours = (mixture == model[3].weight).all(1)
print(said, "- rows of the first training:", ours.sum().item(), "of 10")
assert said == "loaded" and ours.tolist() == [True] * 5 + [False] * 5

# %% [markdown]
# DCP keeps no checksums. And into a folder that has a checkpoint already it writes all the same, after a warning.

# %%
shutil.rmtree(folder / "twice", ignore_errors=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for epoch in (1, 2):
        dcp.save({"epoch": epoch}, checkpoint_id=folder / "twice")
state = {"epoch": 0}
dcp.load(state, checkpoint_id=folder / "twice")
warned = [str(w.message) for w in caught if "existing checkpoint" in str(w.message)]
print(warned[0].split(" in ")[0], "... epoch", state["epoch"])
assert len(warned) == 1 and state["epoch"] == 2

# %% [markdown]
# The guard has three parts: a **new folder for
# every save**; a **manifest**, a small file with the sizes and checksums of all others, **written last**, so that a
# folder without one is unfinished; and a look at all files before the first tensor is touched. The course's `save_sharded`
# and `load_sharded` do this, on any number of ranks.

# %%
from course_lib.checkpoints.sharded import load_sharded, save_sharded, sharded_to_file


def save_ours(where):
    model, optimizer = trained()
    save_sharded(model, where, optimizer=optimizer, extra={"epoch": 3})


shutil.rmtree(folder / "ours", ignore_errors=True)
together(2, save_ours, folder / "ours")
fresh = build(seed=1)
print(load_sharded(fresh, folder / "ours"), sorted(p.name for p in (folder / "ours").iterdir()))
assert accuracy(fresh) == saved_accuracy and (folder / "ours" / "manifest.json").exists()


# %%
def refused(action, *arguments):
    try:
        action(*arguments)
        return "accepted"
    except OSError as error:  # CheckpointError and its kin
        return str(error).replace(str(folder), "")


# %%
before = fresh[3].weight.clone()
damaged = refused(load_sharded, fresh, changed_copy("ours_bad", flip, of="ours"))
unfinish = lambda where: (where / "manifest.json").unlink()
unfinished = refused(load_sharded, fresh, changed_copy("ours_half", unfinish, of="ours"))
twice = refused(save_sharded, fresh, folder / "ours")
print(damaged, unfinished, twice, sep="\n")
assert (
    "not those that were saved" in damaged
    and "not finished" in unfinished
    and "already" in twice
)
assert torch.equal(before, fresh[3].weight)

# %% [markdown]
# ## Break it: a load without a place
#
# In place means: where there is no place, nothing happens. An empty state stays empty. A model that lost its last layer
# loads what it knows. And a model in float16 gets the numbers rounded. No word of any of it.

# %%
empty = {}
dcp.load(empty, checkpoint_id=folder / "two")
beheaded = {"model": build()[:3].state_dict()}
dcp.load(beheaded, checkpoint_id=folder / "two")
half = build().half()
dcp.load({"model": half.state_dict()}, checkpoint_id=folder / "two")
print("empty:", empty, "  beheaded:", list(beheaded["model"]), "  half:", half[3].weight.dtype)
assert empty == {} and list(beheaded["model"]) == ["1.weight", "1.bias"]
assert not torch.equal(half[3].weight.float(), model[3].weight)
assert torch.equal(half[3].weight, model[3].weight.half())

# %% [markdown]
# A name that the folder lacks is refused, and a shape that differs, before anything is loaded. The other direction is
# yours to compare: names, and dtypes. `metadata` has both.

# %%
longer = nn.Sequential(*build(), nn.Linear(10, 2))
wider = nn.Sequential(nn.Flatten(), nn.Linear(64, 33), nn.ReLU(), nn.Linear(33, 10))
for other, words in ((longer, "Missing key"), (wider, "Size mismatch")):
    kept = other[3].weight.clone()
    try:
        dcp.load({"model": other.state_dict()}, checkpoint_id=folder / "two")
        words = "accepted"
    except dcp.CheckpointException as error:
        print(str(error).strip().splitlines()[-1])
        assert words in str(error)
    assert words != "accepted" and torch.equal(kept, other[3].weight)

# %%
saved_names = {name for name in metadata.state_dict_metadata if name.startswith("model.")}
left_behind = saved_names - {f"model.{name}" for name in beheaded["model"]}
print("no place for:", sorted(left_behind))
assert left_behind == {"model.3.weight", "model.3.bias"}
by_ours = (
    refused(load_sharded, build()[:3], folder / "ours"),
    refused(load_sharded, half, folder / "ours"),
)
print(*by_ours, sep="\n")
assert "unexpected 3.weight" in by_ours[0] and "float16" in by_ours[1]

# %% [markdown]
# ## Break it: the folder is a program
#
# `.metadata` is a pickle: a list of instructions by which Python builds objects again, and one of them is to call a
# function, any function. DCP reads it with `pickle.load`; there is no `weights_only`. So a stranger's folder is a program.
# This one only adds a word to a list.

# %%
import pickle

diary = []


class Stranger:
    def __reduce__(self):
        return exec, ("import __main__; __main__.diary.append('a stranger was here')",)


hostile = changed_copy(
    "hostile", lambda where: (where / ".metadata").write_bytes(pickle.dumps(Stranger()))
)

# %%
from course_lib.checkpoints.dcp_gate import Reader


def look_into(reader):
    diary.clear()
    try:
        reader.read_metadata()
        return list(diary), "read"
    except Exception as error:
        return list(diary), str(error).replace(str(folder), "")


by_dcp, by_gate = look_into(dcp.FileSystemReader(hostile)), look_into(Reader(hostile))
print("DCP:", by_dcp[0], "  ours:", by_gate)
assert by_dcp[0] == ["a stranger was here"] and by_gate[0] == []
assert "builtins.exec" in by_gate[1] and look_into(Reader(folder / "two")) == ([], "read")

# %% [markdown]
# It ran before a single weight was looked at; the error that DCP raises afterwards comes too late. Plain values in the
# ranks' files are unpickled in the same way (source of `DefaultLoadPlanner`). `load_sharded` and `sharded_to_file` first read what a pickle asks for, and
# accept DCP's own classes and plain data.

# %%
path = sharded_to_file(folder / "ours", folder / "ours.pt")
checkpoint = torch.load(path, weights_only=True)
served.load_state_dict(checkpoint["model"])
print(list(checkpoint), checkpoint["extra"], f"accuracy {accuracy(served):.3f}")
assert checkpoint["extra"] == {"epoch": 3} and accuracy(served) == saved_accuracy

# %% [markdown]
# ## Learn: the same script on one machine or many
#
# `together` exists because a notebook can't be started twice. A program can. **torchrun** starts it, several times on
# every machine, and tells each process its rank by the environment; `init_process_group` reads it there. This script
# loads from one folder, counts a run, and saves into another.

# %%
program = """import sys, torch, torch.distributed as dist
from torch.distributed import checkpoint as dcp, fsdp
dist.init_process_group("gloo")  # "nccl" for NVIDIA GPUs, and "cuda" in the next line
mesh = dist.init_device_mesh("cpu", (dist.get_world_size(),))
layer = fsdp.fully_shard(torch.nn.Linear(3, 10), mesh=mesh)
state = {"layer": layer.state_dict(), "runs": 0}
dcp.load(state, checkpoint_id=sys.argv[1])
state["runs"] += 1
dcp.save(state, checkpoint_id=sys.argv[2])
sys.stdout.write(f"rank {dist.get_rank()}: {len(layer.weight.to_local())} rows\\n")  # all ranks share it: one write
dist.destroy_process_group()
"""

# %%
script, first = folder / "train.py", nn.Linear(3, 10)
script.write_text(program)
shutil.rmtree(folder / "run1", ignore_errors=True)
dcp.save({"layer": first.state_dict(), "runs": 1}, checkpoint_id=folder / "run1")
print("one process has saved run 1")

# %%
import subprocess
import sys

torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
command = [*torchrun, "--nproc-per-node=2", script, folder / "run1", folder / "run2"]
done = subprocess.run(command, capture_output=True, text=True)
print("\n".join(sorted(done.stdout.splitlines())))
state = {"layer": nn.Linear(3, 10).state_dict(), "runs": 0}
dcp.load(state, checkpoint_id=folder / "run2")
assert done.returncode == 0 and "rank 1: 5 rows" in done.stdout
assert state["runs"] == 2 and torch.equal(state["layer"]["weight"], first.weight)

# %% [markdown]
# `torch.distributed.run` is the module behind the command `torchrun`. On a cluster you change the command, not the
# script: for eight processes on each of four machines, `torchrun --nnodes=4 --nproc-per-node=8
# --rdzv-backend=c10d --rdzv-endpoint=host:29500 train.py run2 run3`, started on each of the four (documentation of
# torchrun). The folder must lie on a disk that all of them see.

# %% [markdown]
# ## Recap
#
# **All ranks save and load together: each writes the rows it holds, each reads the rows it needs, and the folder counts
# from the moment that a file written last says so.**
#
# | Do | Don't | Why |
# |---|---|---|
# | every rank calls `dcp.save` | `if rank == 0:` around it | the others' rows are lost, or rank 0 waits in vain |
# | a new folder for every save | the same folder again | after a warning, old and new parts mix |
# | a manifest, written last, with checksums | take any folder for a checkpoint | unfinished, damaged and mixed parts look alike |
# | build, shard, then load in place | `dcp.load({})` | what has no place isn't loaded, and nobody says so |
# | compare names and dtypes with the metadata | trust that it didn't raise | a smaller model or another dtype loads in silence |
# | `get_state_dict` and `set_state_dict` | `optimizer.state_dict()` | numbers depend on the order, and a new optimizer has no places |
# | wait for the future of `async_save` | end the program, or save again | before that there is no checkpoint, and no error either |
# | `load_sharded`, `sharded_to_file` for strangers' folders | `dcp.load` | `.metadata` is unpickled without a check |
#
# Read more: [torch.distributed.checkpoint](https://docs.pytorch.org/docs/stable/distributed.checkpoint.html),
# [fully_shard](https://docs.pytorch.org/docs/stable/distributed.fsdp.fully_shard.html),
# [torchrun](https://docs.pytorch.org/docs/stable/elastic/run.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("sharded_checkpoints")

# %%
mastery_test("sharded_checkpoints")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: say who reads what when the number of processes changes, save a training that two
# processes hold, mend a load that forgets, and hand the result over as one plain file.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("sharded_checkpoints")

# %%
finish("sharded_checkpoints")

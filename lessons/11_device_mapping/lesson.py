# %%
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F

from course_lib.classroom import begin, finish, predict
from course_lib.data import batches, digits
from course_lib.models import MLP

folder = Path(tempfile.mkdtemp())
begin("device_mapping")

# %% [markdown]
# ## Why: it loaded on every machine but the customer's
#
# We train a little: on the GPU if this machine has one, else on the CPU. The loop moves each batch to where the model
# is.

# %%
splits = digits()
on_gpu = torch.cuda.is_available()
device = torch.device("cuda:0" if on_gpu else "cpu")
model = MLP().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


# %%
def train(model, optimizer, epochs):
    model.train()
    where = next(model.parameters()).device
    for epoch in epochs:
        for x, y in batches(splits.train, 64, shuffle=True, seed=epoch):
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(where)), y.to(where)).backward()
            optimizer.step()


train(model, optimizer, range(3))

# %% [markdown]
# Now the checkpoint: the model, the optimizer, the state of every random number generator. `torch.save` writes the bytes
# of each tensor and, beside them, the name of the device it was on. That name is its **tag**. If you have no GPU,
# `saved_as` has the tags written that a GPU would have left. Such a file differs from a real one in nothing that
# `torch.load` looks at. `moments` are Adam's two running averages for each weight; the next section says why they are
# picked out.

# %%
from course_lib.seeding import rng_state, set_rng_state

path = folder / "training.pt"
checkpoint = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
checkpoint["rng"] = rng_state()
states = optimizer.state.values()
moments = [t for state in states for name, t in state.items() if name != "step"]

# %%
from course_lib.devices import saved_as

if on_gpu:
    torch.save(checkpoint, path)
    print("road taken: a GPU trained, and its tags are in the file")
else:
    with saved_as("cuda:0", only=[*model.state_dict().values(), *moments]):
        torch.save(checkpoint, path)
    print("road taken: no GPU here, the tags are written as by one")

# %% [markdown]
# The customer's server has no GPU. Here it is a fresh process that can see none, and its only line reads our file.

# %%
import os
import subprocess
import sys

line = f"import torch; torch.load({str(path)!r}, weights_only=True)"
no_gpu = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
server = subprocess.run(
    [sys.executable, "-c", line], env=no_gpu, capture_output=True, text=True
)
print("exit code", server.returncode)
print(server.stderr.splitlines()[-1])
assert server.returncode == 1 and "torch.cuda.is_available() is False" in server.stderr

# %% [markdown]
# The weights are all there, and any processor could use them. The server is down because of a name in the file.
#
# ## Predict
#
# Quizzes on saving and loading like to ask this one. Commit to an answer, then see all four tried.

# %%
predict(
    "The file comes from a GPU, the machine has only a CPU. Which call loads it?",
    [
        "A: torch.load(path, device='cpu')",
        "B: torch.load(path)",
        "C: torch.load(path, map_location='cuda')",
        "D: torch.load(path, map_location=torch.device('cpu'))",
    ],
)

# %% [markdown]
# Before it puts a tensor on a GPU, `torch.load` asks two questions: is CUDA available, and how many GPUs are there?
# `attempt` gives other answers for a moment, so that what follows reads the same on a machine with GPUs. The decisions
# and the texts are PyTorch's own.

# %%
import warnings
from unittest.mock import patch


def attempt(path, *, gpus=0, **arguments):
    there = patch.multiple(torch.cuda, is_available=lambda: gpus > 0, device_count=lambda: gpus)
    with there, warnings.catch_warnings(action="ignore"):
        try:
            torch.load(path, weights_only=True, **arguments)
            return "loaded"
        except (RuntimeError, TypeError) as error:
            return f"{type(error).__name__}: {error}"


# %%
options = {
    "A": attempt(path, device="cpu"),
    "B": attempt(path),
    "C": attempt(path, map_location="cuda"),
    "D": attempt(path, map_location=torch.device("cpu")),
}
for letter, result in options.items():
    print(f"{letter}: {result[:88]}")
assert [letter for letter, result in options.items() if result == "loaded"] == ["D"]

# %% [markdown]
# D. There is no `device` argument: A fails whatever is in the file. B goes where the file says, and C where you say;
# both ask for a GPU.
#
# ## Learn: a name beside the bytes
#
# A tensor's bytes lie in a block of memory, its **storage**; views of one tensor share one. It is storages that carry
# tags. The inspector of this course lists them without executing anything in the file. Look at the first column.

# %%
from course_lib.checkpoints.inspection import inspect_file

tensors = inspect_file(path).tensors
for tensor in [*tensors[:2], *tensors[9:11], tensors[-1]]:
    print(f"{tensor.device:7} {tensor.storage_size_bytes:7,} bytes  {tensor.path}")
tags = {tensor.device for tensor in tensors}
on_cpu = [tensor.path for tensor in tensors if tensor.device == "cpu"]
assert tags == {"cpu", "cuda:0"}
assert all(name.endswith("step") or name.startswith("rng") for name in on_cpu)

# %% [markdown]
# A training file mixes tags. The weights, the buffers and Adam's moments, `exp_avg` and `exp_avg_sq`, were on the GPU.
# Adam's step counters and the random states were not: unless you ask for something else, they live on the CPU,
# wherever the training runs. Remember those two; they come back.
#
# ## Learn: four messages
#
# The tag decides which error you get, and the same four fill the forums. Here are files from a GPU, from a second GPU,
# from an Apple computer and from an accelerator that PyTorch itself doesn't know.


# %%
def tagged(tag):
    file = folder / f"{tag.replace(':', '_')}.pt"
    with saved_as(tag):
        torch.save({"weight": torch.ones(2)}, file)
    return file


# %%
messages = {
    "no GPU": attempt(tagged("cuda:0")),
    "one GPU": attempt(tagged("cuda:1"), gpus=1),
    "no Apple GPU": attempt(tagged("mps")),
    "unknown": attempt(tagged("npu:0")),
}
for machine, message in messages.items():
    print(f"{machine}:\n  {message}\n")

# %%
apple = torch.backends.mps.is_available()  # an Apple computer takes its own file
assert "on a CUDA device but torch.cuda.is_available() is False" in messages["no GPU"]
assert "on CUDA device 1 but torch.cuda.device_count() is 1" in messages["one GPU"]
assert apple or "Storage device not recognized: mps" in messages["no Apple GPU"]
assert "(tagged with npu:0)" in messages["unknown"]
for tag in ("cuda:0", "cuda:1", "mps", "npu:0"):
    assert attempt(tagged(tag), map_location="cpu") == "loaded"
print("map_location='cpu' loads all four")

# %% [markdown]
# For the second message a machine with one GPU is needed: we told PyTorch that it is on one, and it refused before
# touching any GPU. Only that message has a better mend than the CPU: `{"cuda:1": "cuda:0"}`.
#
# ## Learn: four forms of map_location
#
# `map_location` is a string, a `torch.device`, a dictionary from tag to device, or a function that gets the storage and
# its tag. The first two send *everything* to one place. A dictionary touches only the tags it names. A function decides
# for each storage: it is handed the storage on the CPU, and leaves it there by returning it.

# %%
seen = []


def stay(storage, tag):
    seen.append(tag)
    return storage


for form in ("cpu", torch.device("cpu"), {"cuda:0": "cpu"}, stay):
    loaded = torch.load(path, map_location=form, weights_only=True)
    assert {t.device.type for t in loaded["model"].values()} == {"cpu"}
print("asked", len(seen), "times, for the tags", sorted(set(seen)))
assert set(seen) == tags

# %% [markdown]
# For a file whose tags you don't know, on a machine you don't know, let the dictionary be made. This is
# `plan_map_location`: what can stay stays, a GPU that is missing is replaced by the first of its kind, all else goes to
# the CPU.

# %%
from course_lib.devices import plan_map_location

for available in (["cpu"], ["cpu", "cuda:0"], ["cpu", "mps"]):
    print(available, "->", plan_map_location(["cpu", "cuda:1"], available))
assert plan_map_location(tags, ["cpu"]) == {"cpu": "cpu", "cuda:0": "cpu"}
assert attempt(path, map_location=plan_map_location(tags, ["cpu"])) == "loaded"

# %% [markdown]
# Now the server can predict. Its weights are the file's to the last bit, and its answers are those of the machine that
# trained. On a real GPU an image on the edge may fall to the other side, because sums are rounded differently.
# Guessing the most frequent of ten digits would give 0.10.

# %%
saved = torch.load(path, map_location="cpu", weights_only=True)
served = MLP()
served.load_state_dict(saved["model"])
assert all(torch.equal(t, saved["model"][name]) for name, t in served.state_dict().items())

# %%
images, labels = splits.test.tensors
with torch.no_grad():
    here = served.eval()(images).argmax(1)
    there = model.eval()(images.to(device)).argmax(1).cpu()
for where, preds in (("trained on", there), ("server", here)):
    print(f"{where:10}  accuracy {(preds == labels).float().mean().item():.3f}")
assert (here == labels).float().mean() > 0.9 > 0.11 > labels.bincount().max() / len(labels)
assert (here == there).float().mean() >= (0.99 if on_gpu else 1)

# %% [markdown]
# ### What it does not do
#
# `map_location` places the tensors that were read, and nothing else. `load_state_dict` then copies their values into the
# tensors that the model has already, so the model stays where it was. Nor does the default device play a part: that
# one is for tensors that you make, not for those you read.
#
# The device `meta` in this cell will serve us more often. It has no memory: its tensors know their shape and their
# device, and hold no numbers. So we can watch where things go on a machine that has no second device.

# %%
address, loaded = served.layers[1].weight.data_ptr(), saved["model"]["layers.1.weight"]
served.load_state_dict(saved["model"])
assert served.layers[1].weight.data_ptr() == address  # same memory, same device
assert loaded.data_ptr() != address  # not the file's

torch.save({"weight": torch.ones(2)}, folder / "plain.pt")
torch.set_default_device("meta")
made, read = torch.ones(2), torch.load(folder / "plain.pt", weights_only=True)["weight"]
torch.set_default_device(None)
print("made on", made.device.type, "- read to", read.device.type)
assert made.is_meta and read.device.type == "cpu"

# %% [markdown]
# ## Learn: which device is here?
#
# `torch.accelerator` names this machine's accelerator, whoever made it. Ask whether there is one first: without one,
# `current_accelerator()` returns `None`, and in torch 2.6 it raises.

# %%
from course_lib.devices import select_device

there_is_one = torch.accelerator.is_available()
best = torch.accelerator.current_accelerator() if there_is_one else torch.device("cpu")
try:
    unguarded = torch.accelerator.current_accelerator()
except RuntimeError as error:  # torch 2.6
    unguarded = error
print("torch", torch.__version__, "- device:", best, "- without asking first:", unguarded)
assert best == select_device()
assert there_is_one or not isinstance(unguarded, torch.device)

# %% [markdown]
# ## Learn: move a training and go on
#
# Four steps, and their order matters: read to the CPU (done above), fill the model and move it, build the optimizer on
# the moved parameters and fill it, restore the random states last, because building a model draws random numbers.

# %%
moved = MLP()
moved.load_state_dict(saved["model"])
moved.to(device)
its_optimizer = torch.optim.Adam(moved.parameters(), lr=0.01)
its_optimizer.load_state_dict(saved["optimizer"])
set_rng_state(saved["rng"])
state = its_optimizer.state[moved.layers[1].weight]
print({name: str(tensor.device) for name, tensor in state.items()})
assert state["exp_avg"].device == device and state["step"].device.type == "cpu"

# %% [markdown]
# The optimizer's `load_state_dict` carried each moment to the device of its parameter, and let the step counter be. Is
# it the same training? Let the moved one and the original go on for an epoch from the same random state.

# %%
set_rng_state(saved["rng"])
train(moved, its_optimizer, range(3, 4))
set_rng_state(saved["rng"])
train(model, optimizer, range(3, 4))
pairs = zip(moved.state_dict().values(), model.state_dict().values(), strict=True)
difference = max((a - b).abs().max().item() for a, b in pairs)
print("largest difference after another epoch:", difference)
assert difference < 1e-3 if on_gpu else difference == 0

# %% [markdown]
# And the road that only a GPU has. Without `map_location` the file goes to where it came from, and moving a model to
# CUDA keeps its Parameter objects. Without a GPU, this cell says so and shows the refusal again.

# %%
if on_gpu:
    straight = torch.load(path, weights_only=True)
    kept = MLP()
    before = [id(p) for p in kept.parameters()]
    assert straight["model"]["layers.1.weight"].device == device
    assert [id(p) for p in kept.to(device).parameters()] == before
    print(
        "GPU road: loaded straight to", device, "and the same Parameter objects after the move"
    )
else:
    assert "is_available() is False" in attempt(path)
    print("CPU road, nothing else to show:", attempt(path)[:70])

# %% [markdown]
# ## Learn: larger than memory
#
# `mmap=True` maps the file instead of reading it: bytes come in when they are used. Add `map_location="meta"`, and they
# never are: you get names, shapes and dtypes, of a file of any size. Here is one of 40 MB.

# %%
from time import perf_counter

with saved_as("cuda:0"):
    torch.save({"weight": torch.ones(10_000_000)}, folder / "large.pt")
for place, mmap in (("cpu", False), ("cpu", True), ("meta", True)):
    start = perf_counter()
    loaded = torch.load(folder / "large.pt", map_location=place, mmap=mmap, weights_only=True)
    milliseconds = 1000 * (perf_counter() - start)
    print(f"{milliseconds:6.2f} ms   map_location={place!r:7} mmap={mmap}")
assert loaded["weight"].is_meta and loaded["weight"].shape == (10_000_000,)
(folder / "large.pt").unlink()

# %% [markdown]
# ## Trace
#
# One checkpoint, storage by storage, from its tag to the place where it is used. It was recorded while this cell ran.
# Step with Next, or with Tab and Enter.

# %%
from course_lib.lessons.device_mapping import trace_devices

trace_devices()

# %% [markdown]
# ## Explore
#
# A file, a machine, a `map_location`. Find a way to lose the random state without an error, and a dictionary that does
# nothing. For a machine like yours the file is really loaded; for the others the places follow `torch.load`'s rule,
# which the course's tests compare with `torch.load` itself. Tab moves between the buttons, the space bar presses one.

# %%
from course_lib.lessons.device_mapping import device_map

device_map()

# %% [markdown]
# ## Break it: the key that misses
#
# A dictionary is asked for the tag's exact text. `"cuda"` is not `"cuda:0"`, and a key that misses raises nothing: the
# storage goes where the file says. On a machine that has that device you never notice. `meta` is a device that every
# machine has, so here is a file from there.

# %%
file = tagged("meta")
missed = torch.load(file, map_location={"meta:0": "cpu"}, weights_only=True)["weight"]
hit = torch.load(file, map_location={"meta": "cpu"}, weights_only=True)["weight"]
print("key 'meta:0' ->", missed.device, "   key 'meta' ->", hit.device)
assert missed.is_meta and hit.device.type == "cpu"
assert "is_available() is False" in attempt(path, map_location={"cuda": "cpu"})

# %% [markdown]
# With `cuda:0` and no GPU you are lucky: the last line checks that a key that misses ends in the error you know. The
# guard is to take the tags from the file, and to insist that the plan has a key for each.

# %%
for plan in ({"cuda": "cpu"}, plan_map_location(tags, ["cpu"])):
    print(plan, "misses", sorted(tags - plan.keys()) or "nothing")
assert tags <= plan.keys()

# %% [markdown]
# ## Break it: the random state on the GPU
#
# `map_location="cuda"` on a whole checkpoint takes *everything* along, also what belongs on the CPU. For the random
# state you get an error, later and without a word about loading. For Adam's step counter you get nothing at all: it
# stays wherever `map_location` put it. Here `meta` stands for the GPU.

# %%
everything = torch.load(path, map_location="meta", weights_only=True)
try:
    torch.set_rng_state(everything["rng"]["torch"])
except TypeError as error:
    print("random state:", error)
else:
    raise AssertionError("it took a random state from another device")
elsewhere = torch.optim.Adam(MLP().to("meta").parameters())
elsewhere.load_state_dict(everything["optimizer"])
steps = {state["step"].device.type for state in elsewhere.state.values()}
print("step counters, without a word:", steps)
assert everything["rng"]["torch"].is_meta and steps == {"meta"}

# %% [markdown]
# At every step Adam reads each counter as a plain number, and from a GPU a number must be fetched. The guard is the
# habit of reading whole checkpoints with `map_location="cpu"`, or by a plan, which leaves the CPU's storages alone.

# %%
by_plan = torch.load(path, map_location={"cuda:0": "meta"}, weights_only=True)
elsewhere.load_state_dict(by_plan["optimizer"])
state = next(iter(elsewhere.state.values()))
print({name: tensor.device.type for name, tensor in state.items()})
assert state["exp_avg"].is_meta and state["step"].device.type == "cpu"
torch.set_rng_state(by_plan["rng"]["torch"])

# %% [markdown]
# ## Break it: the optimizer built before the move
#
# An optimizer holds the Parameter objects it was given. Some ways to fill or move a model put *new* ones into it. One is
# `assign=True`, which hands the loaded tensors to the model instead of copying them; large models are built on `meta`
# and loaded so. Here such a model gets an optimizer, then its weights, then two epochs of training.

# %%
with torch.device("meta"):
    large = MLP()
too_early = torch.optim.Adam(large.parameters(), lr=0.01)
weights = torch.load(path, map_location="cpu", weights_only=True)["model"]
large.load_state_dict(weights, assign=True)
before = large.layers[1].weight.detach().clone()
train(large, too_early, range(2))
unmoved = torch.equal(before, large.layers[1].weight)
print("two epochs, no error, weights unchanged:", unmoved)
assert unmoved

# %% [markdown]
# Every step ran, on ghosts: Parameters that no model uses and no gradient reaches. The guard compares what the
# optimizer holds with what the model has, and belongs in every script that loads a checkpoint.


# %%
def holds(optimizer, model):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return held == {id(p) for p in model.parameters()}


in_time = torch.optim.Adam(large.parameters(), lr=0.01)
print("built before:", holds(too_early, large), "  built after:", holds(in_time, large))
assert not holds(too_early, large) and holds(in_time, large)

# %% [markdown]
# A plain move can do the same: `.to("meta")` gives the model new Parameters, as a move to some other devices does. And
# where the Parameters survive, as they do on the way to CUDA, the optimizer's state doesn't travel with them. A change
# of dtype shows it without a GPU: same Parameters, and moments that stayed behind.

# %%
holder = its_optimizer.state[moved.layers[1].weight]
moved.double()
print("same Parameters:", holds(its_optimizer, moved), "  moments:", holder["exp_avg"].dtype)
assert holds(its_optimizer, moved) and holder["exp_avg"].dtype == torch.float32
assert moved.layers[1].weight.dtype == torch.float64

# %%
moved.to("meta")
print("after a move to meta:", holds(its_optimizer, moved))
assert not holds(its_optimizer, moved)

# %% [markdown]
# ## Break it: option C at work
#
# Somebody wrote `map_location="cuda"` on a machine with a GPU, and there it never failed. It is an order and no wish:
# even a file that a CPU wrote won't load with it where there is no GPU.

# %%
print("option C, a CPU's file:", attempt(folder / "plain.pt", map_location="cuda")[:76])
print(
    "a plan,   a CPU's file:",
    attempt(folder / "plain.pt", map_location=plan_map_location(["cpu"], ["cpu"])),
)
assert "is_available() is False" in attempt(folder / "plain.pt", map_location="cuda")
assert attempt(folder / "plain.pt") == "loaded"

# %% [markdown]
# ## Recap
#
# **A file names a device for each storage; `map_location` says where to go instead; `.to(device)` and the optimizer's
# `load_state_dict` do the rest.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `torch.load(path, map_location="cpu", weights_only=True)` | `torch.load(path)` | the file may name a device that isn't here |
# | `plan_map_location(tags, available)` | `{"cuda": "cpu"}` | a key that misses the tag raises nothing |
# | random state and Adam's step on the CPU | `map_location="cuda"` for a whole checkpoint | one raises later, the other never |
# | move the model, then build the optimizer, then load its state | the optimizer first | it may train ghosts, and its state stays behind |
# | restore the random states last | first | building a model draws random numbers |
# | `torch.accelerator.is_available()`, then ask which | `"cuda"` in the code | the next machine is another one |
#
# Read more: the PyTorch documentation of
# [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html), of
# [`torch.accelerator`](https://docs.pytorch.org/docs/stable/accelerator.html), and of the
# [`meta` device](https://docs.pytorch.org/docs/stable/meta.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("device_mapping")

# %%
mastery_test("device_mapping")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: load any file anywhere, plan for any machine, mend a training that lost its way in a
# move, and answer the help desk's four messages.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("device_mapping")

# %%
finish("device_mapping")

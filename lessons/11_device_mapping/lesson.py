# %%
import tempfile
from pathlib import Path

import torch

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import digits
from course_lib.models import MLP

folder = Path(tempfile.mkdtemp())
begin("device_mapping")

# %% [markdown]
# ## Why: it loaded on every machine but the customer's
#
# Tensors live on a **device**: `cpu`, or `cuda:0`, which is PyTorch's name for a machine's first NVIDIA GPU.
# `model.to("cuda:0")` moves a model's parameters and buffers there. A small network for the digits was trained so, for
# three epochs, and its state dict saved.

# %%
from course_lib.lessons.device_mapping import gpu_files

print(gpu_files(folder))
path = folder / "weights.pt"
print(f"{path.name}: {path.stat().st_size:,} bytes")
assert b"cuda:0" in path.read_bytes()

# %% [markdown]
# If this machine has an NVIDIA GPU, `gpu_files` has just trained on it. If not, you have files that an H100 wrote by the
# same lines; the course keeps them as they came.
#
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
# Commit to an answer, then see all four tried.

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
# `attempt` calls `torch.load` on a machine that claims to have no GPU, whatever yours has, and returns `"loaded"` or the
# text of the error. What is decided, and how it is said, is PyTorch's own.

# %%
from course_lib.lessons.device_mapping import attempt

options = {
    "A": attempt(path, device="cpu"),
    "B": attempt(path),
    "C": attempt(path, map_location="cuda"),
    "D": attempt(path, map_location=torch.device("cpu")),
}
for letter, result in options.items():
    print(f"{letter}: {result[:88]}")
assert [letter for letter, result in options.items() if result == "loaded"] == ["D"]
came_out("D loads it, and nothing else does")

# %% [markdown]
# There is no `device` argument: A fails whatever is in the file. B goes where the file says, and C where you say; both
# ask for a GPU.
#
# ## Learn: a name beside the bytes
#
# A tensor's bytes lie in its storage (lesson 06). `torch.save` writes the bytes of each storage and, beside them, the
# name of the device it was on. That name is its **tag**. The course's inspector lists the tags without executing
# anything in the file.

# %%
from course_lib.checkpoints.inspection import inspect_file

tensors = inspect_file(path).tensors
for tensor in tensors[:3]:
    print(f"{tensor.device}  {tensor.storage_size_bytes:6,} bytes  {tensor.path}")
assert {tensor.device for tensor in tensors} == {"cuda:0"}

# %% [markdown]
# A file to go on from holds more (lesson 09). The optimizer's state comes along: for each parameter Adam keeps a step
# counter and two running averages, its **moments** `exp_avg` and `exp_avg_sq`. So do the random states. This checkpoint
# was saved at the same moment, on the same GPU.

# %%
training = folder / "training.pt"
by_tag = {}
for tensor in inspect_file(training).tensors:
    by_tag.setdefault(tensor.device, []).append(tensor.path)
for tag, names in by_tag.items():
    print(f"{tag:7} {len(names):2} storages, such as {names[0]} and {names[-1]}")
assert set(by_tag) == {"cpu", "cuda:0"}
assert all("step" in name or "rng" in name for name in by_tag["cpu"])
assert not any("step" in name or "rng" in name for name in by_tag["cuda:0"])

# %% [markdown]
# A training file mixes tags. The weights, the buffers and the moments were on the GPU. Adam's step counters and the
# random states, also that of the GPU's own generator, were on the CPU: that is where PyTorch keeps them unless you ask
# for something else. Remember those two; they come back.
#
# ## Learn: four messages
#
# We need files from other machines, too. `saved_as` has `torch.save` write the tag of another device. Is that a fair
# imitation? Here are the same weights, saved from the CPU as `cuda:0`.

# %%
from course_lib.devices import saved_as

weights = torch.load(path, map_location="cpu", weights_only=True)
with saved_as("cuda:0"):
    torch.save(weights, folder / "imitated.pt")
imitated = [
    (tensor.path, tensor.device) for tensor in inspect_file(folder / "imitated.pt").tensors
]
assert imitated == [(tensor.path, tensor.device) for tensor in tensors]
print(f"{len(imitated)} storages, each tagged as the GPU's own file has it")

# %% [markdown]
# The tag decides which error you get. The files come from a GPU, from a second GPU, from an Apple computer and from an
# accelerator that PyTorch itself doesn't know. The second machine claims one GPU.

# %%
from course_lib.lessons.device_mapping import tagged

messages = {
    "no GPU": attempt(path),
    "one GPU": attempt(tagged("cuda:1", folder), gpus=1),
    "no Apple GPU": attempt(tagged("mps", folder)),
    "unknown": attempt(tagged("npu:0", folder)),
}
for machine, message in messages.items():
    print(f"{machine}:\n  {message}\n")

# %%
apple = torch.backends.mps.is_available()  # an Apple computer takes its own file
assert "on a CUDA device but torch.cuda.is_available() is False" in messages["no GPU"]
assert "on CUDA device 1 but torch.cuda.device_count() is 1" in messages["one GPU"]
assert apple or "Storage device not recognized: mps" in messages["no Apple GPU"]
assert "(tagged with npu:0)" in messages["unknown"]

# %% [markdown]
# `map_location="cpu"` mends them all, and so does a dictionary whose key is the tag. For the second message there is
# something better than the CPU, because that machine has a GPU. `landing` lets a machine claim its devices and says where
# the tensors would go.

# %%
from course_lib.lessons.device_mapping import landing

for tag in ("cuda:1", "mps", "npu:0"):
    file = tagged(tag, folder)
    assert attempt(file, map_location="cpu") == "loaded"
    assert attempt(file, map_location={tag: "cpu"}) == "loaded"
second, one_gpu = tagged("cuda:1", folder), ["cpu", "cuda:0"]
print("on the CPU:", landing(second, one_gpu, map_location="cpu"))
print("on the GPU:", landing(second, one_gpu, map_location={"cuda:1": "cuda:0"}))
assert landing(second, one_gpu, map_location={"cuda:1": "cuda:0"}) == {"cuda:0"}

# %% [markdown]
# The first message says what `is_available()` said, not why. There is no GPU, or it is hidden, as from our server, or
# this PyTorch was built without CUDA: `is_available()` asks the build first. Then `torch.version.cuda` is `None`, and
# another PyTorch is the mend.

# %%
from course_lib.lessons.device_mapping import cuda_is_available

for built in (True, False):
    print(
        "one GPU, built for CUDA:",
        built,
        "- available:",
        cuda_is_available(built_for_cuda=built),
    )
assert cuda_is_available(built_for_cuda=True) and not cuda_is_available(built_for_cuda=False)
print("yours is built for CUDA:", torch.version.cuda)

# %% [markdown]
# A program can read such texts. `re.search` looks for a pattern; `(\d+)` keeps the digits that stand there, one or more.
# What it finds is `None` where the pattern doesn't occur.

# %%
import re

pattern = r"device_count\(\) is (\d+)"
found = re.search(pattern, messages["one GPU"])
print("GPUs on that machine:", int(found[1]))
assert found[1] == "1" and re.search(pattern, messages["no GPU"]) is None

# %% [markdown]
# ### Your turn
#
# Another message that everybody meets: `CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of
# 15.77 GiB of which ...`. Write `full_gpu(message)`:
#
# 1. it returns the number of the GPU that is full, here 3, as an `int`;
# 2. the number may have several digits;
# 3. for any other message it returns `None`.


# %% turn="full_gpu"
import re


def full_gpu(message):
    """The number of the GPU that is out of memory, or None."""
    ### BEGIN SOLUTION
    found = re.search(r"out of memory.* GPU (\d+)", message)
    return int(found[1]) if found else None
    ### END SOLUTION


# %%
check(full_gpu)

# %% [markdown]
# ## Learn: four forms of map_location
#
# `map_location` is a string, a `torch.device`, a dictionary from tag to device, or a function. The first two send
# *everything* to one place. A dictionary touches only the tags it names, and its values are text. A function is called
# for each storage, with the storage and its tag.

# %%
seen = []


def stay(storage, tag):
    seen.append((tag, storage.device.type))
    return storage


for form in ("cpu", torch.device("cpu"), {"cuda:0": "cpu"}, stay):
    loaded = torch.load(training, map_location=form, weights_only=True)
    assert {t.device.type for t in loaded["model"].values()} == {"cpu"}
print("asked", len(seen), "times:", sorted(set(seen)))
assert set(seen) == {("cpu", "cpu"), ("cuda:0", "cpu")}
no_text = attempt(path, map_location={"cuda:0": torch.device("cpu")})
assert no_text.startswith(("TypeError", "AttributeError"))

# %% [markdown]
# Each storage was in main memory when the function got it, whatever its tag. To return it is to leave it there; `None`
# says: where the tag says. Views share a storage: one call for both, if you leave it here.

# %%
calls, row = [], torch.ones(6)
torch.save({"row": row, "table": row.view(2, 3)}, folder / "views.pt")
torch.load(
    folder / "views.pt", map_location=lambda storage, tag: calls.append(storage.nbytes())
)
print("two tensors, calls:", len(calls), " bytes:", calls)
assert calls == [6 * 4]
assert "is_available() is False" in attempt(path, map_location=lambda storage, tag: None)

# %% [markdown]
# ### Your turn
#
# How much of a file would go to which device? Write `bytes_by_tag(path)`:
#
# 1. it returns a dictionary from each tag in the file to the bytes of all storages with that tag (`storage.nbytes()`);
# 2. it works on any machine: nothing is sent to a device that isn't here;
# 3. a storage that several tensors share counts once.


# %% turn="bytes_by_tag"
def bytes_by_tag(path):
    """Tag -> bytes of the storages that carry it."""
    ### BEGIN SOLUTION
    total = {}

    def note(storage, tag):
        total[tag] = total.get(tag, 0) + storage.nbytes()
        return storage

    torch.load(path, map_location=note, weights_only=True)
    return total
    ### END SOLUTION


# %%
check(bytes_by_tag)

# %% [markdown]
# For a file whose tags you don't know, on a machine you don't know, let the dictionary be made. This is
# `plan_map_location`: what can stay stays, a GPU that is missing is replaced by the first of its kind, all else goes to
# the CPU. The kind is what stands before the colon.

# %%
from course_lib.devices import plan_map_location

kind, _, number = "cuda:1".partition(":")
print("kind", kind, "number", number)
for available in (["cpu"], ["cpu", "cuda:0"], ["cpu", "mps"]):
    print(available, "->", plan_map_location(["cpu", "cuda:1"], available))
plan = plan_map_location(by_tag, ["cpu"])
assert plan == {"cpu": "cpu", "cuda:0": "cpu"}
assert attempt(training, map_location=plan) == "loaded"

# %% [markdown]
# Now the server can predict. Guessing the most frequent of ten digits would give 0.10.

# %%
images, labels = digits().test.tensors
served = MLP(hidden=32, dropout=0.0)
served.load_state_dict(weights)
with torch.no_grad():
    logits = served.eval()(images)
accuracy = (logits.argmax(1) == labels).float().mean().item()
guessing = (labels.bincount().max() / len(labels)).item()
print(f"accuracy {accuracy:.3f}, guessing {guessing:.2f}")
assert all(torch.equal(t, weights[name]) for name, t in served.state_dict().items())
assert accuracy > 0.9 and round(guessing, 2) == 0.10

# %% [markdown]
# The weights are the file's to the last bit. The logits are the GPU's only up to rounding: a sum of floats depends on the
# order of its terms, and another device takes another order. So may another batch size, on the same device. Then an
# image on the edge can fall to the other side, and equal accuracies don't prove equal answers (lesson 12).

# %%
a, b, c = torch.tensor([1e8, -1e8, 1.0])
print("two orders:", ((a + b) + c).item(), "and", (a + (b + c)).item())
assert (a + b) + c == 1 and a + (b + c) == 0
with torch.no_grad():
    one_by_one = torch.cat([served(image) for image in images.split(1)])
print("largest difference, one by one:", (one_by_one - logits).abs().max().item())
assert torch.allclose(one_by_one, logits, atol=1e-4)

# %% [markdown]
# ### What it does not do
#
# `map_location` places the tensors that were read, and nothing else. `load_state_dict` then copies their values into the
# tensors that the model has already, so the model stays where it was.

# %%
address, loaded = served.layers[1].weight.data_ptr(), weights["layers.1.weight"]
served.load_state_dict(weights)
print("same memory as before:", served.layers[1].weight.data_ptr() == address)
assert served.layers[1].weight.data_ptr() == address != loaded.data_ptr()

# %% [markdown]
# The device `meta` has no memory: its tensors know their shape and dtype, and hold no numbers. Every machine has it, so
# with it we can watch where things go. A function sends a storage there, or anywhere, by `default_restore_location`. The
# default device is for tensors that you make, not for those you read.

# %%
torch.save({"weight": torch.ones(2)}, folder / "plain.pt")
torch.set_default_device("meta")
made, read = torch.ones(2), torch.load(folder / "plain.pt", weights_only=True)["weight"]
torch.set_default_device(None)
print("made on", made.device.type, "- read to", read.device.type)
send = lambda storage, tag: torch.serialization.default_restore_location(storage, "meta")
sent = torch.load(folder / "plain.pt", map_location=send, weights_only=True)["weight"]
assert made.is_meta and read.device.type == "cpu" and sent.is_meta

# %% [markdown]
# ## Learn: which device is here?
#
# `torch.accelerator` names this machine's accelerator, whoever made it. But `current_accelerator()` says what your
# *build* of PyTorch is for. Built for CUDA, it says `cuda` on a machine without a GPU, too. So ask first whether one is
# available; `select_device` does.

# %%
from course_lib.devices import select_device
from course_lib.lessons.device_mapping import cuda_build_without_a_gpu

with cuda_build_without_a_gpu():
    named, available = torch.accelerator.current_accelerator(), torch.accelerator.is_available()
    chosen = select_device()
print("named:", named, "  available:", available, "  chosen:", chosen)
assert str(named) == "cuda" and not available and chosen.type == "cpu"
device = select_device()
print("here, torch", torch.__version__, "chooses", device)
assert torch.ones(2, device=device).sum() == 2

# %% [markdown]
# ## Learn: move a training and go on
#
# Four steps: read to the CPU; fill the model and move it; build the optimizer on the moved parameters and fill it;
# restore the random states last, because building a model draws random numbers.

# %%
saved = torch.load(training, map_location="cpu", weights_only=True)
moved = MLP(hidden=32, dropout=0.0)
moved.load_state_dict(saved["model"])
moved.to(device)
optimizer = torch.optim.Adam(moved.parameters(), lr=0.01)
optimizer.load_state_dict(saved["optimizer"])
torch.set_rng_state(saved["rng"])
assert torch.equal(torch.get_rng_state(), saved["rng"])
MLP()  # one more model, and the state is another
assert not torch.equal(torch.get_rng_state(), saved["rng"])

# %% [markdown]
# Is it the same training? The GPU took one more step, and saved what came of it. The moved training takes that step here,
# and so does a third, which gets the weights and a new optimizer.

# %%
from course_lib.lessons.device_mapping import one_step

saved = torch.load(training, map_location="cpu", weights_only=True)  # to begin anew each time
moved.load_state_dict(saved["model"])
optimizer.load_state_dict(saved["optimizer"])
forgetful = MLP(hidden=32, dropout=0.0)
forgetful.load_state_dict(saved["model"])
one_step(moved, optimizer)
one_step(forgetful, torch.optim.Adam(forgetful.parameters(), lr=0.01))

# %%
gpus = torch.load(folder / "next.pt", map_location="cpu", weights_only=True)["layers.5.weight"]
here, new = (net.layers[5].weight.detach().cpu() for net in (moved, forgetful))
print("last layer, moved:              ", (here - gpus).abs().max().item(), "from the GPU's")
print("last layer, without its moments:", (new - gpus).abs().max().item(), "from the GPU's")
assert (here - gpus).abs().max() < 1e-4 and (new - gpus).abs().max() > 1e-3

# %% [markdown]
# The moved training takes the GPU's step up to rounding, which grows as it goes on. Without the moments it is another
# training.
#
# Who carried the moments? `optimizer.load_state_dict` sends each to the device of its parameter, and lets the step
# counter be, unless the training was `fused` or `capturable`, Adam's settings for speed. On `meta` you can see it.

# %%
elsewhere = torch.optim.Adam(MLP(hidden=32).to("meta").parameters())
elsewhere.load_state_dict(saved["optimizer"])
state = next(iter(elsewhere.state.values()))
print({name: tensor.device.type for name, tensor in state.items()})
assert state["exp_avg"].is_meta and state["exp_avg_sq"].is_meta and state["step"].is_cpu
for setting in ("fused", "capturable"):
    groups = [group | {setting: True} for group in saved["optimizer"]["param_groups"]]
    other = torch.optim.Adam(elsewhere.param_groups[0]["params"])
    other.load_state_dict(saved["optimizer"] | {"param_groups": groups})
    assert all(state["step"].is_meta for state in other.state.values())

# %% [markdown]
# ### Your turn
#
# No file this time: a training that runs is moved in the middle. Write
# `move_live(model, optimizer, build_optimizer, device)`:
#
# 1. the model is on `device` afterwards;
# 2. it returns a new optimizer, from `build_optimizer(parameters)`, which holds the model's parameters as they are now;
# 3. the new optimizer has the old one's state and learning rate (`state_dict()`), the state beside its parameters.


# %% turn="move_live"
def move_live(model, optimizer, build_optimizer, device):
    """Move a running training; returns the optimizer to go on with."""
    ### BEGIN SOLUTION
    state = optimizer.state_dict()
    model.to(device)
    moved = build_optimizer(model.parameters())
    moved.load_state_dict(state)
    return moved
    ### END SOLUTION


# %%
check(move_live)

# %% [markdown]
# ### The GPU's own dice
#
# A GPU draws from a generator of its own. Its state came along in the file, and the CPU's generator can't take it: the
# format is another. So dropout's draws can't be continued on another kind of device.

# %%
print("CPU's state:", saved["rng"].numel(), "bytes   GPU's:", saved["gpu_rng"].numel(), "bytes")
try:
    torch.set_rng_state(saved["gpu_rng"])
    refused = False
except RuntimeError as error:
    refused = True
    print(error)
assert refused

# %% [markdown]
# With a GPU, the next cell replays its draws and shows which of the two states does it. Without one it says so.

# %%
if torch.cuda.is_available():
    torch.cuda.set_rng_state(saved["gpu_rng"])
    first = torch.rand(3, device="cuda")
    torch.set_rng_state(saved["rng"])  # the CPU's state: no help
    assert not torch.equal(first, torch.rand(3, device="cuda"))
    torch.cuda.set_rng_state(saved["gpu_rng"])
    assert torch.equal(first, torch.rand(3, device="cuda"))
    print("your GPU's draws came back with its own state, and not with the CPU's")
else:
    print("no GPU here to draw on")

# %% [markdown]
# ### An aside: larger than memory
#
# `mmap=True` maps the file, and bytes come in when they are used. To see that, the file is changed *after* loading. With
# `map_location="meta"` as well you get names, shapes and dtypes of a file of any size.

# %%
mapped_file = folder / "mapped.pt"
torch.save({"weight": torch.full((1000,), 7.0)}, mapped_file)
read = torch.load(mapped_file, weights_only=True)["weight"]
lazy = torch.load(mapped_file, mmap=True, weights_only=True)["weight"]
sevens, eights = (torch.full((1000,), n).numpy().tobytes() for n in (7.0, 8.0))
changed = mapped_file.read_bytes().replace(sevens, eights)
with open(mapped_file, "r+b") as file:
    file.write(changed)
print("read at once:", read[0].item(), "  mapped:", lazy[0].item())
assert read[0] == 7 and lazy[0] == 8
shapes = torch.load(mapped_file, map_location="meta", mmap=True, weights_only=True)
assert shapes["weight"].is_meta and shapes["weight"].shape == (1000,)

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
# A dictionary is asked for the tag's exact text. A key that misses raises nothing: the storage goes where the file says.
# Where that device is there, you never notice. Here the tag is `cpu`, and the key `cpu:0`.

# %%
plain = folder / "plain.pt"
missed = torch.load(plain, map_location={"cpu:0": "meta"}, weights_only=True)["weight"]
hit = torch.load(plain, map_location={"cpu": "meta"}, weights_only=True)["weight"]
print("key 'cpu:0' ->", missed.device, "   key 'cpu' ->", hit.device)
assert missed.is_cpu and hit.is_meta
assert "is_available() is False" in attempt(path, map_location={"cuda": "cpu"})

# %% [markdown]
# With `cuda:0`, the key `cuda` and no GPU you are lucky: the last line checks that it ends in the error you know. The
# guard takes the tags from the file, and insists that the plan has a key for each.

# %%
for candidate in ({"cuda": "cpu"}, plan_map_location(by_tag, ["cpu"])):
    print(candidate, "misses", sorted(by_tag.keys() - candidate.keys()) or "nothing")
assert by_tag.keys() <= candidate.keys()

# %% [markdown]
# ## Break it: the random state on the GPU
#
# `map_location="cuda"` on a whole checkpoint takes *everything* along, also what belongs on the CPU. For the random
# state you get an error, later and without a word about loading. For Adam's step counter you get nothing at all: it
# stays wherever `map_location` put it. Here `meta` stands for the GPU.

# %%
everything = torch.load(training, map_location="meta", weights_only=True)
try:
    torch.set_rng_state(everything["rng"])
    refused = False
except TypeError as error:
    refused = True
    print("random state:", error)
elsewhere.load_state_dict(everything["optimizer"])
steps = {state["step"].device.type for state in elsewhere.state.values()}
print("step counters, without a word:", steps)
assert refused and steps == {"meta"}

# %% [markdown]
# Adam reads each counter as a plain number at every step, and a number that lies elsewhere has to be fetched. From
# `meta` it can't be, so there you can see it ask.

# %%
tiny = torch.nn.Linear(2, 2)
adam = torch.optim.Adam(tiny.parameters())
tiny(torch.ones(1, 2)).sum().backward()
adam.step()
adam.state[tiny.weight]["step"] = adam.state[tiny.weight]["step"].to("meta")
try:
    adam.step()
    asked = False
except (RuntimeError, NotImplementedError) as error:
    asked = True
    print(error)
assert asked

# %% [markdown]
# The guard is the habit of reading whole checkpoints with `map_location="cpu"`, or by a plan, which leaves the CPU's
# storages alone.

# %%
by_plan = torch.load(training, map_location={"cuda:0": "meta"}, weights_only=True)
elsewhere.load_state_dict(by_plan["optimizer"])
steps = {state["step"].device.type for state in elsewhere.state.values()}
torch.set_rng_state(by_plan["rng"])
print(
    "step counters:", steps, "  moments:", elsewhere.state_dict()["state"][0]["exp_avg"].device
)
assert steps == {"cpu"} and elsewhere.state_dict()["state"][0]["exp_avg"].is_meta

# %% [markdown]
# ## Break it: the optimizer built before the move
#
# An optimizer holds the Parameter objects it was given. Some ways to fill or move a model put *new* ones into it. One is
# `assign=True`, which hands the loaded tensors to the model instead of copying them; large models are built on `meta`
# and loaded so. Here such a model gets an optimizer, then its weights, then two epochs of training.

# %%
from course_lib.lessons.device_mapping import train

with torch.device("meta"):
    large = MLP(hidden=32)
too_early = torch.optim.Adam(large.parameters(), lr=0.01)
large.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
before = large.layers[1].weight.detach().clone()
train(large, too_early, range(2))
unmoved = torch.equal(before, large.layers[1].weight)
print("two epochs, no error, weights unchanged:", unmoved)
assert unmoved

# %% [markdown]
# Every step ran, on **ghosts**: Parameters that no model uses and no gradient reaches. The guard counts what the
# optimizer holds and the model has not. The other way round is no mistake: an optimizer for the head alone holds less
# than the model has.


# %%
def ghosts(optimizer, model):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return len(held - {id(p) for p in model.parameters()})


in_time = torch.optim.Adam(large.parameters(), lr=0.01)
head = torch.optim.Adam(large.layers[5].parameters(), lr=0.01)
counts = [ghosts(one, large) for one in (too_early, in_time, head)]
print("ghosts: built before", counts[0], "- after", counts[1], "- for the head", counts[2])
assert counts == [6, 0, 0]

# %% [markdown]
# A plain move can do the same: `.to("meta")` gives the model new Parameters. Where the Parameters survive, the
# optimizer's state still doesn't travel with them. A change of dtype shows that without a GPU.

# %%
net = torch.nn.Linear(2, 2)
adam = torch.optim.Adam(net.parameters())
net(torch.ones(1, 2)).sum().backward()
adam.step()
net.double()
moment = adam.state[net.weight]["exp_avg"]
print("after double():", ghosts(adam, net), "ghosts;", net.weight.dtype, "and", moment.dtype)
assert ghosts(adam, net) == 0 and net.weight.dtype != moment.dtype == torch.float32
net.to("meta")
print("after to('meta'):", ghosts(adam, net), "ghosts")
assert ghosts(adam, net) == 2

# %% [markdown]
# ## Break it: option C at work
#
# Somebody wrote `map_location="cuda"` on a machine with a GPU, and there it never failed. It is an order and no wish:
# even a file that a CPU wrote won't load with it where there is no GPU.

# %%
by_order = attempt(plain, map_location="cuda")
print("option C, a CPU's file:", by_order[:76])
print(
    "a plan,   a CPU's file:", attempt(plain, map_location=plan_map_location(["cpu"], ["cpu"]))
)
assert "is_available() is False" in by_order and attempt(plain) == "loaded"

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
# | random state and Adam's step on the CPU | `map_location="cuda"` for a whole checkpoint | one raises later, the other doesn't |
# | move the model, then build the optimizer, then load its state | the optimizer first | it may train ghosts, and its state stays behind |
# | restore the random states last | first | building a model draws random numbers |
# | `torch.accelerator.is_available()`, then ask which | `current_accelerator()` alone | it says what the build is for |
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

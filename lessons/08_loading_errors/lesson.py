# %%
import copy
import tempfile
from pathlib import Path

import torch
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits
from course_lib.evaluation import evaluate
from course_lib.models import MLP
from course_lib.training import fit

begin("loading_errors")

# %% [markdown]
# ## Why: the error went away, and so did the model
#
# We train a small network on digits. The training script wraps it in `nn.DataParallel`, as scripts for several GPUs
# do, and saves the state_dict.

# %%
folder = Path(tempfile.mkdtemp())
splits = digits()
validation = batches(splits.validation, 360)
training = batches(splits.train, 64, shuffle=True, seed=0)
torch.manual_seed(0)
model = MLP(hidden=32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
fit(model, training, optimizer, nn.CrossEntropyLoss(), epochs=10, progress=False)
model.eval()
trained = evaluate(model, validation).accuracy
wrapped = nn.DataParallel(copy.deepcopy(model))
torch.save(wrapped.state_dict(), folder / "wrapped.pt")

# %% [markdown]
# On the server somebody loads the file into a new network. It raises.

# %%
state = torch.load(folder / "wrapped.pt", map_location="cpu", weights_only=True)
torch.manual_seed(1)
served = MLP(hidden=32)
try:
    served.load_state_dict(state)
except RuntimeError as error:
    message = str(error)
else:
    raise AssertionError("it loaded")
print(message[:60], "...")

# %% [markdown]
# A search finds an answer: `strict=False`. It no longer raises.

# %%
report = served.load_state_dict(state, strict=False)
found = evaluate(served, validation).accuracy
print(f"trained: {trained:.3f}   served: {found:.3f}   guessing: 0.100")
assert trained > 0.9 and found < 0.35

# %% [markdown]
# ## Predict
#
# The report says which names were missing and which unexpected. The network has nine tensors.

# %%
predict(
    "How many of the nine tensors came from the file?",
    ["None", "The three buffers", "The four that belong to linear layers", "All nine"],
)

# %%
own = served.state_dict()
loaded = [name for name in own if name in state]
print(len(report.missing_keys), "missing,", len(report.unexpected_keys), "unexpected")
came_out(f"{len(loaded)} of {len(own)} tensors were loaded")
assert loaded == [] and len(own) == len(report.unexpected_keys) == 9
forgiven = [name for name in own if name not in report.missing_keys]
assert forgiven == ["layers.2.num_batches_tracked"]

# %% [markdown]
# ## Learn: read both lists
#
# (Eight are missing, not nine: PyTorch forgives batch norm's counter in a file that looks old. *Versions*, below, says
# when.) The error that was silenced had said it all. **Missing** are the names that the model has and the file lacks.
# **Unexpected** are those that the file has and the model lacks. Most people read the first list and stop. The cause
# is seen where the two stand side by side.

# %%
missing = [name for name in own if name not in state]
unexpected = [name for name in state if name not in own]
for ours, theirs in list(zip(missing, unexpected))[:3]:
    print(f"{ours:24} {theirs}")
assert [n for n in missing if n not in forgiven] == report.missing_keys
assert unexpected == report.unexpected_keys
assert all(theirs == f"module.{ours}" for ours, theirs in zip(missing, unexpected))

# %% [markdown]
# `explain` takes an error's text, or a whole traceback that you paste, and names the section of the course that
# treats it. Try it with an error of your own.

# %%
from course_lib.classroom import explain

explanation = explain(message)
print(explanation)
assert '"module." comes from DataParallel' in str(explanation)

# %% [markdown]
# A third kind of trouble stands below the two lists: a name that both have, with another shape. There are three
# findings then: missing, unexpected, mismatched.

# %%
try:
    MLP(hidden=16).load_state_dict(model.state_dict())
except RuntimeError as error:
    lines = str(error).splitlines()[1:]
else:
    raise AssertionError("it took other shapes")
print(len(lines), "mismatched. The first:", lines[0].strip())
assert all("size mismatch for" in line for line in lines) and len(lines) == 7

# %% [markdown]
# ### Your turn
#
# An error's text is awkward to compute with. Write `both_lists(model, state)`:
#
# 1. it returns a tuple of two lists: the missing names, then the unexpected ones;
# 2. the missing ones stand in the order of the model's state_dict, the unexpected ones in that of `state`;
# 3. it loads nothing: model and `state` stay as they are.


# %% turn="both_lists"
def both_lists(model, state):
    """The names that only the model has, and those that only the file has."""
    ### BEGIN SOLUTION
    own = model.state_dict()
    return [name for name in own if name not in state], [n for n in state if n not in own]
    ### END SOLUTION


# %%
check(both_lists)

# %% [markdown]
# ## Learn: prefixes
#
# A wrapper is a module that holds yours as an attribute, and the attribute's name stands before each of your names.
# Four that you will meet: for several GPUs; for faster code; a class of your own that has the network as its attribute
# `model`, as is usual in the library Lightning; and `AveragedModel`, which keeps the mean of the weights of several steps.


# %%
class Task(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.model = network


layer = nn.Linear(2, 2)
averaged = torch.optim.swa_utils.AveragedModel(layer)
for wrapper in (nn.DataParallel(layer), torch.compile(layer, backend="eager"), Task(layer)):
    print(f"{type(wrapper).__name__:16}", list(wrapper.state_dict()))
print(f"{'AveragedModel':16}", list(averaged.state_dict()))
assert list(torch.compile(layer, backend="eager").state_dict())[0] == "_orig_mod.weight"
assert list(Task(layer).state_dict()) == ["model.weight", "model.bias"]
assert list(averaged.state_dict()) == ["n_averaged", "module.weight", "module.bias"]

# %% [markdown]
# `DistributedDataParallel`, the relative of `DataParallel` for several processes, writes `module.` as well. Here is one
# with a single process; the two lines around it only open and close the group of processes. An averaged model has an entry more, the count of models in it.

# %%
import torch.distributed as dist

dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
names = list(nn.parallel.DistributedDataParallel(nn.Linear(2, 2)).state_dict())
dist.destroy_process_group()
print(names)
assert names == ["module.weight", "module.bias"]

# %% [markdown]
# The best cure is at the source: save the model inside, `wrapper.module.state_dict()`. `model.compile()`, which
# compiles in place, adds no prefix at all. For a file that exists, take the prefix off with `removeprefix`.

# %%
plain = nn.Linear(2, 2)
plain.compile(backend="eager")
assert (
    list(plain.state_dict())
    == list(wrapped.module.layers[5].state_dict())
    == ["weight", "bias"]
)
mended = {name.removeprefix("module."): tensor for name, tensor in state.items()}
served.load_state_dict(mended)
after = evaluate(served, validation).accuracy
print(f"trained: {trained:.3f}   served: {after:.3f}")
assert after == trained

# %% [markdown]
# Two other ways of taking it off look the same and aren't. `replace` also hits the middle of a name. `lstrip` takes
# a set of letters, and eats what follows the prefix.

# %%
name = "module.decoder.submodule.weight"
ways = name.removeprefix("module."), name.replace("module.", ""), name.lstrip("module.")
print(*ways, sep="\n")
assert ways == ("decoder.submodule.weight", "decoder.subweight", "coder.submodule.weight")

# %% [markdown]
# The course's `compare_state_dicts(expected, got)` reads the two lists for you. It lists every difference, and its
# `hints` say what the likely reason is.

# %%
from course_lib.checkpoints import compare_state_dicts

comparison = compare_state_dicts(model.state_dict(), state)
print(comparison.hints[0])
assert "every key starts with 'module.'" in comparison.hints[0]

# %% [markdown]
# ### Your turn
#
# The other direction: out of a large model's state_dict you want one part, to load into a model that is only that
# part. Write `part_of(state, part)`:
#
# 1. it returns a dictionary with the entries whose names begin with `part` and a dot, without these;
# 2. no other entry is in it: not that of a part whose name merely begins alike, such as `encoder2.weight`;
# 3. `part` may have dots itself, such as `"net.encoder"`; `state` stays as it is.


# %% turn="part_of"
def part_of(state, part):
    """The entries below `part`, by their names inside it."""
    ### BEGIN SOLUTION
    prefix = f"{part}."
    return {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
    ### END SOLUTION


# %%
check(part_of)

# %% [markdown]
# ## Learn: renumbered, and wrapped in a dictionary
#
# In an `nn.Sequential` the names are positions. Put a layer without parameters between two others, and the names of
# all that follow move on by one. Nothing that was learned has changed.

# %%
old = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
new = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(), nn.Linear(3, 4))
comparison = compare_state_dicts(new.state_dict(), old.state_dict())
print(comparison)
assert comparison.missing == ("3.bias", "3.weight")
assert comparison.unexpected == ("2.bias", "2.weight")

# %% [markdown]
# Give the entries their new names, by a rule that you write down. Pairing old and new names by position, with `zip`,
# is shorter and trusts the order: if two layers of the same shape were swapped, it loads them swapped, and nothing is
# said. (A layer that is an attribute, in place of a number in a Sequential, keeps its name.)

# %%
rule = {"2.": "3."}
renamed = {rule.get(name[:2], name[:2]) + name[2:]: t for name, t in old.state_dict().items()}
new.load_state_dict(renamed)
print("the last layer came along:", torch.equal(new[3].weight, old[2].weight))
assert torch.equal(new[3].weight, old[2].weight)

# %%
first, second = nn.ModuleDict(), nn.ModuleDict()
for part in ("down", "up"):
    first[part] = nn.Linear(2, 2)
for part in ("up", "down"):
    second[part] = nn.Linear(2, 2)
second.load_state_dict(dict(zip(second.state_dict(), first.state_dict().values())))
print(
    "'up' holds the weights of 'down':", torch.equal(second["up"].weight, first["down"].weight)
)
assert torch.equal(second["up"].weight, first["down"].weight)

# %% [markdown]
# When every name is missing and the unexpected ones are words such as `epoch`, the file holds a dictionary *around*
# the state_dict. The hint looks inside.

# %%
checkpoint = {"epoch": 10, "model_state_dict": model.state_dict()}
comparison = compare_state_dicts(model.state_dict(), checkpoint)
print(comparison.hints[0])
assert comparison.unexpected == ("epoch", "model_state_dict")
assert "it['model_state_dict']" in comparison.hints[0]

# %% [markdown]
# ## Learn: a part of the file, on purpose
#
# Sometimes names *should* differ: you keep what was learned about digits and want another last layer, for the
# question "even or odd?". `strict=False` forgives names. It never forgives shapes.

# %%
even_or_odd = MLP(hidden=32, classes=2)
try:
    even_or_odd.load_state_dict(model.state_dict(), strict=False)
except RuntimeError as error:
    mismatched = [line.split(":")[0].split()[-1] for line in str(error).splitlines()[1:]]
else:
    raise AssertionError("it took other shapes")
print("strict=False, and still an error about", mismatched)
assert mismatched == ["layers.5.weight", "layers.5.bias"]

# %% [markdown]
# ### Your turn
#
# So choose what to load before you load it. Write `fitting(model, state)`:
#
# 1. it returns a dictionary with those entries of `state` whose name and shape are the model's;
# 2. it loads nothing: model and `state` stay as they are.


# %% turn="fitting"
def fitting(model, state):
    """The entries of `state` that the model can take."""
    ### BEGIN SOLUTION
    own = model.state_dict()
    return {n: t for n, t in state.items() if n in own and own[n].shape == t.shape}
    ### END SOLUTION


# %%
check(fitting)

# %% [markdown]
# A partial load needs two things that `strict=False` doesn't give you: a report that somebody reads, and a **floor**,
# the share of the entries below which it is an error. With a floor, the load from the beginning of this lesson would
# have stopped.


# %%
def share_that_fits(model, state):
    own = model.state_dict()
    fits = [n for n, t in state.items() if n in own and own[n].shape == t.shape]
    return len(fits) / len(own)


for source in (model.state_dict(), state):
    share = share_that_fits(even_or_odd, source)
    print(f"{share:.0%} of the entries fit:", "load" if share >= 0.5 else "refuse")
assert share == 0 and 0.77 < share_that_fits(even_or_odd, model.state_dict()) < 0.78

# %% [markdown]
# ## Trace
#
# A load, name by name, that ends in an error: the file's head has five classes where the model has two, and one name
# is another. Watch what is in the model at the end.

# %%
from course_lib.lessons.loading_errors import trace_load

trace_load()

# %% [markdown]
# ## Explore
#
# A file on the left, a model on the right, and lines between the names that meet. Find a pair that loads without
# an error, and loads nothing. Then one that all three calls refuse.

# %%
from course_lib.lessons.loading_errors import side_by_side

side_by_side()

# %% [markdown]
# ## Break it: the failed load that copied half
#
# You have seen it in the trace. A service catches the error and goes on with the model it has. That model is neither
# the old one nor the new one.

# %%
service, newer = copy.deepcopy(model), copy.deepcopy(model)
with torch.no_grad():
    for parameter in newer.parameters():
        parameter.mul_(-1)
broken = {**newer.state_dict(), "layers.5.bias": torch.zeros(9)}
try:
    service.load_state_dict(broken)
except RuntimeError:
    mixed = evaluate(service, validation).accuracy
print(f"before the failed load {trained:.3f}, after it {mixed:.3f}")
assert torch.equal(service.layers[1].weight, newer.layers[1].weight)
assert torch.equal(service.layers[5].bias, model.layers[5].bias) and mixed < trained - 0.1

# %% [markdown]
# The guard: load into a new model, and put it in the old one's place when the load has come through.

# %%
service, candidate = copy.deepcopy(model), MLP(hidden=32).eval()
try:
    candidate.load_state_dict(broken)
    service = candidate
except RuntimeError:
    print("kept the old model")
assert evaluate(service, validation).accuracy == trained

# %% [markdown]
# ## Break it: float16 says nothing
#
# To save space somebody stored the weights in `float16`. The model has `float32`. `load_state_dict` converts without
# a word: the names fit, the shapes fit, and the dtype afterwards is the model's. The digits that were rounded away
# stay away. In the other direction a large value becomes infinite.

# %%
half = {n: t.half() if t.is_floating_point() else t for n, t in model.state_dict().items()}
rounded = MLP(hidden=32).eval()
print(rounded.load_state_dict(half))
difference = (rounded.layers[1].weight - model.layers[1].weight).abs().max().item()
print(f"dtype {rounded.layers[1].weight.dtype}, weights differ by up to {difference:.0e}")
assert rounded.layers[1].weight.dtype == torch.float32 and difference > 0
small = nn.Linear(1, 1).half()
small.load_state_dict({"weight": torch.tensor([[70000.0]]), "bias": torch.zeros(1)})
assert small.weight.isinf().all()

# %% [markdown]
# The guard compares dtypes before the load; afterwards there is nothing left to see.

# %%
dtypes = compare_state_dicts(rounded.state_dict(), half).dtypes
print(len(dtypes), "entries in another dtype, e.g.", dtypes.get("layers.1.weight"))
assert len(dtypes) == 8 and dtypes["layers.1.weight"] == (torch.float32, torch.float16)

# %% [markdown]
# ## Break it: GELU for ReLU
#
# Names and shapes are all that is compared. A square matrix that was transposed has the same shape, and batch norm's
# `eps`, the small number that it adds to the variance, is in no state_dict.

# %%
square, other = nn.Linear(2, 2), nn.Linear(2, 2)
other.load_state_dict({"weight": square.weight.detach().T, "bias": square.bias.detach()})
print("the transposed matrix:", torch.equal(other.weight, square.weight.T))
assert torch.equal(other.weight, square.weight.T)
assert list(nn.BatchNorm1d(2, eps=1).state_dict()) == list(nn.BatchNorm1d(2).state_dict())

# %% [markdown]
# ReLU and GELU, a smooth relative of it, have no entries either. Here the code has GELU where the training had ReLU.

# %%
smooth = MLP(hidden=32)
smooth.layers[3] = nn.GELU()
print(smooth.load_state_dict(model.state_dict()))
sharp, soft = evaluate(model, validation), evaluate(smooth, validation)
changed = (sharp.logits.argmax(1) != soft.logits.argmax(1)).sum().item()
print(f"ReLU {sharp.accuracy:.3f}   GELU {soft.accuracy:.3f}   other answers: {changed} of 360")
assert abs(sharp.accuracy - soft.accuracy) < 0.02 and changed > 0

# %% [markdown]
# The accuracy hardly moves, so nobody looks, and answers have changed. The guard is a fixed batch whose logits are
# saved beside the weights. After the load, ask again and compare.

# %%
batch = splits.validation.tensors[0][:8]
with torch.no_grad():
    kept = {"inputs": batch, "logits": model(batch)}
    off = (smooth.eval()(kept["inputs"]) - kept["logits"]).abs().max().item()
print(f"logits differ by up to {off:.2f}")
assert not torch.allclose(smooth(batch), kept["logits"], atol=1e-4)
assert torch.allclose(model(batch), kept["logits"], atol=1e-4)

# %% [markdown]
# ## Learn: meta, assign, mmap
#
# A large model is filled with random numbers, and then a load overwrites them all. On the **meta** device a tensor has
# a shape and no numbers, and costs no memory. `assign=True` puts the file's tensors into the model, where a plain
# load would copy numbers into tensors that can hold none. And `mmap=True` leaves the numbers in the file until they
# are used.

# %%
torch.save(model.state_dict(), folder / "weights.pt")
with torch.device("meta"):
    empty = MLP(hidden=32)
mapped = torch.load(folder / "weights.pt", mmap=True, map_location="cpu", weights_only=True)
assert empty.layers[1].weight.is_meta
empty.load_state_dict(mapped, assign=True)
assert empty.layers[1].weight.data_ptr() == mapped["layers.1.weight"].data_ptr()
after = evaluate(empty, validation).accuracy
print(f"accuracy {after:.3f}, and no number was copied")
assert after == trained

# %% [markdown]
# Without `assign` the load into a meta model does nothing. This time PyTorch warns.

# %%
import warnings

with torch.device("meta"):
    empty = MLP(hidden=32)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    empty.load_state_dict(dict(mapped))
print(*(str(warning.message)[-60:] for warning in caught[:1]))
assert empty.layers[1].weight.is_meta and "no-op" in str(caught[0].message)

# %% [markdown]
# ## Break it: assign orphans the optimizer
#
# An optimizer holds the parameters that it was given. `assign=True` gives the model other ones. The optimizer goes on
# training tensors that nobody uses, and the model stands still.


# %%
def moved(assign):
    net = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net.load_state_dict(dict(nn.Linear(2, 2).state_dict()), assign=assign)
    before = net.weight.detach().clone()
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return not torch.equal(net.weight, before)


print("a step moves the model: without assign", moved(False), "  with assign", moved(True))
assert moved(False) and not moved(True)

# %% [markdown]
# The guard: load with `assign` first, build the optimizer afterwards. And `assign` takes the file's dtype along:
# what was stored in float16 now *is* float16, and the model with it.

# %%
taken = nn.Linear(2, 2)
taken.load_state_dict(nn.Linear(2, 2).half().state_dict(), assign=True)
print(taken.weight.dtype)
assert taken.weight.dtype == torch.float16

# %% [markdown]
# ## Learn: versions
#
# Since PyTorch 2.6, `torch.load` has `weights_only=True` as its default
# ([its documentation](https://docs.pytorch.org/docs/stable/generated/torch.load.html)); before, it was `False`. So old
# files and old code meet an error that they never met. A frequent one: a NumPy number among the metrics. Mend the file
# at its source with `.item()`; for an old file that you made yourself, allow the types it asks for.

# %%
import numpy as np

torch.save({"accuracy": np.float64(trained)}, folder / "old.pt")
try:
    torch.load(folder / "old.pt")
except Exception as error:
    print("refused:", "numpy" in str(error), "\n")
    print(explain(error))
    assert "Weights only load failed" in str(error) and "numpy" in str(error)
else:
    raise AssertionError("it loaded")

# %% [markdown]
# The names that a file asks for can be listed without running anything. `safe_globals` allows them for one load. A NumPy
# number needs one more that the list lacks, the class of its dtype; a second error would name it.

# %%
allowed = torch.serialization.get_unsafe_globals_in_checkpoint(folder / "old.pt")
print(allowed)
types = [np._core.multiarray.scalar, np.dtype, np.dtypes.Float64DType]
with torch.serialization.safe_globals(types):
    old = torch.load(folder / "old.pt")
print(old)
assert len(allowed) == 2 and old == {"accuracy": trained}

# %% [markdown]
# A module can have a version, too. Batch norm once had no `num_batches_tracked`. A state_dict carries its modules'
# versions in an attribute, and a plain dictionary made from it, `{name: tensor ...}`, loses them. Such a
# dictionary counts as old, and a missing `num_batches_tracked` is forgiven.

# %%
norm = nn.BatchNorm1d(2)
versioned = norm.state_dict()
del versioned["num_batches_tracked"]
try:
    norm.load_state_dict(versioned)
except RuntimeError as error:
    print(str(error).splitlines()[1].strip())
    assert "num_batches_tracked" in str(error)
else:
    raise AssertionError("it forgave")
print("as a plain dictionary:", norm.load_state_dict(dict(versioned)))

# %% [markdown]
# ## Recap
#
# **A load compares names and shapes and nothing else; read both lists, and check the answers of what you loaded.**
#
# | Do | Don't | Why |
# |---|---|---|
# | read missing and unexpected side by side | read the first list only | the cause is in the difference |
# | `name.removeprefix("module.")` | `replace`, `lstrip` | they change other parts of the name |
# | save `wrapper.module.state_dict()` | save the wrapper's | nobody has to take the prefix off |
# | choose by name and shape, report, floor | `strict=False` to silence an error | it can load nothing, and forgives no shape |
# | load into a new model, then swap | catch the error and go on | what fits was copied already |
# | compare dtypes before, logits after | trust "All keys matched" | rounding and another activation raise nothing |
# | load with `assign=True`, then build the optimizer | the other order | the old parameters are orphans |
#
# Read more: the documentation of
# [`load_state_dict`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict)
# and PyTorch's [serialization notes](https://docs.pytorch.org/docs/stable/notes/serialization.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("loading_errors")

# %%
mastery_test("loading_errors")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: explain a mismatch, take a prefix off, load a part with a report and a floor, and mend
# a loader with five bugs.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("loading_errors")

# %%
finish("loading_errors")

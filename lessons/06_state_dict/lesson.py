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

begin("state_dict")

# %% [markdown]
# ## Why: the best weights were never saved
#
# Here is a small network for 8 x 8 digits, and a function to train it. `fit` is the course's training loop: forward,
# backward, step, and a look at the validation digits after each epoch. `evaluate` measures in eval mode.

# %%
folder = Path(tempfile.mkdtemp())
splits = digits()
validation = batches(splits.validation, 360)


def train(model, epochs, *, lr=0.01):
    training = batches(splits.train, 64, shuffle=True, seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    options = {"epochs": epochs, "validation": validation, "progress": False}
    return fit(model, training, optimizer, nn.CrossEntropyLoss(), **options)


# %% [markdown]
# We train five epochs and keep the weights of the best one. In the last epoch somebody's schedule raises the learning
# rate to 1, a hundred times too much, and the network is ruined. No harm done: we have the best weights.

# %%
model, best_accuracy, best = MLP(hidden=32), 0.0, None
for rate in (0.01, 0.01, 0.01, 0.01, 1.0):
    (epoch,) = train(model, 1, lr=rate)
    accuracy = epoch["val_accuracy"]
    if accuracy > best_accuracy:
        best_accuracy, best = accuracy, model.state_dict()
    print(f"learning rate {rate:<4}  accuracy {accuracy:.3f}  best so far {best_accuracy:.3f}")
torch.save(best, folder / "best.pt")

# %% [markdown]
# Now somebody puts the file into service: a new network, the saved weights, the same validation digits.

# %%
served = MLP(hidden=32)
served.load_state_dict(torch.load(folder / "best.pt", weights_only=True))
found = evaluate(served, validation).accuracy
print(f"noted: {best_accuracy:.3f}   from the file: {found:.3f}   guessing: 0.100")
assert best_accuracy > 0.9 and found < best_accuracy - 0.05

# %% [markdown]
# No error, and the file doesn't hold the weights of the best epoch. To see why, you have to know what `state_dict()`
# hands you.

# %% [markdown]
# ## Predict
#
# `state_dict()` hands out what there is to save of a model: a dictionary of tensors. `MLP(hidden=32)` is a linear
# layer, batch norm, ReLU, dropout and a second linear layer. Commit to a number before you run the next cell.

# %%
predict(
    "How many tensors are in its state_dict?",
    ["4: two weights and two biases", "6: batch norm has a weight and a bias, too", "9"],
)

# %%
state = model.state_dict()
for name, tensor in state.items():
    print(f"{name:28} {tensor.dtype!s:14} {list(tensor.shape)}")
came_out(f"{len(state)} tensors")
assert len(state) == 9

# %% [markdown]
# ## Learn: what is in it
#
# A state_dict is a dictionary from dotted names to tensors. It holds the **parameters**, which an optimizer changes,
# and the **buffers**, which belong to the model but are not trained: here batch norm's running mean and variance, and
# a count of the batches it has seen. ReLU and dropout have neither, so they aren't there. (The 2 in
# `layers.2.running_mean` is the layer's place in an `nn.Sequential`; lesson 08 tells what follows from that.)

# %%
parameters = [name for name, _ in model.named_parameters()]
buffers = [name for name, _ in model.named_buffers()]
print(len(parameters), "parameters and", len(buffers), "buffers:", buffers)
assert sorted(state) == sorted(parameters + buffers) and len(buffers) == 3

# %% [markdown]
# Much that you might expect is *not* in it: the class and its `forward`, dropout's p, whether the model was in eval
# mode, which parameters have `requires_grad=False`, and any tensor that is a plain attribute. All of that has to come
# from your code.

# %%
model.note = torch.ones(3)
was = list(model.state_dict())
model.eval()
assert list(model.state_dict()) == was == list(state)
assert MLP(hidden=32, dropout=0.0).state_dict().keys() == state.keys()
assert model.layers[1].weight.requires_grad and not state["layers.1.weight"].requires_grad
print("a plain tensor, the mode, dropout's p and requires_grad leave no trace in it")


# %% [markdown]
# "Parameters and buffers" has two exceptions. A buffer registered with `persistent=False` stays out. And a module that defines `get_extra_state`
# puts what that returns in, under a name of its own, be it a tensor or not. Few modules do; a program that handles
# *every* state_dict has to expect it.


# %%
class Head(nn.Linear):
    classes = ()

    def get_extra_state(self):
        return {"classes": self.classes}

    def set_extra_state(self, extra):
        self.classes = extra["classes"]


head, loaded = Head(8, 2), Head(8, 2)
head.classes = ["benign", "malignant"]
loaded.load_state_dict(head.state_dict())
print(list(head.state_dict()), loaded.classes)
assert list(head.state_dict()) == ["weight", "bias", "_extra_state"]
assert loaded.classes == ["benign", "malignant"]

# %% [markdown]
# One tensor can have two names, where two layers share it. The state_dict lists both; `named_parameters()` lists the
# tensor once, unless you ask for every name.

# %%
tied = nn.ModuleDict({"embed": nn.Embedding(20, 6), "head": nn.Linear(6, 20, bias=False)})
tied["head"].weight = tied["embed"].weight
once = [name for name, _ in tied.named_parameters()]
every = [name for name, _ in tied.named_parameters(remove_duplicate=False)]
print("once:", once, "  every name:", every)
assert once == ["embed.weight"] and every == list(tied.state_dict())

# %% [markdown]
# ### Your turn
#
# Which buffers will a file lack? Write `unsaved(model)`:
#
# 1. it returns a list of the dotted names of the buffers that the state_dict leaves out, in the order of
#    `model.named_buffers()`;
# 2. it looks at every level, into modules inside modules;
# 3. a parameter is no buffer, and a buffer that is saved isn't listed.


# %% turn="unsaved"
def unsaved(model):
    """The names of the buffers that are not in the state_dict."""
    ### BEGIN SOLUTION
    saved = model.state_dict()
    return [name for name, _ in model.named_buffers() if name not in saved]
    ### END SOLUTION


# %%
check(unsaved)

# %% [markdown]
# ## Learn: it holds references
#
# Now the answer to the riddle. The tensors in a state_dict are not copies. They lie in the same memory as the model's
# own, so each step of the optimizer shows in a dictionary that you fetched an hour ago. And it works in both
# directions.

# %%
state = model.state_dict()
assert state["layers.5.bias"].data_ptr() == model.layers[5].bias.data_ptr()
with torch.no_grad():
    model.layers[5].bias[0] = 123
print("the dictionary, fetched before:", state["layers.5.bias"][0].item())
assert state["layers.5.bias"][0] == 123

# %% [markdown]
# Python's `.copy()` doesn't help: it makes a second dictionary of the same tensors. `copy.deepcopy` copies the
# tensors.

# %%
with torch.no_grad():
    model.layers[5].bias[0] = 123
    shallow, deep = state.copy(), copy.deepcopy(state)
    model.layers[5].bias[0] = 7
values = shallow["layers.5.bias"][0].item(), deep["layers.5.bias"][0].item()
print(f"shallow: {values[0]:g}   deep: {values[1]:g}")
assert values == (7, 123)

# %% [markdown]
# A reference holds only as long as the model keeps its tensor. A conversion to another dtype, such as `.double()`,
# gives it new ones, and the old dictionary no longer follows. Don't rely on either: where you want a snapshot, copy.

# %%
converted = copy.deepcopy(model)
held = converted.state_dict()
converted.double()
with torch.no_grad():
    converted.layers[5].bias[0] = 99
now, then = converted.layers[5].bias[0].item(), held["layers.5.bias"][0].item()
print(f"the model {now:g}, the dictionary {then:g}")
assert now == 99 and then == 7

# %% [markdown]
# ### Your turn
#
# What does a step of training really touch? Write `changed_by(model, action)`:
#
# 1. it calls `action(model)` once;
# 2. it returns a list of the names in the state_dict whose values are others afterwards, buffers included;
# 3. the names stand in the order of the state_dict.


# %% turn="changed_by"
def changed_by(model, action):
    """The names of the entries that `action(model)` changes."""
    ### BEGIN SOLUTION
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    action(model)
    return [name for name, now in model.state_dict().items() if not now.equal(before[name])]
    ### END SOLUTION


# %%
check(changed_by)

# %% [markdown]
# ## Learn: create, read, apply
#
# The last experiments spoiled that model, so train a new one, ten epochs this time. Saving it is one line.

# %%
model = MLP(hidden=32)
history = train(model, 10)
torch.save(model.state_dict(), folder / "weights.pt")
print(f"validation accuracy {history[-1]['val_accuracy']:.3f}, guessing 0.100")
assert history[-1]["val_accuracy"] > 0.9

# %% [markdown]
# Loading takes three. **Create** the model from its class, with random weights. **Read** the file into a dictionary.
# **Apply** the dictionary to the model. The two arguments of `torch.load` are explained below.

# %%
restored = MLP(hidden=32)
state = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
report = restored.load_state_dict(state)
print(report)
assert report.missing_keys == [] and report.unexpected_keys == []

# %% [markdown]
# The report is not the model, so `model = model.load_state_dict(...)` loses it. And `load_state_dict` wants the
# dictionary, not the path of a file.

# %%
assert not isinstance(report, nn.Module)
try:
    restored.load_state_dict(folder / "weights.pt")
except TypeError as error:
    print(error)
else:
    raise AssertionError("it took a path")

# %% [markdown]
# Names have to match, all of them. If they don't, read both halves of the message: what is missing says what the
# model wants, what is unexpected what the file has. Here somebody passed the dictionary *around* the state_dict.

# %%
try:
    restored.load_state_dict({"epoch": 10, "model_state_dict": state})
except RuntimeError as error:
    message = str(error)
else:
    raise AssertionError("it took a dictionary with other names")
print(message[:60], "...", message[-70:])
assert "Missing key(s)" in message
assert 'Unexpected key(s) in state_dict: "epoch", "model_state_dict"' in message

# %% [markdown]
# Shapes have to match as well. Whether your code has a GELU where the other had a ReLU, nobody asks.

# %%
narrow = MLP(hidden=16)
try:
    narrow.load_state_dict(state)
except RuntimeError as error:
    message = str(error)
else:
    raise AssertionError("it took other shapes")
print(message.splitlines()[1].strip())
assert "size mismatch for layers.1.weight" in message
smooth, sharp = (nn.Sequential(nn.Linear(2, 2), layer()) for layer in (nn.GELU, nn.ReLU))
assert smooth.load_state_dict(sharp.state_dict()).missing_keys == []

# %% [markdown]
# A load that fails has not left the model alone. What fits was copied before the error was raised: here all but one
# tensor. The guard against such a mixture is to build a new model after a failed load.

# %%
mixture = MLP(hidden=32)
try:
    mixture.load_state_dict({**state, "layers.5.bias": torch.zeros(9)})
except RuntimeError as error:
    print(str(error).splitlines()[1].strip()[:60], "...")
else:
    raise AssertionError("it took nine biases for ten classes")
equal = [
    name for name, tensor in mixture.state_dict().items() if torch.equal(tensor, state[name])
]
print(f"the load failed, and {len(equal)} of {len(state)} tensors are the file's")
assert len(equal) == 8 and "layers.5.bias" not in equal

# %% [markdown]
# The file also notes on which device each tensor lived, and `torch.load` looks for that device. `saved_as` writes
# such a note, as a server with 64 GPUs would, so that you can see the error without one. `map_location="cpu"` mends
# it on every machine.

# %%
from course_lib.devices import saved_as

with saved_as("cuda:63"):
    torch.save(model.state_dict(), folder / "gpu.pt")
try:
    torch.load(folder / "gpu.pt", weights_only=True)
except Exception as error:
    print(str(error)[:62], "...")
    assert "CUDA device" in str(error)
else:
    raise AssertionError("it loaded without that GPU")
state = torch.load(folder / "gpu.pt", map_location="cpu", weights_only=True)
assert state["layers.1.bias"].device.type == "cpu"

# %% [markdown]
# The dictionary on the CPU is only a go-between. `load_state_dict` copies its values into the tensors that the model
# has, on whatever device and in whatever dtype those are. (The `.to()` of a model moves the model itself; that of a
# tensor returns another one.)

# %%
from course_lib.devices import select_device

working = MLP(hidden=32).to(select_device()).double()
places = [parameter.data_ptr() for parameter in working.parameters()]
working.load_state_dict(state)
assert places == [parameter.data_ptr() for parameter in working.parameters()]
assert working.layers[1].weight.dtype == torch.float64
assert torch.equal(working.layers[1].weight.cpu(), state["layers.1.weight"].double())
print("the model's own tensors, on", working.layers[1].weight.device, "in float64")
assert (
    working.to("cpu") is working and state["layers.1.bias"].to(torch.half).dtype == torch.half
)
assert state["layers.1.bias"].dtype == torch.float32

# %% [markdown]
# Now `weights_only`. A `.pt` file is a **pickle**, Python's format for objects: a list of steps that rebuild them, and
# one kind of step is "call this function". Here is a harmless file whose step sets a flag that you can see. A
# stranger's could do anything you can.

# %%
import builtins


class Postcard:
    def __reduce__(self):  # what pickle writes down: call exec on this text
        return exec, ("import builtins; builtins.it_ran = True",)


torch.save({"weight": torch.ones(2), "note": Postcard()}, folder / "postcard.pt")
builtins.it_ran = False
torch.load(folder / "postcard.pt", weights_only=False)
print("after loading it with weights_only=False: it_ran =", builtins.it_ran)
assert builtins.it_ran

# %% [markdown]
# With `weights_only=True`, the default since PyTorch 2.6, a file may ask for tensors, plain containers and a short
# list of harmless types (PyTorch's serialization notes have it). Any other request is an error before it is followed.

# %%
builtins.it_ran = False
try:
    torch.load(folder / "postcard.pt", weights_only=True)
except Exception as error:
    print("refused: exec" if "exec" in str(error) else error, "  it_ran =", builtins.it_ran)
    assert "exec" in str(error) and not builtins.it_ran
else:
    raise AssertionError("it loaded")

# %% [markdown]
# This gate once had a hole: before PyTorch 2.10 a forged file could run code in spite of it (CVE-2026-24747). So keep
# PyTorch up to date, and look into a stranger's file before you load it; *Explore* below shows how.
#
# A whole model, saved by `torch.save(model, path)`, is refused as well: it asks for your class, by its import path.

# %%
torch.save(model, folder / "whole.pt")
try:
    torch.load(folder / "whole.pt")
except Exception as error:
    print(str(error)[:25], "... Unsupported global:", "course_lib.models.MLP" in str(error))
    assert "course_lib.models.MLP" in str(error)
else:
    raise AssertionError("it loaded")

# %% [markdown]
# ## Learn: was it restored?
#
# A check that one often sees compares the parameters, pair by pair. Here is a model with the right parameters and the
# wrong batch norm statistics. It passes. So does a model without any parameters, for `zip` stops at the shorter of
# the two.

# %%
impostor = copy.deepcopy(restored)
impostor.layers[2].running_mean.neg_()  # every sign turned
for other in (impostor, nn.ReLU()):
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters()))
before, after = (evaluate(m, validation).accuracy for m in (model, impostor))
print(f"parameters equal: True   accuracy {before:.3f} before, {after:.3f} after")
assert after < before - 0.03


# %% [markdown]
# A check that can be trusted compares the whole state_dict: names, shapes, dtypes, and every value, buffers included.
# (`torch.equal` is `False` where shapes differ, and where there is a NaN, which equals nothing. The dtypes are asked
# for separately: it compares values.)


# %%
def same_state(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and torch.equal(one[name], other[name])
        for name in one
    )


assert not torch.equal(torch.ones(2), torch.ones(3))
assert not torch.equal(torch.tensor(torch.nan), torch.tensor(torch.nan))
assert same_state(model, restored) and not same_state(model, impostor)
assert not same_state(model, copy.deepcopy(model).double())
print("restored:", same_state(model, restored), "  impostor:", same_state(model, impostor))

# %% [markdown]
# Then ask the two models the same questions, in eval mode, on a fixed batch. Here the same tensors meet the same
# kernel, the routine that multiplies them, and the logits are equal to the last bit. An accuracy that is "close" is a
# weaker test: it can't see which answers changed.

# %%
saved, loaded = evaluate(model, validation), evaluate(restored, validation)
assert torch.equal(saved.logits, loaded.logits)
print(f"logits equal: True   accuracy {saved.accuracy:.3f} and {loaded.accuracy:.3f}")

# %% [markdown]
# Another kernel may add the same numbers in another order, and round otherwise. That can happen on another machine, with
# another batch size, or where the loaded tensors lie differently in memory
# ([PyTorch's note](https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html)). So if all tensors are equal
# and logits differ by something of rounding size, nothing is wrong.

# %%
hidden, last = torch.relu(torch.randn(360, 32)), restored.layers[5]
with torch.no_grad():
    forwards = last(hidden)
    backwards = nn.functional.linear(hidden.flip(1), last.weight.flip(1), last.bias)
print(
    f"the same sums, last term first: they differ by up to {(forwards - backwards).abs().max():.0e}"
)
assert not torch.equal(forwards, backwards) and torch.allclose(forwards, backwards, atol=1e-5)

# %% [markdown]
# ## Learn: a .pt file is a zip
#
# You don't need PyTorch to look at the file. It is an uncompressed zip archive. The record `data.pkl` is the pickle,
# with all names, shapes and dtypes. The numbers stand beside it, one record for each **storage**, the block of memory
# in which a tensor's numbers lie.

# %%
import zipfile

import numpy as np

archive = zipfile.ZipFile(folder / "weights.pt")
for record in archive.infolist()[:7]:
    print(f"{record.filename:28} {record.file_size:7,} bytes")
numbers = np.frombuffer(archive.read("weights/data/0"), np.float32).reshape(32, 64)
assert np.array_equal(numbers, model.layers[1].weight.detach().numpy())
assert all(record.compress_type == zipfile.ZIP_STORED for record in archive.infolist())
assert sum(name.startswith("weights/data/") for name in archive.namelist()) == len(state)

# %% [markdown]
# A tensor is a shape laid over a storage, and needn't use all of it. Its own numbers take `numel()` times
# `element_size()` bytes, which is `nbytes`; the block behind it has `untyped_storage().nbytes()`.

# %%
table = torch.zeros(100, 50, dtype=torch.float16)
column = table[:, 0]
print(column.numel(), "numbers of", column.element_size(), "bytes:", column.nbytes)
print("the storage behind them:", column.untyped_storage().nbytes(), "bytes")
assert column.nbytes == 100 * 2 and column.untyped_storage().nbytes() == table.nbytes == 10_000

# %% [markdown]
# ## Trace
#
# The three stages again, with the tensors of your file before and after each.

# %%
from course_lib.lessons.state_dict import (
    trace_loading,
    trace_prediction,
    trace_training,
)

trace_loading(folder / "weights.pt", lambda: MLP(hidden=32))

# %% [markdown]
# How the numbers in the file came about: loss and accuracy in the ten epochs you just trained. Look for the epoch
# whose weights you would have kept.

# %%
trace_training(history, baseline=0.1)

# %% [markdown]
# And what they do: one test image goes through the restored model, layer by layer.

# %%
image = splits.test.tensors[0][:1]
trace_prediction(restored, image)

# %% [markdown]
# ## Explore
#
# An X-ray for checkpoints. It lists what a file holds and follows its pickle step by step, and it runs nothing. The
# first two are yours, weights and postcard; the others are good, wasteful, hostile or damaged; the button opens any
# file you have.
# Tab moves between the controls and the list, the arrow keys choose a file and scroll. Which file asks for a function
# that no tensor needs? Which drags something along? In which is a record wrong?

# %%
from course_lib.lessons.state_dict import xray

builtins.it_ran = False
explorer = xray(folder / "weights.pt", folder / "postcard.pt")
assert not builtins.it_ran
explorer

# %% [markdown]
# The stranger's file is refused by `weights_only=True`. A damaged one may not be: `torch.load` compares no checksums.
# Here one number in a copy of your file has become 1e30, and the last line finds it. (A checksum meets accidents. Who
# forges a file forges its checksum as well.)

# %%
content, bad = (folder / "weights.pt").read_bytes(), np.float32(1e30).tobytes()
raw = numbers.tobytes()
(folder / "damaged.pt").write_bytes(content.replace(raw, bad + raw[4:]))
damaged = torch.load(folder / "damaged.pt", weights_only=True)
print(
    f"loaded; the largest weight is {damaged['layers.1.weight'].max():.0e}, was {numbers.max():.1f}"
)
assert (damaged["layers.1.weight"] != model.layers[1].weight).sum() == 1
assert zipfile.ZipFile(folder / "damaged.pt").testzip() == "weights/data/0"

# %% [markdown]
# ## Break it: the best weights follow training
#
# Back to the start, now that you know what `best = model.state_dict()` keeps. Here it is beside its guard: copy at
# the moment of the best score, or save the file at that moment, which copies too.

# %%
model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))  # as trained
followed, kept = model.state_dict(), copy.deepcopy(model.state_dict())
noted = evaluate(model, validation).accuracy
train(model, 1, lr=1.0)
accuracies = []
for weights in (followed, kept):
    served.load_state_dict(weights)
    accuracies.append(evaluate(served, validation).accuracy)
print(f"noted {noted:.3f}   reference {accuracies[0]:.3f}   deep copy {accuracies[1]:.3f}")
assert accuracies[0] < noted - 0.05 and accuracies[1] == noted

# %% [markdown]
# ## Break it: ten rows, four megabytes
#
# A tensor that is a slice of another one shares its storage, and a file holds storages. So ten rows are saved with
# the other 990. The guard is `clone()`; `contiguous()` is none, because rows are contiguous already.

# %%
large = torch.randn(1000, 1000)
rows, sizes = large[:10], []
for name, tensor in (
    ("view", rows),
    ("contiguous", rows.contiguous()),
    ("clone", rows.clone()),
):
    path = folder / f"{name}.pt"
    torch.save({"rows": tensor}, path)
    sizes.append(path.stat().st_size)
    print(f"{name:10} {sizes[-1]:9,} bytes")
assert sizes[0] > 4_000_000 and sizes[1] > 4_000_000 and sizes[2] < 50_000

# %% [markdown]
# It is not only a matter of size. Whoever gets the first file gets the other 990 rows, too: they stand in its record.

# %%
record = zipfile.ZipFile(folder / "view.pt").read("view/data/0")
found = np.frombuffer(record, np.float32).reshape(1000, 1000)
received = torch.load(folder / "view.pt", weights_only=True)["rows"]
print("sent:", list(received.shape), "  recovered:", list(found.shape))
assert np.array_equal(found, large.numpy())

# %% [markdown]
# ### Your turn
#
# Write `dragged_bytes(tensor)`, for a tensor that is whole or a slice of another:
#
# 1. it returns how many bytes a file of this tensor holds that are none of its own numbers, an int;
# 2. it is right for any dtype;
# 3. a tensor that uses its whole storage drags nothing: 0.


# %% turn="dragged_bytes"
def dragged_bytes(tensor):
    """The bytes in the tensor's storage that are none of its own numbers."""
    ### BEGIN SOLUTION
    return tensor.untyped_storage().nbytes() - tensor.nbytes
    ### END SOLUTION


# %%
check(dragged_bytes)

# %% [markdown]
# ## Break it: a buffer stays behind
#
# A scanner delivers grey values from 0 to 16. This model divides them by the largest it has seen, a buffer registered
# with `persistent=False`: "we can always measure it again".


# %%
class Scanner(nn.Module):
    def __init__(self, persistent):
        super().__init__()
        self.register_buffer("largest", torch.ones(1), persistent=persistent)
        self.network = copy.deepcopy(restored)

    def forward(self, grey):
        return self.network(grey / self.largest)


# %%
images, labels = splits.validation.tensors
scans = [(images * 16, labels)]
for persistent in (False, True):
    scanner, loaded = Scanner(persistent), Scanner(persistent)
    scanner.largest.fill_(16)
    print(f"persistent={persistent}:", loaded.load_state_dict(scanner.state_dict()))
    before, after = (evaluate(m, scans).accuracy for m in (scanner, loaded))
    print(f"    accuracy {before:.3f} before, {after:.3f} after")
    assert (before == after) == persistent

# %% [markdown]
# "All keys matched", because neither side knew of the buffer, and without it the inputs are 16 times too large. The
# guard is the check from above: equal logits on a fixed batch. No comparison of state_dicts can find what was never
# in them.
#
# ## Break it: the flag isn't in it
#
# You saved in eval mode, so the loaded model is in eval mode, isn't it? The flag is an attribute of the modules, not
# a tensor. A new model is in training mode, and loading doesn't touch that.

# %%
restored.eval()
served, guarded = MLP(hidden=32), MLP(hidden=32)
for new in (served, guarded):
    new.load_state_dict(restored.state_dict())
guarded.eval()
with torch.no_grad():
    first, second = served(image.repeat(2, 1, 1, 1))
    assert torch.equal(guarded(image), restored(image))
assert served.training and not torch.equal(first, second)
print(f"one image twice: the answers differ by up to {(first - second).abs().max():.2f}")

# %% [markdown]
# The two rows are the same image, and dropout gave two answers. The guard is a habit: `model.eval()` on the line
# after `load_state_dict`, or an `evaluate` that switches by itself.
#
# ## Recap
#
# **A state_dict is a dictionary of references to parameters and persistent buffers; nearly everything else comes from
# your code.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `best = copy.deepcopy(model.state_dict())` | `best = model.state_dict()` | its tensors are the model's own, and follow training |
# | `torch.save(model.state_dict(), path)` | `torch.save(model, path)` | a pickled model asks for its class, and `weights_only=True` refuses |
# | `torch.load(path, map_location="cpu", weights_only=True)` | `weights_only=False` for a stranger's file | unpickling can run code |
# | build a new model after a failed load | catch the error and go on | what fits was copied already |
# | `model.load_state_dict(state)`, then `model.eval()` | `model = model.load_state_dict(state)` | it returns a report, and the mode is not in the file |
# | compare whole state_dicts, then logits up to rounding | compare `parameters()`, or accuracy | buffers differ unseen; equal accuracy hides swapped answers |
# | `tensor[:10].clone()` | save a slice | a view takes its whole storage along |
#
# Read more: PyTorch's [serialization notes](https://docs.pytorch.org/docs/stable/notes/serialization.html) and the
# documentation of
# [`load_state_dict`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("state_dict")

# %%
mastery_test("state_dict")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: list what a model saves, save and load it so that it works anywhere, mend a loop that
# loses the best weights, and take the weight off a file.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("state_dict")

# %%
finish("state_dict")

# %%
import tempfile
from pathlib import Path

import torch
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, tumours
from course_lib.evaluation import evaluate
from course_lib.models import MLP
from course_lib.training import fit

begin("verify_after_loading")
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Why: the same matrix, thirty other answers
#
# A model calls 100 patients ill or healthy. It is saved, loaded, and asked again. The usual check is the **confusion
# matrix**, four counts: TP are the ill who are found, FN the ill who are missed, FP the healthy who are called ill (a
# false alarm), TN the healthy who are left in peace.


# %%
def four_counts(truth, said):
    pairs = list(zip(truth.tolist(), said.tolist()))
    return {
        "TP": pairs.count((1, 1)), "FP": pairs.count((0, 1)),
        "FN": pairs.count((1, 0)), "TN": pairs.count((0, 0)),
    }  # fmt: skip


truth = torch.tensor([1] * 55 + [0] * 45)
before = torch.tensor([1] * 50 + [0] * 5 + [1] * 10 + [0] * 35)
after = torch.tensor([0] * 5 + [1] * 50 + [0] * 35 + [1] * 10)
print("before", four_counts(truth, before), "\nafter ", four_counts(truth, after))
assert four_counts(truth, after) == {"TP": 50, "FP": 10, "FN": 5, "TN": 35}
assert four_counts(truth, before) == four_counts(truth, after)

# %% [markdown]
# The same to the last patient. So is every number that is computed from these four. Now patient by patient:

# %%
changed = (before != after).sum().item()
sent_home = ((truth == 1) & (before == 1) & (after == 0)).sum().item()
print(f"{changed} of 100 answers changed; {sent_home} ill people who were found are missed now")
assert changed == 30 and sent_home == 5

# %% [markdown]
# Equal totals can hide different answers, because one mistake that came makes up for one that went. A matrix that
# differs says that something has changed, if the examples are the same. One that agrees says little: compare answer by
# answer, better still logit by logit.
#
# ### Your turn
#
# Write `lost_and_found(truth, before, after)`, for labels 0 and 1, 1 being ill:
#
# 1. the first number: how many of the ill were found before and are missed now;
# 2. the second: how many of the ill were missed before and are found now;
# 3. both come as a tuple; the three tensors, of shape (N,), stay as they are.


# %% turn="lost_and_found"
def lost_and_found(truth, before, after):
    """The ill who are newly missed, and the ill who are newly found."""
    ### BEGIN SOLUTION
    ill = truth == 1
    lost = ill & (before == 1) & (after == 0)
    found = ill & (before == 0) & (after == 1)
    return lost.sum().item(), found.sum().item()
    ### END SOLUTION


# %%
check(lost_and_found)

# %% [markdown]
# ## Learn: what the numbers before and after tell
#
# Real tumours, 114 for validation, 43 of them malignant. **Recall** is the share of the ill who are found,
# TP / (TP + FN). **Precision** is the share of those called ill who are ill, TP / (TP + FP).

# %%
splits = tumours()
x, y = splits.validation.tensors
torch.manual_seed(0)
model = MLP(inputs=30, hidden=32, classes=2, dropout=0.2)
training = batches(splits.train, 32, shuffle=True, seed=0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
fit(model, training, optimizer, nn.CrossEntropyLoss(), epochs=5, progress=False)
model.eval()
torch.save(model.state_dict(), folder / "model.pt")


# %%
def figures(net):
    seen = evaluate(net, [(x, y)], loss_fn=nn.CrossEntropyLoss())
    (tn, fp), (fn, tp) = seen.confusion.tolist()
    rates = {"accuracy": seen.accuracy, "precision": tp / (tp + fp), "recall": tp / (tp + fn)}
    return {"loss": seen.loss, **rates, "missed": fn, "false alarms": fp}


def load():
    net = MLP(inputs=30, hidden=32, classes=2, dropout=0.2)
    net.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    return net.eval()


for name, number in figures(load()).items():
    print(f"{name:13} {figures(model)[name]:7.3f} before {number:7.3f} after")
assert figures(load()) == figures(model) and figures(model)["accuracy"] > 0.95

# %% [markdown]
# All equal, with no tolerance: loading by itself changes neither loss nor recall. A faulty load does. Which number
# falls says who pays. We push the bias of one class up in the last layer, `layers[5]`, as damage might:

# %%
for name, row in (("healthy", 0), ("malignant", 1)):
    sick = load()
    with torch.no_grad():
        sick.layers[5].bias[row] += 4
    found = figures(sick)
    print(f"{name:9} favoured:", ", ".join(f"{n} {found[n]:.3g}" for n in list(found)[1:]))
    falls = "recall" if row == 0 else "precision"
    assert (
        found[falls] < figures(model)[falls] - 0.1
        and found["missed" if row else "false alarms"] == 0
    )

# %% [markdown]
# A drop in recall is missed cancers. A drop in precision, where recall has not fallen, is false alarms: healthy people
# who are operated on. The loss sees more than these rates do, as it is computed from the logits and not from the labels.
#
# Two common rules call a load good: "the accuracy is within 0.001 of what it was", and "it is above 90 %". Put them to
# the test on three cases.

# %%
right = (before == truth).double().mean().item(), (after == truth).double().mean().item()
print(f"thirty other answers: {right[0]:.3f} and {right[1]:.3f}")
assert right[0] == right[1] == 0.85  # within 0.001, and wrong: too weak; and below 90 %
rare = torch.zeros(100)
rare[:5] = 1
print(f"'healthy' to all, 5 % ill: {(rare == 0).double().mean().item():.2f}, recall 0")
assert (rare == 0).double().mean().item() > 0.9
print(f"one answer of {len(y)} is {1 / len(y):.4f}")
assert 1 / len(y) > 0.001

# %% [markdown]
# Both are **too weak**: the first passes thirty other answers, the second a model that finds nobody. Both are also **too
# strong**: one borderline case of 114 that tips over on another device is more than 0.001, and a model with 85 % before
# and 85 % after may have been loaded perfectly. How many answers changed, and which: that is the question.
#
# ## Predict
#
# The same loaded model, the same machine. First all 114 tumours in one batch, then one by one.

# %%
predict(
    "What happens to the logits?",
    [
        "Every bit is the same: it is the same model",
        "Some last digits may differ, and no diagnosis does",
        "Some diagnoses change as well",
    ],
)

# %%
loaded = load()
with torch.no_grad():
    together, again = loaded(x), loaded(x)
    one_by_one = torch.cat([loaded(row) for row in x.split(1)])
others = (together != one_by_one).sum().item()
largest = (together - one_by_one).abs().max().item()
tipped = (together.argmax(1) != one_by_one.argmax(1)).sum().item()
came_out(
    f"{others} of {together.numel()} logits differ, by up to {largest:.0e}; {tipped} diagnoses"
)
assert torch.equal(together, again) and largest < 1e-5 and tipped == 0

# %% [markdown]
# The same batch twice gave the same bits. (How many differ one by one depends on your processor.)
#
# ## Learn: when a difference is rounding
#
# A computer rounds after each addition, so the order of a sum matters. Another batch size, number of threads, device
# or version of PyTorch may choose another order. So may another place in memory: some code adds four or eight numbers
# at a time, and begins elsewhere.

# %%
left, right = (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
print(left, right)
assert left != right and abs(left - right) < 1e-15


def moved_in_memory(tensor, by):
    room = torch.empty(tensor.numel() + by)
    room[by:] = tensor.detach().flatten()
    return room[by:].view_as(tensor)


state = model.state_dict()

# %%
threads = torch.get_num_threads()
torch.set_num_threads(1)
with torch.no_grad():
    differences = [(model(x) - together).abs().max().item()]
    torch.set_num_threads(threads)
    for by in (1, 2, 3):
        moved = load()
        shifted = {n: moved_in_memory(t, by) for n, t in state.items() if t.is_floating_point()}
        moved.load_state_dict(state | shifted, assign=True)
        differences.append((moved(x) - together).abs().max().item())
print(differences)
assert max(differences) < 1e-5

# %%
from course_lib.devices import select_device

elsewhere = load().to(select_device())
with torch.no_grad():
    off = (elsewhere(x.to(select_device())).cpu() - together).abs().max().item()
print(f"on {select_device().type}: up to {off:.0e}")
assert off <= 1e-5 * together.abs().max()

# %% [markdown]
# Often all are 0. On other processors we have seen 0.00000001 from `assign=True`, `mmap` or safetensors, where tensors
# may lie at odd addresses. So expect **equal bits on the same machine, with the same batch and the same number of
# threads**; a difference needs a cause that you can name, such as an odd address or another version.
#
# How to tell rounding from disease? By its **size**, by the **labels** that change, by its **pattern**. Here are four
# differences: one by one; weights rounded to bfloat16, which keeps 8 of float32's 24 binary digits; batch norm's running
# statistics lost; one bit flipped in the last bias.

# %%
rounded, lost, flipped, low = load(), load(), load(), load()
rounded.load_state_dict({n: t.bfloat16().to(t.dtype) for n, t in state.items()})
lost.layers[2].reset_running_stats()
with torch.no_grad():
    flipped.layers[5].bias.view(torch.int32)[1] ^= 1 << 30  # turns one bit over
    low.layers[5].weight.view(torch.int32)[0, 0] ^= 1
    turned_low = low(x)
    asked = {"bfloat16": rounded(x), "lost": lost(x), "one bit": flipped(x)}

# %%
for name, logits in {"one by one": one_by_one, **asked}.items():
    off = logits - together
    labels = (logits.argmax(1) != together.argmax(1)).sum().item()
    columns = "  ".join(f"{off[:, c].abs().max():.0e}" for c in (0, 1))
    print(f"{name:10}  {labels:2} labels changed; largest difference in each column: {columns}")
    assert off.abs().max() > 1000 * largest or name == "one by one"
    assert labels <= 2 or name == "one bit"
assert (off[:, 0] == 0).all() and off[:, 1].abs().min() > 1e30 and labels > 30
assert (asked["lost"] - together).abs().max() > 1
assert max(largest, (turned_low - together).abs().max()) < 1e-6 * together.abs().max()

# %% [markdown]
# Rounding in float32 was here a millionth of the largest logit or less, and tips a label over only where two logits were
# as close as that. These diseases are a thousand times as large, and some have a shape, as the bit that moved one column and left
# the other. Labels alone don't show them: the lost statistics moved logits by more than 1 and changed hardly a label. So
# 0.00001 times the largest logit is a good border, for float32 and networks like this one. (Very deep networks can round
# more, and bfloat16 does; how much, you measure as here.) A difference below it is innocent if every tensor is equal and
# the cause has a name. If a tensor isn't equal, nothing is innocent: with the lowest bit of one weight turned, the logits
# stay below the border too.
#
# ## Learn: record before, compare after
#
# The comparison needs a record that was made before saving and goes into the file: another process, on another day,
# has nothing else. Copies, not references; logits in eval mode, of a fixed batch that is kept too.


# %%
import copy


def record(net, batch):
    with torch.no_grad():
        logits = copy.deepcopy(net).eval()(batch)
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    flags = {name: module.training for name, module in net.named_modules()}
    return {"state": state, "training": flags, "batch": batch.clone(), "logits": logits}


checkpoint = {"model": model.state_dict(), "before": record(model, x[:32])}
torch.save(checkpoint, folder / "with_record.pt")

# %% [markdown]
# Another day. Keys, shapes, dtypes, the values of parameters and buffers, training flags, logits: each check can fail
# where the one before it passed. (If keys fail, ask the rest only of the names that both have. And dtypes need a check
# of their own, as `torch.equal` compares numbers.)

# %%
saved = torch.load(folder / "with_record.pt", weights_only=True)
was, served = saved["before"], MLP(inputs=30, hidden=32, classes=2, dropout=0.2)
served.load_state_dict(saved["model"])
now = record(served, was["batch"])
a, b = was["state"], now["state"]
checks = {"keys": a.keys() == b.keys()}
checks["shapes"] = all(a[name].shape == b[name].shape for name in a)
checks["dtypes"] = all(a[name].dtype == b[name].dtype for name in a)
checks["values"] = all(torch.equal(a[name], b[name]) for name in a)
checks |= {name: torch.equal(was[name], now[name]) for name in ("batch", "logits")}
checks["training"] = was["training"] == now["training"]
print(checks)

# %%
assert [name for name, passed in checks.items() if not passed] == ["training"]
assert torch.equal(torch.ones(2), torch.ones(2, dtype=torch.float64))  # hence the dtypes
served.eval()
assert record(served, was["batch"])["training"] == was["training"]

# %% [markdown]
# One failed: a new model is in training mode, and the flag is not in the state_dict. After `eval()` all pass.
#
# Two things are in none of these checks. Buffers with `persistent=False` are not in the state_dict; `named_buffers()`
# has them. And there may be **tied names**: one tensor under two of them, such as an embedding and the output layer that
# shares its weight. A load can lose the tie.


# %%
def tie_after(assign):
    net = nn.ModuleDict({"read": nn.Linear(3, 3), "write": nn.Linear(3, 3)})
    net["write"].weight = net["read"].weight
    copies = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.load_state_dict(copies, assign=assign)
    assert all(torch.equal(net.state_dict()[name], copies[name]) for name in copies)
    with torch.no_grad():
        net["read"].weight += 1  # as the next training step would
    return torch.equal(net["read"].weight, net["write"].weight)


print("still one tensor:", tie_after(assign=False), "  with assign:", tie_after(assign=True))
assert tie_after(assign=False) and not tie_after(assign=True)

# %% [markdown]
# Every value was equal, and the next step pulled them apart. Without `assign` the tie stays, because the numbers go
# into the tensor that is there. So compare ties too; for two parameters `a is b` says whether they are one.
#
# ### Your turn
#
# `named_parameters(remove_duplicate=False)` lists every name, those of a tied parameter too. Write `tied_names(net)`:
#
# 1. it returns a list of groups, in any order; each is a list of the names that are one parameter, in the model's order;
# 2. a parameter with one name is in no group;
# 3. parameters that are merely equal are not tied; the network stays as it is.


# %% turn="tied_names"
def tied_names(net):
    """The groups of names that are one parameter."""
    ### BEGIN SOLUTION
    groups = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(parameter), []).append(name)
    return [group for group in groups.values() if len(group) > 1]
    ### END SOLUTION


# %%
check(tied_names)

# %% [markdown]
# ## Learn: one line that stands for the model
#
# A **fingerprint** is a checksum of the whole state: 64 characters that change as soon as one bit does. SHA-256 is the
# usual one. It takes bytes, all at once or by `update` piece by piece; `view(torch.uint8)` shows those of a tensor.


# %%
import hashlib


def bits(tensor):
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()


zero = torch.zeros(2)
digest = hashlib.sha256(b"weight")
digest.update(bits(zero))
print(digest.hexdigest())
minus = hashlib.sha256(b"weight" + bits(-zero).tobytes()).hexdigest()
assert (
    len(digest.hexdigest()) == 64 and torch.equal(zero, -zero) and minus != digest.hexdigest()
)
assert bits(zero).tobytes() == bits(torch.zeros(1, dtype=torch.float64)).tobytes()

# %% [markdown]
# It is stricter than `torch.equal`, which takes 0 and minus 0 for the same. And it knows bytes only: two float32 zeros
# and one float64 zero have the same eight. So names, dtypes and shapes must go in as well, as text: `repr(...).encode()`.
#
# ### Your turn
#
# Write `fingerprint_of(state)`, for a dictionary of names and tensors:
#
# 1. it returns a text, the same for the same names and tensors, whatever their order in the dictionary;
# 2. another name, or two names exchanged, gives another text;
# 3. so does another value, if by one bit only, in any tensor;
# 4. and another dtype or shape; every dtype is taken, bfloat16 too.


# %% turn="fingerprint_of"
def fingerprint_of(state):
    """A text that changes with every name, dtype, shape and bit of a state_dict."""
    ### BEGIN SOLUTION
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
    ### END SOLUTION


# %%
check(fingerprint_of)

# %% [markdown]
# The course's library has all of this: `take_snapshot` makes the record, plain data that can be saved with the
# checkpoint, and `verify_reload` compares.

# %%
from course_lib.verification import take_snapshot, verify_reload

data = [(x[:32], y[:32])]
snapshot = take_snapshot(model, data)
report = verify_reload(snapshot, (served, data))
print(report)
assert report.passed and report["logits"].verdict == report["ties"].verdict == "passed"

# %% [markdown]
# A difference whose cause it can see, such as another batch size, is a warning and no failure. Lost statistics are a
# failure.

# %%
halves = [(x[:16], y[:16]), (x[16:32], y[16:32])]
report = verify_reload(snapshot, (served, halves))
print("batches:", report["batches"].verdict, "  passed:", report.passed)
assert report["batches"].verdict == "warning" and report.passed
report = verify_reload(snapshot, (lost, data))
print("failed:", [check.name for check in report.checks if check.verdict == "failed"])
assert not report.passed and report["parameters"].verdict == "passed"
assert report["buffers"].verdict == report["logits"].verdict == "failed"

# %% [markdown]
# ## Learn: is it the file you wrote?
#
# Before the model comes the file. Note its size and its SHA-256 when you write it, in a second file beside it or in a
# list of all your files. `hashlib.file_digest` reads piece by piece, so the file may be larger than the memory.


# %%
def noted(path):
    with open(path, "rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


good = (folder / "model.pt").read_bytes()
written, after = noted(folder / "model.pt"), folder / "after.pt"
accidents = {"cut off": good[:-1], "empty": b"", "appended to": good + b"0"}
accidents["one bit"] = good[:999] + bytes([good[999] ^ 1]) + good[1000:]
for name, content in accidents.items():
    after.write_bytes(content)
    same_size, same_digest = (a == b for a, b in zip(noted(after), written))
    print(f"{name:11}  same size: {same_size!s:5}  same digest: {same_digest}")
    assert not same_digest and same_size == (name == "one bit")

# %% [markdown]
# The size costs nothing and finds what was cut or added; the digest finds the rest. The course's `check_file` compares the
# checksums *inside* the file, so it needs no note. But it can't know which file you meant. An older checkpoint, copied to
# the wrong place, is perfectly sound.

# %%
from course_lib.checkpoints import check_file, save_file

untrained = MLP(inputs=30, hidden=32, classes=2, dropout=0.2)
save_file(untrained.state_dict(), folder / "older.pt")
check_file(folder / "older.pt")
print("check_file is content; the noted digest:", noted(folder / "older.pt") == written)
assert noted(folder / "older.pt")[1] != written[1]

# %% [markdown]
# Both are against accidents, not against forgers: who can change the file can change the note beside it. Here somebody
# makes the model find less and notes the new digest.

# %%
weights = torch.load(folder / "model.pt", weights_only=True)
weights["layers.5.bias"] = weights["layers.5.bias"] + torch.tensor([4.0, 0.0])
save_file(weights, after)
note_beside = noted(after)  # written by the forger
served = load()
served.load_state_dict(torch.load(after, weights_only=True))
check_file(after)
assert noted(after) == note_beside != written
print("both checks pass; recall:", round(figures(served)["recall"], 3))
assert figures(served)["recall"] < figures(model)["recall"] - 0.1

# %% [markdown]
# Against forgers a digest helps that comes by another way, from somebody you trust; or a signature.
#
# ## Learn: 98 % before, 85 % after
#
# A fall like that, or from 90 to 50, is more than rounding can do. Something differs. Ask the cheap questions first:
#
# 1. **Is it the same question?** The same examples, in the same preprocessing, and the model in eval mode.
# 2. **Is it the same file?** Size, digest, `check_file`; the right epoch.
# 3. **Did everything load?** Missing and unexpected keys; never `strict=False` unread.
# 4. **Are the tensors equal?** Parameters, then buffers, then ties; dtypes.
# 5. **Is it the same code?** Architecture, activation, `eps`; versions of PyTorch; the device.
#
# Accuracy near guessing (50 of 100, for two equal classes) points to weights that never arrived. A moderate fall points
# to 1, or to buffers. Here is the first suspect, `eval()` forgotten, in batches of three.

# %%
served = load().train()
with torch.no_grad():
    torch.manual_seed(0)
    said = torch.cat([served(part).argmax(1) for part in x.split(3)])
accuracy = (said == y).double().mean().item()
print(f"before {figures(model)['accuracy']:.3f}   after {accuracy:.3f}")
overwritten = figures(served.eval())["accuracy"]
print(f"eval() called now: {overwritten:.3f}   loaded again: {figures(load())['accuracy']:.3f}")
assert (
    0.7 < accuracy < figures(model)["accuracy"] - 0.05
    and overwritten < figures(model)["accuracy"] == figures(load())["accuracy"]
)

# %% [markdown]
# Calling `eval()` afterwards doesn't bring it all back: those passes have overwritten the running statistics. Load again.
#
# The library's `diagnose` looks at both records and names what it sees. Four sick loads:

# %%
from course_lib.verification import diagnose

fresh = MLP(inputs=30, hidden=32, classes=2).eval()
fresh.load_state_dict({f"module.{n}": t for n, t in state.items()}, strict=False)
snapshot, whole = take_snapshot(model, [(x, y)]), [(x, y)]
sick = {"1": (load().train(), whole), "2": (load(), [(x * 10, y)]), "3": (fresh, whole)}
for name, after_loading in {**sick, "4": (served, whole)}.items():
    print(name, diagnose(snapshot, after_loading)[0].disease)
names = [diagnose(snapshot, one)[0].disease for one in (*sick.values(), (served, whole))]
assert names[:2] == ["eval() was forgotten", "other preprocessing"]
assert names[3] == "batch norm statistics overwritten" and "not loaded" in names[2]
assert diagnose(snapshot, (load(), whole)) == []

# %% [markdown]
# ## Learn: a number that was never true
#
# A perfect load brings back what was saved, faults included. Two of them look like success. **Overfitting**: perfect on
# the training data, poor on validation data. A network that learns random labels shows nothing else.

# %%
inputs = splits.train.tensors[0][:60]
by_lot = torch.randint(2, (60,), generator=torch.Generator().manual_seed(0))
torch.manual_seed(0)
parrot = MLP(inputs=30, hidden=256, classes=2, dropout=0.0)
rows = batches(torch.utils.data.TensorDataset(inputs, by_lot), 60)
optimizer = torch.optim.Adam(parrot.parameters(), lr=0.01)
fit(parrot, rows, optimizer, nn.CrossEntropyLoss(), epochs=40, progress=False)
train_accuracy, other = evaluate(parrot, rows).accuracy, evaluate(parrot, [(x, y)]).accuracy
print(
    f"training {train_accuracy:.3f}   validation {other:.3f}   always 'healthy' {71 / 114:.3f}"
)
assert train_accuracy == 1 and other < 71 / 114

# %% [markdown]
# **Leakage**: the number is measured on data that the training has seen. Put fifty of the parrot's examples among the
# others, and it looks cleverer than it is. A digest of each example finds those that are in both,
# if they are exact copies.

# %%
leaky_x = torch.cat([x[:50], inputs[:50]])
leaky_y = torch.cat([y[:50], by_lot[:50]])
leaky = evaluate(parrot, [(leaky_x, leaky_y)]).accuracy
clean = evaluate(parrot, [(x[:50], y[:50])]).accuracy
known = {hashlib.sha256(bits(row)).digest() for row in inputs}
both = sum(hashlib.sha256(bits(row)).digest() in known for row in leaky_x)
print(
    f"with leakage {leaky:.2f}, without {clean:.2f}; {both} of {len(leaky_x)} are training data"
)
assert both == 50 and abs(leaky - (clean + 1) / 2) < 1e-6 and leaky > clean + 0.2
assert verify_reload((parrot, whole), (copy.deepcopy(parrot), whole)).passed

# %% [markdown]
# `verify_reload` passes a copy of the parrot: it is the same model. Whether it is any good is another question, and needs
# data that nobody has trained on or chosen by.
#
# ## Learn: versions
#
# Saved with one version of PyTorch, loaded with another: what computes with the tensors may round otherwise (equal
# results are [not promised](https://docs.pytorch.org/docs/stable/notes/randomness.html) across versions), have another
# default, or other names. So the record holds the version, and a difference is a warning: a cause that you can name.

# %%
older = {**take_snapshot(model, data), "torch": "2.4.1"}
report = verify_reload(older, (load(), data))
print(report["versions"].verdict, "-", report["versions"].detail)
assert report["versions"].verdict == "warning" and report.passed

# %% [markdown]
# ## Trace
#
# The whole protocol, check by check, on two files: a good one, and one in which a single bit has turned. Watch how
# many checks the bad one passes.

# %%
from course_lib.lessons.verify_after_loading import trace_protocol

trace_protocol()

# %% [markdown]
# ## Explore
#
# Choose a damage, move the amount, and see which checks notice. Look for a damage that the accuracy misses, one that the
# logits miss, and one that the file's digest misses. Which check would you give up?

# %%
from course_lib.lessons.verify_after_loading import damage

damage()

# %% [markdown]
# ## Break it: parameters compared, buffers forgotten
#
# A popular check compares the parameters in pairs. `zip` ends with the shorter of the two, so it passes even a model
# that has none; and buffers are no parameters.


# %%
def popular_check(one, other):
    pairs = zip(one.parameters(), other.parameters())
    return all(torch.equal(p, q) for p, q in pairs)


print(
    "statistics lost:",
    popular_check(model, lost),
    "  no parameters:",
    popular_check(model, nn.ReLU()),
)
off = (lost(x) - together).abs().max().item()
print(f"logits of the one with lost statistics: up to {off:.1f} off")
assert popular_check(model, lost) and popular_check(model, nn.ReLU()) and off > 0.5

# %% [markdown]
# The guard: compare `state_dict()`, its keys first.

# %%
theirs, ours = lost.state_dict(), model.state_dict()
different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
print(theirs.keys() == ours.keys(), different)
assert len(different) == 3 and all(name.startswith("layers.2.") for name in different)

# %% [markdown]
# ## Break it: one flipped bit loads
#
# A weight of 0.0625 lies in the file as four bytes. A disk turns the second highest bit of the four.

# %%
path = folder / "weight.pt"
torch.save({"weight": torch.full((8,), 0.0625)}, path)
content = bytearray(path.read_bytes())
at = content.find(bits(torch.full((8,), 0.0625)).tobytes())
content[at + 3] ^= 0b0100_0000
path.write_bytes(content)
print(torch.load(path, weights_only=True)["weight"][:2])
assert 2.1e37 < torch.load(path, weights_only=True)["weight"][0] < 2.2e37

# %% [markdown]
# It loads without a word, because `torch.load` doesn't compare the checksums. In a low bit, as you have seen, the same
# accident stays below the border of rounding, and no label shows it. The guard is the note, or `check_file`.

# %%
from course_lib.errors import DamagedFileError

try:
    check_file(path)
except DamagedFileError as error:
    print(str(error).partition(": ")[2])
else:
    raise AssertionError("the damage went unnoticed")

# %% [markdown]
# ## Break it: a comparison that NaN passes
#
# NaN is what 0 / 0 gives, and `<`, `<=`, `>`, `>=` and `==` with it are False. Here are three tests of closeness, as
# people write them, and for each a pair of logits that are not close: one example has become NaN; one class has gained
# what the other lost; only three examples were answered.

# %%
spoilt, shifted = together.clone(), together + torch.tensor([0.1, -0.1])
spoilt[0] = float("nan")
tests = {"largest is not above": not (spoilt - together).abs().max() > 1e-5}
tests["mean difference is small"] = ((shifted - together).mean().abs() < 1e-5).item()
pairs = zip(together, together[:3])
tests["every pair is close"] = all((p - q).abs().max() <= 1e-5 for p, q in pairs)
print(tests)
assert all(tests.values())

# %% [markdown]
# All three are content. The first asks whether it is worse, and NaN is never worse. The second lets ups and downs cancel
# out. The third stops at the shorter one. The guard: shapes first, then ask whether the largest difference *is* small,
# which NaN is not. Ask for finite numbers too, as everything is below an infinite border. (Of no numbers at all `max()`
# raises; `torch.equal` before it answers that case.)


# %%
def close(one, other):
    if one.shape != other.shape or not one.isfinite().all():
        return False
    return bool((one - other).abs().max() <= 1e-5 * one.abs().max())


found = [close(together, other) for other in (spoilt, shifted, together[:3], one_by_one)]
endless = together.clone()
endless[0] = float("inf")
print(found, close(endless, together))
assert found == [False, False, False, True] and not close(endless, together)
assert (endless - together).abs().max() <= 1e-5 * endless.abs().max()  # the border alone

# %% [markdown]
# ## Recap
#
# **A load is right when every tensor, tie and flag is what it was, and every logit of a fixed batch too, but for rounding
# whose cause you can name; equal metrics only follow from it.**
#
# | Do | Don't | Why |
# |---|---|---|
# | compare logits of a fixed batch | compare accuracies or matrices | equal totals hide different answers |
# | expect equal bits on the same machine and batch | "within 0.001, above 90 %" | too weak and too strong |
# | name the cause even of a difference below the border | call every small difference rounding | bfloat16 changes few labels |
# | keys, shapes, dtypes, values, buffers, ties, flags | zip over parameters | buffers and flags are forgotten |
# | note size and SHA-256 when writing | trust that it loads | a flipped bit loads |
# | `largest <= tolerance`, shapes first | `not largest > tolerance` | NaN passes |
# | same question, file, keys, tensors, code | start with retraining | the fault is in the load, and would come again |
# | measure on data nobody trained on | take a right load for a good model | overfitting and leakage load perfectly |
#
# Read more: PyTorch's notes on [reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html) and
# [numerical accuracy](https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html), and Python's
# [hashlib](https://docs.python.org/3/library/hashlib.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. Then the mastery test: ten questions, from
# easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("verify_after_loading")

# %%
mastery_test("verify_after_loading")

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

flashcards("verify_after_loading")

# %%
finish("verify_after_loading")

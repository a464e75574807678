# %%
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution

begin("exact_resume")
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Why: resumed, and nobody noticed
#
# Recipes for checkpoints name three things: the epoch, the model, the optimizer. In lesson 09 that was exact, because
# nothing was left to chance. Here is a run as people have them. Images are moved, made noisy and full of holes; there is
# dropout, a shuffling loader, and a learning rate that falls along a cosine, to 0 after `T_max` epochs.


# %%
from types import SimpleNamespace

from torch.utils.data import DataLoader, TensorDataset

from course_lib.data import batches, digits
from course_lib.devices import select_device
from course_lib.models import MLP
from course_lib.seeding import seed_everything

data = TensorDataset(*digits().train[:550])
device = select_device()  # a GPU if there is one
torch.set_num_threads(1)  # enough for tensors as small as these


# %%
def new_process(seed):
    seed_everything(seed)  # Python, NumPy and PyTorch
    model = MLP(hidden=32, dropout=0.2).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    loader = batches(data, 50, shuffle=True, seed=seed)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    return SimpleNamespace(**parts, loader=loader)


# %%
def augmented(x):
    x = x.roll(random.randint(-1, 1), dims=-1)  # Python
    x = x + torch.from_numpy(np.random.normal(0, 0.1, x.shape)).float()  # NumPy
    return x * (torch.rand(x.shape) < 0.9)  # PyTorch, on the CPU


def train_batch(run, x, y):
    run.optimizer.zero_grad()
    loss = F.cross_entropy(run.model(augmented(x).to(device)), y.to(device))
    loss.backward()
    run.optimizer.step()
    return loss.item()


# %%
def train(run, epochs):
    losses = []
    for _ in epochs:
        losses += [train_batch(run, x, y) for x, y in run.loader]
        run.scheduler.step()
    return losses


# %% [markdown]
# Six epochs without a break, with a file after the third. Then a new process follows the recipe. Its random
# generators stand somewhere else, as they do in a new process: here they are seeded with 1.

# %%
unbroken = new_process(seed=0)
train(unbroken, range(1, 4))
recipe = {"model": unbroken.model.state_dict(), "optimizer": unbroken.optimizer.state_dict()}
torch.save({"epoch": 3, **recipe}, folder / "recipe.pt")
expected = train(unbroken, range(4, 7))

resumed = new_process(seed=1)
saved = torch.load(folder / "recipe.pt", weights_only=True)
resumed.model.load_state_dict(saved["model"])
resumed.optimizer.load_state_dict(saved["optimizer"])
losses = train(resumed, range(saved["epoch"] + 1, 7))


# %%
def apart(a, b):
    pairs = zip(a.model.parameters(), b.model.parameters(), strict=True)
    return max((p - q).abs().max().item() for p, q in pairs)


def rate(run):
    return run.optimizer.param_groups[0]["lr"]


print(f"first loss after the break: {losses[0]:.3f}, unbroken {expected[0]:.3f}")
print(f"weights at the end: up to {apart(resumed, unbroken):.3f} apart")
print(f"learning rate at the end: {rate(resumed):.4f}, unbroken {rate(unbroken):.4f}")
assert losses[0] != expected[0] and apart(resumed, unbroken) > 0.02
assert rate(resumed) > 0.002 > 1e-9 > rate(unbroken)

# %% [markdown]
# Nothing was raised, and the losses look like losses. It is another run: even its first batch is another one, and
# its learning rate doesn't come down to 0. With such a resume you can't repeat a result, or tell a bug from bad luck.
#
# ## Learn: everything that makes a run
#
# What a step reads and the code doesn't say belongs in the file. Three objects have a `state_dict`. Then there are five
# random states: Python, NumPy and PyTorch have a global generator each, an accelerator has its own (dropout on a GPU
# draws there), and so may a loader. NumPy's has an array, which the safe `torch.load` refuses; a list will do.

# %%
gpu = None if device.type == "cpu" else torch.get_device_module(device)


def capture(run):
    name, keys, *rest = np.random.get_state()
    state = {part: vars(run)[part].state_dict() for part in ("model", "optimizer", "scheduler")}
    state["loader"] = run.loader.generator.get_state()
    state["python"] = random.getstate()
    state["numpy"] = (name, keys.tolist(), *rest)
    state["torch"] = torch.get_rng_state()
    return state if gpu is None else state | {"gpu": gpu.get_rng_state()}


# %% [markdown]
# The way back is a table of calls. The random states come last, and you will see why. `without` leaves parts out.


# %%
def restore(run, state, without=()):
    calls = {
        "model": run.model.load_state_dict,
        "optimizer": run.optimizer.load_state_dict,
        "scheduler": run.scheduler.load_state_dict,
        "loader": run.loader.generator.set_state,
        "python": random.setstate,
        "numpy": np.random.set_state,
        "torch": torch.set_rng_state,
    } | ({} if gpu is None else {"gpu": gpu.set_rng_state})
    for part in [part for part in calls if part not in without]:
        calls[part](state[part])


# %% [markdown]
# The proof is a comparison with the run that nobody stopped: every loss after the break, and at the end every bit of
# the model, batch norm's statistics too.


# %%
def go_on(without=()):
    run = new_process(seed=1)
    restore(run, torch.load(folder / "all.pt", map_location="cpu", weights_only=True), without)
    return run, train(run, range(4, 7))


def same(a, b):
    pairs = zip(a.model.state_dict().values(), b.model.state_dict().values(), strict=True)
    return all(torch.equal(p, q) for p, q in pairs)


# %%
unbroken = new_process(seed=0)
train(unbroken, range(1, 4))
torch.save(capture(unbroken), folder / "all.pt")
expected = train(unbroken, range(4, 7))
resumed, losses = go_on()
print("apart:", apart(resumed, unbroken), "  every bit of the model:", same(resumed, unbroken))
assert apart(resumed, unbroken) == 0 and same(resumed, unbroken) and losses == expected

# %% [markdown]
# Not nearly: exactly. That is an **exact resume**. Where two unbroken runs agree to the last bit, a difference of
# 0.0001 is no noise: something is missing.
#
# ## Predict
#
# Suppose that only the scheduler is forgotten. The optimizer is restored, and its state holds the learning rate of
# the moment. There are 11 batches in an epoch. When does the first loss differ from the unbroken run's?

# %%
predict(
    "The first loss that differs is that of ...",
    [
        "batch 1 after the break",
        "batch 13, the second of the second epoch",
        "none: the rate travels with the optimizer",
    ],
)


# %%
def first_difference(losses):
    return next(
        (i for i, (a, b) in enumerate(zip(losses, expected, strict=True), 1) if a != b), None
    )


run, losses = go_on(without={"scheduler"})
print(
    f"first loss that differs: batch {first_difference(losses)}   rate at the end {rate(run):.4f}"
)
assert len(run.loader) == 11 and first_difference(losses) == 13
came_out(f"batch {first_difference(losses)}")

# %% [markdown]
# For a whole epoch all is well. Then the new scheduler, which believes that it stands at the start, sets the next
# rate. Batch 12 still has the same loss, as a loss is computed before the step that the wrong rate spoils.
#
# ## Learn: what each part costs
#
# Leave out one part after the other, and measure: how far the weights end from the unbroken run's, and which batch
# gave it away.

# %%
state = torch.load(folder / "all.pt", map_location="cpu", weights_only=True)
found = {}
for part in ["nothing", *state]:
    run, losses = go_on(without={part})
    found[part] = apart(run, unbroken), first_difference(losses)
    print(f"without {part:9} {found[part][0]:7.4f} apart, first seen at batch {found[part][1]}")
assert found["nothing"] == (0, None) and all(found[part][0] > 0.01 for part in state)
late = {part: first for part, (_, first) in found.items() if first and first > 1}
assert late == {"optimizer": 2, "scheduler": 13}

# %% [markdown]
# Every part counts. A missing optimizer shows at the second batch, as the first loss needs no step yet. So a test that
# compares the weights after loading, or one loss, misses what matters.
#
# ### Your turn
#
# NumPy also has generators of your own, such as `np.random.RandomState(0)`, with `get_state()` and `set_state(...)`.
# Write `plain_state(dice)` for such a generator:
#
# 1. it returns the state in a form that `torch.save` writes and `torch.load(..., weights_only=True)` reads;
# 2. give what was read to `dice.set_state`, and it gives the numbers that come now, also from `dice.normal()`, which
#    draws two and keeps one back;
# 3. `dice` stands where it stood.


# %% turn="plain_state"
def plain_state(dice):
    """The state of a NumPy RandomState, for a file that loads with weights_only=True."""
    ### BEGIN SOLUTION
    name, keys, *rest = dice.get_state()
    return (name, keys.tolist(), *rest)
    ### END SOLUTION


# %%
check(plain_state)

# %% [markdown]
# ## Learn: an order that undoes nothing
#
# Restore the random states first and build the model afterwards, and they are used up: building draws the first weights.
# Loading a file draws nothing.

# %%
torch.manual_seed(0)
before = torch.get_rng_state()
torch.load(folder / "all.pt", map_location="cpu", weights_only=True)
assert torch.equal(torch.get_rng_state(), before)
nn.Linear(2, 2)
assert not torch.equal(torch.get_rng_state(), before)
print("building a layer has moved the generator; loading a file has not")

# %% [markdown]
# Building a scheduler can change the learning rate, since it is there to set it. `LinearLR` warms up: it starts with a
# share of the rate. Built after the optimizer was loaded, it takes that share of the rate that was just restored, and
# its own `load_state_dict` doesn't touch the optimizer.


# %%
def warm_up():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    return sgd, lambda: torch.optim.lr_scheduler.LinearLR(sgd, start_factor=0.1, total_iters=9)


def three_steps(sgd, schedule):
    rates = []
    for _ in range(3):
        sgd.step()
        schedule.step()
        rates.append(round(sgd.param_groups[0]["lr"], 3))
    return rates


# %%
import copy

sgd, build = warm_up()
schedule = build()
three_steps(sgd, schedule)
kept = copy.deepcopy({"sgd": sgd.state_dict(), "schedule": schedule.state_dict()})
steady = three_steps(sgd, schedule)


# %%
def resumed_warm_up(build_first):
    sgd, build = warm_up()
    schedule = build() if build_first else None
    sgd.load_state_dict(kept["sgd"])
    schedule = schedule or build()
    schedule.load_state_dict(kept["schedule"])
    return three_steps(sgd, schedule)


early, late = resumed_warm_up(build_first=True), resumed_warm_up(build_first=False)
print("unbroken", steady, "  built before loading", early, "  after", late)
assert early == steady and late[-1] < steady[-1] / 2

# %% [markdown]
# Last, the device. Adam's running averages go where their parameter is when they are loaded, and don't follow it
# afterwards. So the model moves first. (`meta`, a device without memory, is on every machine and stands for a GPU here.)


# %%
def adam_of(layer, path=folder / "adam.pt"):
    adam = torch.optim.Adam(layer.parameters())
    adam.load_state_dict(torch.load(path, weights_only=True))
    return adam


def where(adam):
    return adam.state_dict()["state"][0]["exp_avg"].device.type


layer = nn.Linear(2, 2)
adam = torch.optim.Adam(layer.parameters())
layer(torch.ones(1, 2)).sum().backward()
adam.step()
torch.save(adam.state_dict(), folder / "adam.pt")

# %%
moved_first = adam_of(nn.Linear(2, 2).to("meta"))
layer = nn.Linear(2, 2)
moved_after = adam_of(layer)
layer.to("meta")
print("the model moved first:", where(moved_first), "  afterwards:", where(moved_after))
assert where(moved_first) == "meta" and where(moved_after) == "cpu"

# %% [markdown]
# An order that works: build the model, move it, build the optimizer, build the scheduler; then load all of them; then
# the random states.
#
# ### Your turn
#
# With `momentum`, SGD keeps a running sum of the gradients for each weight, and steps by that. `OneCycleLR` raises the
# learning rate and lowers it again. It counts **batches**: one `step()` after each. Write
# `with_schedule(sgd, saved, total)`. `saved` has the state_dicts `"sgd"` and `"schedule"`, taken in mid-run:
#
# 1. it returns a `torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)` of this `sgd`, with the saved
#    state;
# 2. `sgd` has its saved state, the momentum of each weight included;
# 3. and the saved learning rate and momentum setting (a `OneCycleLR` sets both), so that the very next step is the
#    unbroken run's.


# %% turn="with_schedule"
import torch


def with_schedule(sgd, saved, total):
    """Fill sgd, and return its OneCycleLR; both as they were when they were saved."""
    ### BEGIN SOLUTION
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    schedule.load_state_dict(saved["schedule"])
    sgd.load_state_dict(saved["sgd"])
    return schedule
    ### END SOLUTION


# %%
check(with_schedule)

# %% [markdown]
# ## Learn: in the middle of an epoch
#
# An epoch of a large run may take days, so files are written between two batches. Where does the loader stand? Its
# generator draws the whole order when a shuffled epoch begins. The state from that moment draws the same order again; the state of
# now draws another.


# %%
def a_loader(state):
    generator = torch.Generator()
    generator.set_state(state)
    return DataLoader(TensorDataset(torch.arange(8)), 2, shuffle=True, generator=generator)


def order(batches):
    return torch.cat([x for (x,) in batches]).tolist()


# %%
start = torch.Generator().manual_seed(0).get_state()
loader = a_loader(start)
epoch = iter(loader)
done = order([next(epoch), next(epoch)])
now = loader.generator.get_state()
rest = order(epoch)
by_start, by_now = order(a_loader(start)), order(a_loader(now))
print("two batches", done, "  the rest", rest)
print("by the start's state", by_start, "  by now's", by_now)
assert by_start == done + rest and by_now[4:] != rest and sorted(by_now) == sorted(by_start)

# %% [markdown]
# So two things say where an epoch stands: the generator's state at its **start**, and how many batches are **done**. On the
# way back you draw the order again, and skip what is done.
#
# ### Your turn
#
# Write `rest_of_epoch(loader, start, done)`. The loader shuffles with a generator of its own, `loader.generator`:
#
# 1. it returns a list of the batches that are left of the epoch that began with `start`, `done` of which are done;
# 2. afterwards the loader's next epoch has the order that it has in the unbroken run.


# %% turn="rest_of_epoch"
def rest_of_epoch(loader, start, done):
    """The batches that are left, as a list."""
    ### BEGIN SOLUTION
    loader.generator.set_state(start)
    return list(loader)[done:]
    ### END SOLUTION


# %%
check(rest_of_epoch)

# %% [markdown]
# ## Learn: the whole run, from the middle of an epoch
#
# Now the run from above, with a file written after 4 of the 11 batches of epoch 4. It goes on to the end, so that we see whether
# capturing disturbs it.


# %%
from itertools import islice


def to_the_end(run, epoch):
    losses = [train_batch(run, x, y) for x, y in epoch]
    run.scheduler.step()
    return losses + train(run, range(5, 7))


run = new_process(seed=0)
train(run, range(1, 4))
start, epoch = run.loader.generator.get_state(), iter(run.loader)
first = [train_batch(run, x, y) for x, y in islice(epoch, 4)]
torch.save(capture(run) | {"loader": start, "done": 4}, folder / "mid.pt")
assert first + to_the_end(run, epoch) == expected and same(run, unbroken)

# %% [markdown]
# On the way back, skipping reads the data. A data set may draw random numbers for each image, so the random states
# are put back once more after it.


# %%
def go_on_in_epoch(without=()):
    state = torch.load(folder / "mid.pt", map_location="cpu", weights_only=True)
    run = new_process(seed=1)
    restore(run, state, without)
    epoch = iter(run.loader)
    for _ in range(0 if "done" in without else state["done"]):
        next(epoch)  # read, and not trained on
    restore(run, state, {*without, "loader"})
    return run, to_the_end(run, epoch)


# %%
for part in ["nothing", *state, "done"]:
    run, losses = go_on_in_epoch(without={part})
    print(f"without {part:9} {apart(run, unbroken):7.4f} apart")
    if part == "nothing":
        assert apart(run, unbroken) == 0 and same(run, unbroken) and losses == expected[4:]
    else:
        assert apart(run, unbroken) > 0.01

# %% [markdown]
# Exactly 0 again with everything, and with nothing less. A run that logs the mean loss of an epoch needs the sum so far in
# its file too.
#
# ## Learn: in the middle of a step
#
# With **gradient accumulation** the gradients of several batches are added up before one step. A
# file written in between lacks them: a model's `state_dict` has its values, not their gradients.


# %%
def pile_up(layer, parts):
    for part in parts:
        layer(part).square().mean().backward()
    return layer.weight.grad.clone()


parts = torch.randn(4, 8, 3, generator=torch.Generator().manual_seed(0))
layer = nn.Linear(3, 1, bias=False)
half_way = pile_up(layer, parts[:2])
whole = pile_up(layer, parts[2:])

# %%
for kept in (torch.zeros(1, 3), half_way):  # what the file says of the gradient
    resumed = nn.Linear(3, 1, bias=False)
    resumed.load_state_dict(layer.state_dict())
    resumed.weight.grad = kept.clone()
    differ = (pile_up(resumed, parts[2:]) - whole).abs().max().item()
    print(f"gradient of the step: {differ:.2f} apart")
    assert (differ == 0) if kept is half_way else (differ > 0.05)

# %% [markdown]
# Save between two steps; or keep each parameter's `grad` in the file, and how many batches are in it.
#
# ## Learn: the scaler
#
# In float16 a small gradient becomes 0, so a **GradScaler** multiplies the loss by a large number, its
# *scale*. Where a gradient overflows, it leaves the step out and halves the scale. A new one starts at 65,536.


# %%
def small_process():
    torch.manual_seed(0)
    net = nn.Linear(8, 1)
    return net, torch.optim.SGD(net.parameters(), lr=1e-5), torch.amp.GradScaler("cpu")


def train_small(net, sgd, scaler, steps):
    for _ in range(steps):
        with torch.autocast("cpu", torch.float16):  # computes in float16
            loss = net(inputs).square().mean()
        sgd.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(sgd)
        scaler.update()


# %%
inputs = 100 * torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
net, sgd, scaler = small_process()
assert scaler.get_scale() == 65_536 and torch.tensor(1e-8).half() == 0
train_small(net, sgd, scaler, 20)
print("a scale that fits:", scaler.get_scale())
weights, state = copy.deepcopy((net.state_dict(), scaler.state_dict()))

# %%
for with_scale in (True, False):
    net, sgd, scaler = small_process()
    net.load_state_dict(weights)
    if with_scale:
        scaler.load_state_dict(state)
    before = scaler.get_scale()
    train_small(net, sgd, scaler, 8)
    print(
        f"restored: {with_scale}   scale {before:,.0f}, 8 steps later {scaler.get_scale():,.0f}"
    )
    assert torch.equal(net.weight, weights["weight"]) == (not with_scale)
    assert scaler.get_scale() == (before if with_scale else before / 2**8)

# %% [markdown]
# Without its state it searches again for a scale that fits: 8 times halved, 8 steps left out, and the weights haven't
# changed. A scaler has a `state_dict`, and goes into the file like an optimizer.
#
# ## Trace
#
# Two runs, side by side: one unbroken, one resumed without its scheduler. Watch where the learning rate, the weights and
# the loss part.

# %%
from course_lib.lessons.exact_resume import trace_resume

trace_resume()

# %% [markdown]
# ## Explore
#
# Leave one part out, and see where the two curves part. Stop at the end of an epoch, then in its middle. Which parts give
# themselves away at once? Which settings would pass a test that looks at the first loss only?

# %%
from course_lib.lessons.exact_resume import leave_one_out

leave_one_out()

# %% [markdown]
# ## Break it: the learning rate that you asked for
#
# After 3 of 6 epochs the run diverges, so you resume with a smaller learning rate. And there is time left: the schedule
# gets 9 epochs.

# %%
layer = nn.Linear(2, 2)


def run_with(lr, epochs):
    adam = torch.optim.Adam(layer.parameters(), lr=lr)
    return adam, torch.optim.lr_scheduler.CosineAnnealingLR(adam, T_max=epochs)


old, (adam, schedule) = run_with(0.01, 6), run_with(0.0001, 9)
for _ in range(3):
    old[0].step(), old[1].step()
adam.load_state_dict(old[0].state_dict())
schedule.load_state_dict(old[1].state_dict())
print(f"learning rate {adam.param_groups[0]['lr']:.4f}   T_max {schedule.T_max}")
assert abs(adam.param_groups[0]["lr"] - 0.005) < 1e-9 and schedule.T_max == 6

# %% [markdown]
# The file overrides both constructors. What you want to change, you set after loading. This schedule then goes on from the
# rate that it finds.

# %%
adam, schedule = run_with(0.0001, 9)
adam.load_state_dict(old[0].state_dict())
schedule.load_state_dict(old[1].state_dict())
adam.param_groups[0]["lr"], schedule.T_max = 0.0001, 9
rates = []
for _ in range(4, 10):
    adam.step(), schedule.step()
    rates += schedule.get_last_lr()
print("epochs 4 to 9:", [f"{rate:.6f}" for rate in rates])
assert 0.00007 < rates[0] < 0.0001 and rates[-1] < 1e-12 < rates[-2]

# %% [markdown]
# ## Break it: moments that change places
#
# **Adam's moments** are the two running averages that it keeps for each weight. Since the file was written, somebody has
# swapped two lines in the model. `model.load_state_dict` goes by name. An optimizer's doesn't.


# %%
class Net(nn.Module):
    def __init__(self, *names):
        super().__init__()
        for name in names:
            self.add_module(name, nn.Linear(3, 3, bias=False))

    def forward(self, x):
        return self.decode(self.encode(x).tanh())


net = Net("encode", "decode")
adam = torch.optim.Adam(net.named_parameters())
net(torch.ones(1, 3)).sum().backward()
adam.step()

# %%
swapped = Net("decode", "encode")
swapped.load_state_dict(net.state_dict())
other = torch.optim.Adam(swapped.named_parameters())
other.load_state_dict(copy.deepcopy(adam.state_dict()))
of_encode = other.state[swapped.encode.weight]["exp_avg"]
assert torch.equal(swapped.encode.weight, net.encode.weight)
assert torch.equal(of_encode, adam.state[net.decode.weight]["exp_avg"])
assert not torch.equal(of_encode, adam.state[net.encode.weight]["exp_avg"])
print("the encoder has its own weights, and the decoder's moments")

# %% [markdown]
# The first state goes to the first parameter. Built from `named_parameters()`, an optimizer keeps the names in its
# groups, but PyTorch doesn't go by them. So compare them. The course's `in_order_of` sorts by them, and
# `CheckpointManager` does so when it loads.

# %%
from course_lib.checkpoints.state import in_order_of

here = torch.optim.Adam(swapped.named_parameters())
saved = copy.deepcopy(adam.state_dict())
for which in (here.state_dict(), saved):
    print(which["param_groups"][0]["param_names"])
here.load_state_dict(in_order_of(here, saved))
of_encode = here.state[swapped.encode.weight]["exp_avg"]
assert torch.equal(of_encode, adam.state[net.encode.weight]["exp_avg"])

# %% [markdown]
# ## Break it: the checkpoint that trains on
#
# You load a file once, and try two things from there. The same step is taken each time, so they should end alike.


# %%
def branch(saved):
    torch.manual_seed(0)
    layer = nn.Linear(2, 2)
    adam = torch.optim.Adam(layer.parameters())
    adam.load_state_dict(saved)
    layer(torch.ones(1, 2)).square().sum().backward()
    adam.step()
    return layer.weight.detach()


# %%
saved = torch.load(folder / "adam.pt", weights_only=True)
first, second = branch(saved), branch(saved)
steps = int(saved["state"][0]["step"])
print(
    "steps in what was loaded: 1, then", steps, f"  apart: {(first - second).abs().max():.1e}"
)
assert steps == 3 and not torch.equal(first, second)

# %% [markdown]
# `optimizer.load_state_dict` keeps the tensors that it is given, where device and dtype fit, and trains on in them. The
# guard is to hand it a copy, or to load the file again.

# %%
saved = torch.load(folder / "adam.pt", weights_only=True)
assert torch.equal(branch(copy.deepcopy(saved)), branch(copy.deepcopy(saved)))
assert saved["state"][0]["step"].item() == 1

# %% [markdown]
# ## Break it: workers that live on
#
# A loader with `num_workers=2` reads the data in two processes of their own. Each draws random numbers from a seed that the
# loader's generator gives out when they start. `Drawing` (of this lesson) gives back each index with a random number.

# %%
from course_lib.lessons.exact_resume import Drawing


def an_epoch(loader):
    return [column.tolist() for batch in loader for column in batch]


def third_epoch(**options):
    generator = torch.Generator().manual_seed(1)
    loader = DataLoader(Drawing(8), 4, shuffle=True, generator=generator, **options)
    an_epoch(loader), an_epoch(loader)
    state, unbroken = generator.get_state(), an_epoch(loader)
    generator = torch.Generator()  # a new process
    generator.set_state(state)
    loader = DataLoader(Drawing(8), 4, shuffle=True, generator=generator, **options)
    return unbroken, an_epoch(loader)


# %%
exact = {}
for live_on in (False, True):
    unbroken_epoch, resumed_epoch = third_epoch(num_workers=2, persistent_workers=live_on)
    exact[live_on] = unbroken_epoch == resumed_epoch
    print(f"persistent_workers={live_on}: order and numbers as unbroken: {exact[live_on]}")
    print("   order:", unbroken_epoch[0], resumed_epoch[0])
assert exact == {False: True, True: False} and unbroken_epoch[0] != resumed_epoch[0]
assert not hasattr(DataLoader, "state_dict")

# %% [markdown]
# Workers that start anew with each epoch get their seeds from the generator that you save. With `persistent_workers=True`
# they start once. A resumed loader starts them again, which draws a number too many, and then even the order is another.
# A `DataLoader` has no `state_dict` that would know where their own generators stand. For an exact resume, leave it off.
#
# ## Learn: the manager does the same
#
# `CheckpointManager` of lesson 09 captures what it is given by name, and restores `RNGState` last. The optimizer's state
# goes by name, where it has names.


# %%
from course_lib.checkpoints import CheckpointManager, GeneratorState, RNGState


def parts_of(run):
    loader = GeneratorState(run.loader.generator)
    return {**vars(run), "loader": loader, "rng": RNGState()}


place, run = tempfile.mkdtemp(dir=folder), new_process(seed=0)
train(run, range(1, 4))
CheckpointManager(place, parts_of(run)).save(3)
run = new_process(seed=1)
at = CheckpointManager(place, parts_of(run)).load("last").step
assert train(run, range(at + 1, 7)) == expected and same(run, unbroken)
print("managed, and resumed after epoch", at, "  apart:", apart(run, unbroken))

# %% [markdown]
# *Exactly* means: on the same machine, with the same versions and as many threads. Another GPU may round sums
# differently, and some operations of a GPU add in another order each time. So see first that two unbroken runs agree
# ([Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)).
#
# ## Recap
#
# **A resume is exact if nothing differs from the run that nobody stopped, to the last bit; so compare with that run.**
#
# | Do | Don't | Why |
# |---|---|---|
# | save model, optimizer, scheduler, scaler, all random states, the position | epoch, model, optimizer | each missing part makes another run |
# | compare all losses and the weights at the end | compare after loading, or one loss | a lost scheduler shows an epoch later |
# | build all, load all, random states last | restore them before building | building draws numbers |
# | build the scheduler before loading the optimizer | after | building it can change the rate |
# | move the model first, then the optimizer's state | the other way round | the state doesn't follow |
# | the generator's state at the epoch's start, and batches done | its state of now | that draws another order |
# | set a new rate after loading | in the constructor | the file overrides it |
# | compare `param_names` | trust the order | moments go by position |
# | hand over a copy | load twice from one dictionary | the optimizer trains on in it |
# | `persistent_workers=False` | workers that live on | a `DataLoader` doesn't save their states |
#
# Read more: the documentation of
# [optimizers](https://docs.pytorch.org/docs/stable/optim.html), of
# [data loading](https://docs.pytorch.org/docs/stable/data.html) with its section on randomness in workers, and of
# [GradScaler](https://docs.pytorch.org/docs/stable/amp.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. Then the mastery test: ten questions, from
# easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("exact_resume")

# %%
mastery_test("exact_resume")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: capture a run, restore it, write the test that says whether a resume is exact, and mend
# one that isn't.
#
# ## Recall
#
# Flashcards come back when they are due.

# %%
from course_lib.classroom import flashcards

flashcards("exact_resume")

# %%
finish("exact_resume")

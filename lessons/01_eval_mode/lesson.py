# %%
import copy
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits
from course_lib.models import MLP

begin("eval_mode")

# %% [markdown]
# ## Why: one digit, two answers
#
# Here is a small network for 8 x 8 handwritten digits. Two of its layers will keep us busy: number 2 is batch norm,
# number 4 is dropout.

# %%
layers = MLP(dropout=0.5).layers
print(layers)
assert isinstance(layers[2], nn.BatchNorm1d) and isinstance(layers[4], nn.Dropout)

# %% [markdown]
# Ten epochs of training, as you have written them before.

# %%
splits, start = digits(), perf_counter()
torch.manual_seed(0)
model = MLP(dropout=0.5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(10):
    for x, y in batches(splits.train, 64, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
print(f"trained in {perf_counter() - start:.1f} s")

# %% [markdown]
# Now show the 360 test digits to a copy of it, eight times over, and pick the one digit it is least sure of. Nothing is
# trained in between. (Why a copy? You will see below what looking can do to a model.)

# %%
images, labels = splits.test.tensors
forgetful = copy.deepcopy(model)
with torch.no_grad():
    answers = torch.stack([forgetful(images).argmax(1) for _ in range(8)])
wavering = (answers != answers.mode(0).values).sum(0).argmax()
print("The digit is a", labels[wavering].item())
print("The model says", answers[:, wavering].tolist())
assert answers[:, wavering].unique().numel() > 1

# %% [markdown]
# Same model, same image, and the answer changes from one call to the next. The model was left in training mode, and
# dropout still tosses a coin for every hidden unit. Switch that one layer, and the answers stand still.

# %%
assert forgetful.training
forgetful.layers[4].eval()
with torch.no_grad():
    assert torch.equal(forgetful(images), forgetful(images))
print("dropout switched: two passes agree")

# %% [markdown]
# ## Predict
#
# One line, `model.eval()`, switches the whole model. Before you use it: how much can forgetting it cost on a whole
# test set? Commit to a number.

# %%
predict(
    "The accuracy of this model on the test set is above 0.95. We forget `eval()`, and the "
    "images arrive two at a time. What does the accuracy become?",
    [
        "above 0.95: it is the same model",
        "about 0.93: a little noise",
        "below 0.70: badly wrong",
    ],
)


# %%
def accuracy(model, images, labels, *, batch_size):
    with torch.no_grad():
        preds = torch.cat([model(batch).argmax(1) for batch in images.split(batch_size)])
    return (preds == labels).float().mean().item()


# %%
sizes, forgetful = (64, 8, 4, 2), copy.deepcopy(model).train()
forgotten = {size: accuracy(forgetful, images, labels, batch_size=size) for size in sizes}
model.eval()
correct = {size: accuracy(model, images, labels, batch_size=size) for size in sizes}
for size in sizes:
    print(f"batches of {size:2}:  forgotten {forgotten[size]:.3f}   eval() {correct[size]:.3f}")
came_out(f"{forgotten[2]:.3f} in batches of two, where `eval()` gives {correct[2]:.3f}")
assert correct[2] > 0.95 and max(correct.values()) - min(correct.values()) < 0.003
assert 0.45 < forgotten[2] < 0.62

# %% [markdown]
# With `eval()` the batch size doesn't matter. Without it, about half of the answers are wrong at batches of two, and
# no error was raised. Which layer is to blame? Put one part in training mode at a time.

# %%
alone = {}
for name, numbers in {"batch norm": [2], "dropout": [4], "the rest": [0, 1, 3, 5]}.items():
    half = copy.deepcopy(model).eval()
    for number in numbers:
        half.layers[number].train()
    alone[name] = accuracy(half, images, labels, batch_size=2)
    print(f"only {name} in training mode: {alone[name]:.3f}")
assert alone["dropout"] > 0.92 and 0.58 < alone["batch norm"] < 0.7
assert alone["the rest"] == correct[2]
assert alone["dropout"] + alone["batch norm"] - correct[2] > forgotten[2]

# %% [markdown]
# Alone, dropout costs at most a few answers in a hundred, batch norm about a third of them, the rest nothing. Both
# together cost more than the two losses added.

# %% [markdown]
# ## Learn: what the switch does
#
# `eval()` does one thing: it sets a flag called `training` to `False` on the model and on every module inside it.
# `train()` sets it to `True`, and `eval()` is nothing but `train(False)`.

# %%
model.train()
print({name or "model": module.training for name, module in model.named_modules()})
assert model.eval() is model
assert not any(module.training for module in model.modules())
assert not any(module.training for module in model.train().train(False).modules())

# %% [markdown]
# ### Your turn
#
# Somebody froze a few layers, that is, put them in eval mode to stay there, and forgot which. Write
# `still_training(model)`:
#
# 1. it returns the dotted names of the modules that are in training mode, as `model.named_modules()` has them; the
#    model itself is `""`;
# 2. it asks at every level;
# 3. it changes no flag by asking.


# %% turn="still_training"
def still_training(model):
    """The names of the modules that are in training mode."""
    ### BEGIN SOLUTION
    return [name for name, module in model.named_modules() if module.training]
    ### END SOLUTION


# %%
check(still_training)

# %% [markdown]
# Most layers never look at the flag. Of our six, two do. **Dropout**, while training, sets each value to zero with
# probability p and multiplies the survivors by 1 / (1 - p), so that the mean stays what it was on average. In eval
# mode it hands its input through untouched.

# %%
dropout = nn.Dropout(p=0.2)
ones = torch.ones(10_000)
dropped = dropout(ones)
print("values:", dropped.unique().tolist(), "  mean:", round(dropped.mean().item(), 2))
assert dropped.unique().tolist() == [0.0, 1.25] and abs(dropped.mean() - 1) < 0.03
assert dropout.eval()(ones) is ones

# %% [markdown]
# **Batch norm**, while training, subtracts from each feature the mean *of this batch*, divides by the root of its
# variance, then multiplies by a weight and adds a bias, which begin at 1 and 0 and learn. On the side it keeps running
# statistics: nine tenths of the old value and one tenth of what this batch shows. (That tenth is its `momentum`.)

# %%
norm = nn.BatchNorm1d(1)
batch = torch.tensor([[0.0], [2.0], [4.0]])
out = norm(batch)
print("output:", [round(v, 2) for v in out.flatten().tolist()])
print(f"running mean: {norm.running_mean.item():.2f}")
assert norm.momentum == 0.1 and (norm.weight, norm.bias) == (1, 0)
assert torch.allclose(norm.running_mean, torch.tensor([0.9 * 0 + 0.1 * 2]))

# %% [markdown]
# If you check by hand: the output is divided by the root of the variance over N (plus `eps`, against a zero), and the
# running variance, which begins at 1, is fed with the variance over N - 1.

# %%
biased, unbiased = batch.var(correction=0), batch.var(correction=1)
assert torch.allclose(out, (batch - batch.mean()) / (biased + norm.eps).sqrt())
assert torch.allclose(norm.running_var, 0.9 * 1 + 0.1 * unbiased)
print(f"variance over N: {biased.item():.2f}   over N - 1: {unbiased.item():.2f}")

# %% [markdown]
# In eval mode batch norm uses the running statistics, and each example is on its own. That is why the batch size
# mattered so much: with two images in a batch, a mean of two was taken for a mean of all.

# %%
moved = {}
for training in (True, False):
    first_three = copy.deepcopy(model).train(training).layers[:3]  # as far as batch norm
    with torch.no_grad():
        one, other = first_three(images[[0, 1]]), first_three(images[[0, 2]])
    moved[training] = (one[0] - other[0]).abs().max().item()
    print(
        f"training={training}: another neighbour moves image 0 by up to {moved[training]:.2f}"
    )
assert moved[True] > 1 and moved[False] < 1e-5

# %% [markdown]
# With one value for each feature there is no spread to divide by, and the mistake becomes loud. Don't count on it:
# a picture has many values in each channel, so a batch of one picture is normalised by itself, in silence.

# %%
try:
    nn.BatchNorm1d(3)(torch.ones(1, 3))
except ValueError as error:
    print(error)
else:
    raise AssertionError("it took a batch of one")
bright = nn.BatchNorm2d(3)(torch.rand(1, 3, 8, 8) + 5)
print(
    "mean of each channel afterwards:",
    [f"{abs(m):.2f}" for m in bright.mean((0, 2, 3)).tolist()],
)
assert bright.mean((0, 2, 3)).abs().max() < 1e-4

# %% [markdown]
# ### What else listens
#
# Here are five more layers, each asked in both modes. Layer norm and instance norm take their means within one example.
# Layer norm has no running statistics; instance norm has them only if you ask for them.

# %%
others = {
    "RReLU": nn.RReLU(),
    "TransformerEncoderLayer": nn.TransformerEncoderLayer(8, 2, dropout=0.5),
    "InstanceNorm1d, tracking": nn.InstanceNorm1d(8, track_running_stats=True),
    "InstanceNorm1d": nn.InstanceNorm1d(8),
    "LayerNorm": nn.LayerNorm(8),
}
x, listens = torch.rand(4, 8, 8) - 0.5, {}
for name, layer in others.items():
    listens[name] = not torch.equal(layer.train()(x), layer.eval()(x))
print(listens)
assert list(listens.values()) == [True, True, True, False, False]

# %% [markdown]
# Batch norm itself can be told to keep no statistics. Then eval mode has nothing to use, and goes on using the batch.

# %%
stateless = nn.BatchNorm1d(1, track_running_stats=False).eval()
pair = stateless(torch.tensor([[0.0], [2.0]])).flatten()
print(
    "in eval mode:",
    [round(v, 2) for v in pair.tolist()],
    "  running mean:",
    stateless.running_mean,
)
assert stateless.running_mean is None and torch.allclose(
    pair, torch.tensor([-1.0, 1.0]), atol=1e-4
)

# %% [markdown]
# ### The other switch
#
# While gradients are on, PyTorch records every step of a forward pass, so that `backward()` can go back through them:
# that record is the graph. `torch.no_grad()` stops the recording and knows nothing of dropout; `eval()` stops dropout
# and knows nothing of the graph. They are two switches, and evaluation wants both.

# %%
model.eval()
assert model(images[:4]).requires_grad  # the sign of a graph
forgetful = copy.deepcopy(model).train()
with torch.no_grad():
    assert not forgetful(images[:4]).requires_grad
    assert not torch.equal(forgetful(images[:4]), forgetful(images[:4]))
print("eval() kept the graph; no_grad() kept the randomness")

# %% [markdown]
# ## Trace
#
# Follow four examples through batch norm and dropout, first in training mode, then in eval mode. Step with Next,
# or with Tab and Enter.

# %%
from course_lib.lessons.eval_mode import trace_modes

trace_modes()

# %% [markdown]
# ## Explore
#
# Turn one switch at a time and watch which picture answers: the outputs, the running mean, or the graph. Tab moves
# between the switches, the space bar turns them, the arrow keys move the slider.

# %%
from course_lib.lessons.eval_mode import switchboard

switchboard()

# %% [markdown]
# ## Break it: the test set in order
#
# A test set sorted by class is nothing unusual: one folder for each class, read one after the other. In training mode
# it costs most of the answers, because what a class has in common is what batch norm takes away.

# %%
by_class = labels.argsort()
kinds = [batch.unique().numel() for batch in labels[by_class].split(20)]
forgetful = copy.deepcopy(model).train()
in_order = accuracy(forgetful, images[by_class], labels[by_class], batch_size=20)
print(f"{kinds.count(1)} of {len(kinds)} batches hold one digit, {kinds.count(2)} hold two")
mixed = accuracy(forgetful, images, labels, batch_size=20)
print(f"eval() forgotten: {mixed:.3f} mixed, {in_order:.3f} sorted by class (guessing: 0.100)")
assert set(kinds) == {1, 2} and in_order < 0.35 and mixed > 0.85

# %% [markdown]
# The guard is to switch where the measuring happens, not somewhere above it, and to put every flag back. Our
# `evaluation_mode` turns both switches and gives each submodule its own flag again: here a layer that somebody froze
# on purpose.

# %%
from course_lib.evaluation import evaluation_mode

model.train()
model.layers[2].eval()  # somebody's frozen layer
with evaluation_mode(model):
    guarded = accuracy(model, images[by_class], labels[by_class], batch_size=20)
    assert not model(images[:4]).requires_grad
print(f"sorted by class, guarded: {guarded:.3f}   in training mode again: {model.training}")
assert guarded > 0.94 and model.training and not model.layers[2].training
model.eval()

# %% [markdown]
# ## Learn: a switch that puts itself back
#
# A `with` block that tidies up behind itself is a function with one `yield`. Before it stands what happens on entering,
# after it what happens on leaving; `finally` makes sure of that, also when the block raises an error. This one lends
# PyTorch a seed, and afterwards puts its dice back where they were (those of the CPU; a GPU has its own).

# %%
from contextlib import contextmanager


@contextmanager
def seeded(seed):
    before = torch.get_rng_state()
    torch.manual_seed(seed)
    try:
        yield  # the block runs here
    finally:
        torch.set_rng_state(before)


# %%
coins, before = nn.Dropout(0.5), torch.get_rng_state()
with seeded(1):
    first = coins(torch.ones(8)).tolist()
try:
    with seeded(1):
        assert coins(torch.ones(8)).tolist() == first
        raise RuntimeError("the block fails")
except RuntimeError as error:
    print(f"{error}, and the error comes through")
assert torch.equal(torch.get_rng_state(), before)

# %% [markdown]
# ### Your turn
#
# Write `dropping(layer, p)`, a context manager for one `nn.Dropout` layer:
#
# 1. inside `with dropping(layer, p):` the layer's `p` is the one given;
# 2. afterwards it is what it was before, also when the block raised an error;
# 3. an error raised in the block comes through.


# %% turn="dropping"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    """Let `layer` drop with probability `p` for the block; then give it its own p back."""
    ### BEGIN SOLUTION
    before = layer.p
    layer.p = p
    try:
        yield
    finally:
        layer.p = before
    ### END SOLUTION


# %%
check(dropping)

# %% [markdown]
# In the exercise you write `evaluation_mode` yourself: the half of it that concerns flags. The grad switch stays out.

# %% [markdown]
# ## Break it: looking changes the model
#
# A model holds two kinds of tensors. Parameters are what an optimizer changes; buffers are kept beside them, and batch
# norm's running statistics are buffers, with a count of the batches. Our model's `state_dict` is the dictionary of both,
# by name; a `state_dict` is what people save.

# %%
parameters = {name for name, _ in model.named_parameters()}
buffers = {name for name, _ in model.named_buffers()}
print("buffers:", sorted(buffers))
assert set(model.state_dict()) == parameters | buffers

# %% [markdown]
# Batch norm writes its buffers in every forward pass in training mode, also under `no_grad`. So an evaluation without
# `eval()` doesn't only measure wrongly. It changes the model, and you may save the changed one. Let a copy look at
# some ones, thirty times.

# %%
watched = copy.deepcopy(model).eval()
before = accuracy(watched, images, labels, batch_size=64)
watched.train()
for _ in range(30):
    accuracy(watched, images[labels == 1], labels[labels == 1], batch_size=64)
after = accuracy(watched.eval(), images, labels, batch_size=64)
print(f"in eval mode {before:.3f} before, and {after:.3f} after a look in training mode")
assert after < before - 0.07

# %% [markdown]
# No optimizer ran. The weights are the same to the last bit; the buffers are not.

# %%
was, now = model.state_dict(), watched.state_dict()
differing = {name for name in was if not torch.equal(was[name], now[name])}
print("differing:", sorted(differing))
assert differing == buffers

# %% [markdown]
# Freezing the parameters doesn't help either: `requires_grad_(False)` keeps gradients from them, and the running
# statistics change without any.

# %%
frozen = copy.deepcopy(model).requires_grad_(False).train()
before = frozen.layers[2].running_mean.clone()
out = frozen(images[labels == 1])
step = (frozen.layers[2].running_mean - before).abs().max().item()
print(f"no parameter wants a gradient, and the running mean moved by up to {step:.2f}")
assert not out.requires_grad and step > 0.02

# %% [markdown]
# The guard, for a test suite: a `state_dict` copied before evaluating equals the one after. Copied, because the
# dictionary holds the model's own tensors and would follow them.

# %%
snapshot = {name: tensor.clone() for name, tensor in model.state_dict().items()}
with evaluation_mode(model):
    accuracy(model, images, labels, batch_size=64)
assert all(torch.equal(tensor, snapshot[name]) for name, tensor in model.state_dict().items())
print("evaluated, and nothing in the model moved")
held = model.state_dict()["layers.2.running_mean"]
assert held.data_ptr() == model.layers[2].running_mean.data_ptr()  # one memory for both

# %% [markdown]
# ## Break it: out of the switch's reach
#
# The flag reaches registered modules and nothing else. `F.dropout` is a function: its argument `training` is `True`
# unless you pass the flag on. And a plain Python list hides its modules from `eval()`.


# %%
class Deaf(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_a_list = [nn.Dropout(0.5)]

    def forward(self, x):
        return F.dropout(self.in_a_list[0](x), 0.5)


deaf = Deaf().eval()
assert not deaf.training and deaf.in_a_list[0].training
zeros = (deaf(torch.ones(1000)) == 0).float().mean().item()
print(f"in eval mode {zeros:.2f} of the output is 0")  # both drop: 1 - 0.5 * 0.5
assert abs(zeros - 0.75) < 0.1

# %% [markdown]
# `F.scaled_dot_product_attention` has a `dropout_p` and no switch at all, and `nn.FractionalMaxPool2d` draws its
# regions anew in either mode.

# %%
q, picture = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 16, 16)
pool = nn.FractionalMaxPool2d(2, output_ratio=0.7).eval()
attention = [F.scaled_dot_product_attention(q, q, q, dropout_p=0.5) for _ in range(2)]
pooled = torch.stack([pool(picture) for _ in range(8)])
print("attention agrees:", torch.equal(*attention))
print("pooling agrees:  ", bool((pooled == pooled[0]).all()))
assert not torch.equal(*attention) and not (pooled == pooled[0]).all()

# %% [markdown]
# Two guards in the definition: `nn.ModuleList` for lists, and `training=self.training` for the function. One guard in
# the tests: in eval mode, two passes over the same batch are equal.


# %%
class Listening(nn.Module):
    def __init__(self):
        super().__init__()
        self.registered = nn.ModuleList([nn.Dropout(0.5)])

    def forward(self, x):
        return F.dropout(self.registered[0](x), 0.5, training=self.training)


deaf, listening, x = Deaf().eval(), Listening().eval(), torch.ones(1000)
print("Deaf:     ", torch.equal(deaf(x), deaf(x)))
print("Listening:", torch.equal(listening(x), listening(x)))
assert not torch.equal(deaf(x), deaf(x)) and torch.equal(listening(x), listening(x))

# %% [markdown]
# That guard finds randomness only. Hide a batch norm, and two passes agree while both are wrong. The list hides it from
# `parameters()` and `state_dict()`, too: it is never trained, and never saved.


# %%
class Hiding(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_a_list = [nn.BatchNorm1d(1)]

    def forward(self, x):
        return self.in_a_list[0](x)


hiding, x = Hiding().eval(), torch.tensor([[0.0], [2.0], [10.0]])
print("parameters:", list(hiding.parameters()), "  state_dict:", dict(hiding.state_dict()))
assert not list(hiding.parameters()) and not hiding.state_dict()
two, three = (hiding(x[:n])[1].item() for n in (2, 3))
print(f"2 gives {two:.2f}, and beside 10 it gives {three:.2f}")
assert torch.equal(hiding(x), hiding(x)) and two > 0.9 and three < 0

# %% [markdown]
# So a second guard in the tests: in eval mode an example's output is the same whoever else is in its batch. Compare with
# `torch.allclose`: another batch size may add in another order, and round otherwise.

# %% [markdown]
# ## Learn: look inside while it runs
#
# A guard says that something is random, not which module it is. A hook shows you: a function that PyTorch calls
# whenever a module runs. A forward pre-hook gets the module and its inputs, a tuple; a forward hook gets the output
# as well. If it returns `None`, as `append` does, nothing is changed.

# %%
given, drop = [], model.eval().layers[4]
handle = drop.register_forward_pre_hook(lambda module, inputs: given.append(inputs[0]))
out = model(images[:8])
handle.remove()  # or it listens for ever
assert torch.equal(model(images[:8]), out)
print(f"dropout was given {tuple(given[0].shape)}, and the hook ran {len(given)} time")
assert len(given) == 1 and torch.equal(drop(given[0]), drop(given[0]))

# %% [markdown]
# The last line asked one module twice, alone, with the input that it really gets. That is how you find a culprit.

# %% [markdown]
# ### Your turn
#
# Now the other end. Write `output_of(layer, model, x)`:
#
# 1. it runs `model(x)` and returns what `layer`, somewhere inside `model`, gave out on the way;
# 2. afterwards the model has the modes and the hooks that it had before.


# %% turn="output_of"
def output_of(layer, model, x):
    """The output of a layer of `model` while the model runs on x."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    model(x)
    handle.remove()
    return kept[0]
    ### END SOLUTION


# %%
check(output_of)

# %% [markdown]
# ## Break it: frozen for one epoch
#
# To fine-tune with small batches, people freeze batch norm by putting it in eval mode. The next `model.train()` thaws
# it, because the flag is all there is.

# %%
tuned = copy.deepcopy(model).train()
tuned.layers[2].eval()
tuned.train()  # the first line of every training loop
before = tuned.layers[2].running_mean.clone()
tuned(images[:64])
step = (tuned.layers[2].running_mean - before).abs().max().item()
print(f"in training mode: {tuned.layers[2].training}; the mean moved by up to {step:.2f}")
assert tuned.layers[2].training and step > 0.002

# %% [markdown]
# And eval mode freezes the statistics only. Weight and bias are parameters, and learn in either mode.

# %%
tuned = copy.deepcopy(model).eval()
optimizer = torch.optim.SGD(tuned.parameters(), lr=0.1)
F.cross_entropy(tuned(images[:64]), labels[:64]).backward()
optimizer.step()
was, now = model.layers[2].state_dict(), tuned.layers[2].state_dict()
differing = {name for name in was if not torch.equal(was[name], now[name])}
print("one step in eval mode changed", sorted(differing))
assert differing == {"weight", "bias"}

# %% [markdown]
# ## Learn: a freeze that lasts
#
# `model.train()` calls `train` on each module inside. So a layer whose `train` declines stays as it is. In a class of
# your own you override it, and `requires_grad_(False)` stops weight and bias.


# %%
class Steady(nn.BatchNorm1d):
    def train(self, mode=True):
        return super().train(False)  # whatever it is told


steady = nn.Sequential(
    nn.Linear(64, 8), Steady(8).eval().requires_grad_(False), nn.Dropout(0.5)
)
print("after train():", {name: part.training for name, part in steady.train().named_children()})
steady(images.flatten(1))
assert not steady[1].training and steady[2].training
assert steady[1].running_mean.eq(0).all() and not steady[1].weight.requires_grad

# %% [markdown]
# For a layer that exists already, put a function of your own in the place of its `train`: Python finds it on the object
# before it looks in the class. Here an RReLU, random while training, is kept calm.

# %%
calm, other = nn.RReLU().eval(), nn.RReLU()
calm.train = lambda mode=True: calm  # train() returns the module
two = nn.Sequential(calm, other)
print("after train():", [part.training for part in two.train()])
assert [part.training for part in two] == [False, True]
assert [part.training for part in two.eval()] == [False, False]

# %% [markdown]
# Which layers to freeze? `BatchNorm1d`, `2d`, `3d` and `SyncBatchNorm`, which shares its statistics among several
# GPUs, have one base class, so one `isinstance` finds them all. Its name has an underscore; people use it even so.

# %%
base = nn.modules.batchnorm._BatchNorm
kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LayerNorm)
print({kind.__name__: issubclass(kind, base) for kind in kinds})
assert [issubclass(kind, base) for kind in kinds] == [True] * 4 + [False]

# %% [markdown]
# ### Your turn
#
# Now the other way round. Some let a model drop while it predicts, and read the scatter of its answers as doubt
# ([the paper](https://arxiv.org/abs/1506.02142)). Write `keep_dropping(layer)` for an `nn.Dropout` in somebody's model:
#
# 1. from then on the layer drops as it does in training mode, with its own `p`, however often the model's `eval()` and
#    `train()` are called;
# 2. the other layers switch as before;
# 3. it returns the layer.


# %% turn="keep_dropping"
def keep_dropping(layer):
    """Let a dropout layer drop whatever the mode of the model around it."""
    ### BEGIN SOLUTION
    layer.train()
    layer.train = lambda mode=True: layer
    return layer
    ### END SOLUTION


# %%
check(keep_dropping)

# %% [markdown]
# ## Recap
#
# **`eval()` flips a flag; dropout, batch norm and a few more read it; gradients are another switch.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `with evaluation_mode(model):` around the measuring | `model.eval()` far above, `model.train()` at the end | someone else's frozen layer comes back in training mode |
# | `eval()` and `no_grad()` together | one of them | one stops dropout and batch statistics, the other the graph |
# | `F.dropout(x, p, training=self.training)` | `F.dropout(x, p)` | the function's default is to drop |
# | `nn.ModuleList([...])` | `[...]` | a plain list hides modules from every switch |
# | freeze batch norm by its `train` *and* `requires_grad_(False)` | `layer.eval()` once | the next `train()` thaws it; weight and bias learn anyway |
# | test that two passes agree, and that neighbours don't matter | trust that `eval()` was called | nearly everything above raises no error |
#
# Read more: the PyTorch documentation of
# [`Module.eval`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval) and
# [`BatchNorm1d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html), and the
# [note on grad modes](https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("eval_mode")

# %%
mastery_test("eval_mode")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: write `evaluation_mode`, find the modules that ignore the switch, freeze every batch norm
# of a model for good, and mend a `predict` that has been wrong for a year.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("eval_mode")

# %%
finish("eval_mode")

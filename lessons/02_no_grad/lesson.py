# %%
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits
from course_lib.lessons.no_grad import bytes_behind, bytes_by_layer
from course_lib.models import MLP

begin("no_grad")

# %% [markdown]
# ## Why: a sum that remembers everything
#
# An evaluation that adds up the loss, as it stands in many a repository. The model is in eval mode, nothing is
# trained, and the sum is one number.

# %%
torch.manual_seed(0)
model = MLP().eval()
images = digits().train.tensors[0]
total, kept = 0, []
for x, y in batches(digits().train, 64):
    total = total + F.cross_entropy(model(x), y)
    kept.append(bytes_behind(total, model))
print(f"after batch 1: {kept[0]:,} bytes   after batch {len(kept)}: {kept[-1]:,} bytes")
assert total.numel() == 1 and kept[-1] > 15 * kept[0]

# %% [markdown]
# One number, and behind it hang the activations of every image that was ever shown. `bytes_behind` is a tool of this
# lesson: it counts the bytes that PyTorch keeps alive behind a tensor, without the model itself. With a larger model
# this loop ends in "out of memory", many batches after the line that is wrong.

# %% [markdown]
# ## Predict
#
# PyTorch keeps those bytes for a backward pass, which here never comes. How many does a single pass keep, the images
# themselves included if they are kept? Commit to an answer.

# %%
predict(
    "64 digits go through the model once, in eval mode, gradients on. The batch itself has 16 KiB. What is kept for "
    "a backward pass?",
    [
        "nothing: `eval()` says that no training comes",
        "about the output, 2.5 KiB",
        "several times the batch",
    ],
)

# %%
batch, targets = next(iter(batches(digits().train, 64)))
logits = model(batch)
print(
    f"batch {batch.nbytes:,} bytes, output {logits.nbytes:,} bytes, kept {bytes_behind(logits, model):,} bytes"
)
assert bytes_behind(logits, model) > 4 * batch.nbytes and not model.training
came_out(
    f"{bytes_behind(logits, model) / batch.nbytes:.1f} times the batch, although the model is in eval mode"
)

# %% [markdown]
# ## Learn: what is kept, and why
#
# While gradients are on, each operation on a parameter, or on what came out of one, hangs a node behind its output:
# `grad_fn`. All nodes together are the **graph**. A node keeps what its way back will need, such as the input of a
# linear layer.

# %%
layer = nn.Linear(64, 128)
features = layer(batch.flatten(1))
print(type(features.grad_fn).__name__, "keeps", bytes_behind(features, layer), "bytes")
assert bytes_behind(features, layer) == batch.nbytes  # the input, not the output

# %% [markdown]
# Layer by layer, in training mode; what an earlier layer keeps already isn't counted again. `Flatten` only looks at the
# same bytes in another shape. Batch norm keeps its input, with the mean and the scale of this batch; ReLU its output;
# dropout its mask. The last layer keeps its input, which is what dropout gave out.

# %%
table = bytes_by_layer(MLP().train().layers, batch)
for name, shape, kept_bytes in table:
    print(f"{name:12} -> {str(tuple(shape)):10} keeps {kept_bytes:7,} bytes")
hidden = 64 * 128 * 4  # bytes of what goes through the middle
expected = [0, batch.nbytes, hidden + 2 * 128 * 4, hidden, hidden, hidden]
assert [kept_bytes for *_, kept_bytes in table] == expected

# %% [markdown]
# What is kept grows with the batch, and the parameters don't. It is one reason why a batch size that evaluates with
# ease can be too large to train. (Width and depth: see the explorer below.)

# %%
double = bytes_behind(model(torch.cat([batch, batch])), model)
assert 1.9 < double / bytes_behind(model(batch), model) <= 2
print(f"twice the batch keeps {double / bytes_behind(model(batch), model):.2f} times as much")

# %% [markdown]
# `backward()` uses what was kept, and lets go of it. So a training loop frees its graph at each step, and a second way
# back through the same graph is an error.

# %%
loss = F.cross_entropy(model(batch), targets)
held = bytes_behind(loss, model)
loss.backward()
print(f"before backward {held:,} bytes, after it {bytes_behind(loss, model)}")
assert held > 0 == bytes_behind(loss, model)
try:
    loss.backward()
except RuntimeError as error:
    print(str(error).split(" (")[0])
else:
    raise AssertionError("the same graph was walked twice")

# %% [markdown]
# You can watch PyTorch keep things. `saved_tensors_hooks(pack, unpack)` calls `pack` with every tensor that a node
# wants to keep, and keeps what `pack` returns; on the way back `unpack` makes a tensor of that again. Below, the linear
# layer keeps its input and ReLU its output. (`append` returns `None`,
# and `None or t.detach()` is `t.detach()`: another tensor over the same bytes, without a graph.)

# %%
seen = []
with torch.autograd.graph.saved_tensors_hooks(
    lambda t: seen.append(tuple(t.shape)) or t.detach(), lambda t: t
):
    nn.Linear(3, 2)(torch.ones(5, 3)).relu()
print(seen)
assert seen == [(5, 3), (5, 2)]

# %% [markdown]
# Why not hand `t` itself back? ReLU keeps its output, and the output holds the graph that would hold it: nobody could
# let go first. `ref` looks at a tensor without holding it.

# %%
from weakref import ref

for pack in (torch.Tensor.detach, lambda t: t):
    looks = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t, looks=looks, pack=pack: looks.append(ref(t)) or pack(t), lambda t: t
    ):
        nn.Linear(3, 2)(torch.ones(5, 3)).relu()  # nobody takes the output
    print("still there:", [look() is not None for look in looks])
    assert (looks[-1]() is None) == (pack is torch.Tensor.detach)

# %% [markdown]
# ### Your turn
#
# Write `count_kept(run)`:
#
# 1. `run` is a function without arguments; it is called once;
# 2. it returns how many times autograd kept a tensor meanwhile, as an int; one that is kept twice counts twice;
# 3. whatever `run` does works as ever, a backward pass too, and an error that it raises comes through.


# %% turn="count_kept"
def count_kept(run):
    """How many tensors autograd keeps while run() is running."""
    ### BEGIN SOLUTION
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(1) or t.detach(), lambda t: t
    ):
        run()
    return len(kept)
    ### END SOLUTION


# %%
check(count_kept)

# %% [markdown]
# ## Learn: four ways to keep nothing
#
# **`torch.no_grad()`** switches the recording off for a block, and nothing is kept. It doesn't touch the model: its
# parameters still ask for gradients, and dropout still drops in training mode. Our model's numbers are the same to the
# last bit.

# %%
with torch.no_grad():
    quiet = model(batch)
assert torch.equal(quiet, logits) and quiet.grad_fn is None
assert bytes_behind(quiet, model) == 0 and model.layers[1].weight.requires_grad
print("same numbers, nothing kept")

# %% [markdown]
# A few layers have a faster way when gradients are off, and may round otherwise on it. So compare with a tolerance.

# %%
encoder, words = (
    nn.TransformerEncoderLayer(16, 2, batch_first=True).eval(),
    torch.rand(4, 7, 16),
)
with torch.no_grad():
    faster = encoder(words)
apart = (encoder(words) - faster).abs().max().item()
print(f"a transformer layer, with and without gradients: {apart:.0e} apart")
assert apart < 1e-5

# %% [markdown]
# **`torch.inference_mode()`** goes one step further. An ordinary tensor counts how often it was changed, so that
# backward notices when a kept one no longer is what it was. Inference tensors don't count, which saves a little time,
# and so autograd refuses to keep them. A sum keeps nothing and lets them through; a layer that is trained on one raises.

# %%
with torch.inference_mode():
    for_good = model(batch)
assert for_good.is_inference() and not quiet.is_inference()
try:
    nn.Linear(10, 2)(for_good)
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("an inference tensor was kept for backward")
assert nn.Linear(10, 2)(quiet).requires_grad  # what no_grad made can be trained on
assert (logits + for_good).requires_grad  # a sum keeps neither

# %% [markdown]
# `no_grad` is a switch that can be turned back inside its block; `inference_mode` is not.

# %%
with torch.no_grad(), torch.enable_grad():
    assert model(batch).requires_grad
with torch.inference_mode(), torch.enable_grad():
    assert not model(batch).requires_grad
print("enable_grad() undoes no_grad, and not inference_mode")

# %% [markdown]
# The way out is a copy made outside: `clone()` gives an ordinary tensor.
#
# ### Your turn
#
# Write `usable(tensor)`:
#
# 1. it returns a tensor with the same values and dtype that a layer can be trained on;
# 2. an ordinary tensor is returned itself, with its graph if it has one, not a copy.


# %% turn="usable"
def usable(tensor):
    """`tensor` itself, or an ordinary copy of an inference tensor."""
    ### BEGIN SOLUTION
    return tensor.clone() if tensor.is_inference() else tensor
    ### END SOLUTION


# %%
check(usable)

# %% [markdown]
# ### Cut one tensor out
#
# **`detach()`** takes one tensor out of the graph: it serves where one use of a tensor needs its gradient and another
# must not have it. The graph before it was built all the same, and lives as long as something else holds it. The two
# tensors share their memory.

# %%
cut = logits.detach()
print(
    f"behind logits {bytes_behind(logits, model):,} bytes, behind the detached {bytes_behind(cut, model)}"
)
assert cut.data_ptr() == logits.data_ptr()
assert bytes_behind(cut, model) == 0 < bytes_behind(logits, model)

# %% [markdown]
# The use that you will meet first: NumPy and plots know no graph.

# %%
try:
    logits.numpy()
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("NumPy took a tensor with a graph")
assert logits.detach().numpy().shape == (64, 10)

# %% [markdown]
# ### Freeze parameters
#
# **`requires_grad_(False)`** freezes parameters until you say otherwise, not for a block. Autograd records from the
# first thing that asks for a gradient: freeze the body and train the head, and only the head's input is kept.

# %%
frozen = MLP().eval()
frozen.layers[:-1].requires_grad_(False)
head_only = bytes_behind(frozen(batch), frozen)
print(
    f"all trainable: {bytes_behind(model(batch), model):,} bytes; head only: {head_only:,} bytes"
)
assert head_only == 64 * 128 * 4 < bytes_behind(model(batch), model) / 2

# %% [markdown]
# The first thing may also be the image: then `backward` reaches the pixels, and says which of them move the answer.
# That is no training, and needs the graph all the same.

# %%
image = batch[:1].clone().requires_grad_()
(by_pixel,) = torch.autograd.grad(model(image).max(), image)
print("the pixel that moves the answer most:", by_pixel.abs().argmax().item())
assert by_pixel.shape == image.shape and by_pixel.abs().max() > 0 and not model.training

# %% [markdown]
# Before you freeze something, ask what is frozen already: each parameter carries its own flag.
#
# ### Your turn
#
# Write `freeze_all_but(model, prefix)`:
#
# 1. parameters whose name (as in `model.named_parameters()`) starts with `prefix` ask for gradients afterwards, also
#    if they didn't before;
# 2. all others don't;
# 3. it returns the number of values, not of tensors, that will be trained.


# %% turn="freeze_all_but"
def freeze_all_but(model, prefix):
    """Only parameters whose name starts with `prefix` are trained; how many values that is."""
    ### BEGIN SOLUTION
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(prefix))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
    ### END SOLUTION


# %%
check(freeze_all_but)

# %% [markdown]
# ### Memory first, speed second
#
# People reach for `no_grad` to be faster. Measure it on your machine, each mode twice: if the two times of one mode lie
# as far apart as those of two modes, the clock can't tell them apart. What the modes save for certain is memory.

# %%
from time import perf_counter


def milliseconds(mode, repeats=20):
    with mode():
        model(images)  # once before the clock runs: the first call is slower
        start = perf_counter()
        for _ in range(repeats):
            model(images)
        return (perf_counter() - start) / repeats * 1000


# %%
modes = torch.enable_grad, torch.no_grad, torch.inference_mode
for mode in (*modes, *reversed(modes)):
    print(f"{mode.__name__:15} {milliseconds(mode):6.2f} ms")

# %% [markdown]
# A GPU's allocator knows its peak, and what is still held after the pass.


# %%
def on_gpu(mode, network, x):
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    with mode():
        output = network(x)
    held = torch.cuda.memory_allocated() - before  # the output is still there
    return torch.cuda.max_memory_allocated() - before, held


# %%
if torch.cuda.is_available():
    wide, there = MLP(hidden=4096).cuda().eval(), images.cuda()
    on_gpu(torch.no_grad, wide, there)  # the first call also takes room to work in
    on, off = (on_gpu(mode, wide, there) for mode in (torch.enable_grad, torch.no_grad))
    for name, (peak, held) in {"on": on, "off": off}.items():
        print(
            f"GPU, gradients {name}: peak {peak / 2**20:.2f} MiB, held {held / 2**20:.2f} MiB"
        )
    assert on[0] > off[0] and on[1] > 100 * off[1]
else:
    print("No GPU here: bytes_behind() stands in for its memory meter.")

# %% [markdown]
# ## Trace
#
# One batch of four on its way through a network: what autograd saves at each layer, and what becomes of it. Step with
# Next, or with Tab and Enter.

# %%
from course_lib.lessons.no_grad import trace_saved

trace_saved()

# %% [markdown]
# ## Explore
#
# Depth, width, batch and mode. Which of them moves the weights, and which only what is kept? Tab moves between the
# controls, the arrow keys move a slider.

# %%
from course_lib.lessons.no_grad import memory_of_a_pass

memory_of_a_pass()

# %% [markdown]
# ## Break it: the loop, mended
#
# Either of two mends stops the leak of the first loop, and a good loop has both. `no_grad` stops the recording, so that
# not even one batch's graph is built. `.item()` takes the number out of the tensor, so that the sum stays a number where
# somebody leaves gradients on. (`* len(y)`: the last batch is smaller, and each image should count once.) A list of
# losses leaks like a sum.

# %%
history, total = [], 0.0
with torch.no_grad():
    for x, y in batches(digits().train, 64):
        loss = F.cross_entropy(model(x), y)
        total += loss.item() * len(y)
        history.append(loss)
assert isinstance(total, float) and all(bytes_behind(loss, model) == 0 for loss in history)
leaky = [F.cross_entropy(model(x), y) for x, y in batches(digits().train, 64)]
print(
    f"a list of losses with gradients on: {sum(bytes_behind(one, model) for one in leaky):,} bytes"
)
assert sum(bytes_behind(one, model) for one in leaky) > 10 * bytes_behind(leaky[0], model)

# %% [markdown]
# ## Break it: a body that never learns
#
# Loud: the whole pass of a training step under `no_grad`. There is nothing to walk back through.

# %%
with torch.no_grad():
    loss = F.cross_entropy(model(batch), targets)
try:
    loss.backward()
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("backward() found a way without a graph")

# %% [markdown]
# Silent: a `no_grad` that is still open around a part of it. The head learns, the body has no gradient, and the
# optimizer passes over parameters without one.

# %%
body, head = nn.Linear(64, 32), nn.Linear(32, 10)
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.5)
before = body.weight.clone(), head.weight.clone()
for _ in range(10):
    optimizer.zero_grad()
    with torch.no_grad():
        hidden = body(batch.flatten(1)).relu()
    F.cross_entropy(head(hidden), targets).backward()
    optimizer.step()
moved = [not torch.equal(part.weight, was) for part, was in zip((body, head), before)]
print("body moved:", moved[0], "  head moved:", moved[1])
assert moved == [False, True] and body.weight.grad is None

# %% [markdown]
# The guard, after the first `backward()`: every parameter that should learn has a gradient. Here it meets the broken
# loop, then the mended one.


# %%
def without_gradient(network):
    return [
        name for name, p in network.named_parameters() if p.requires_grad and p.grad is None
    ]


# %%
both = nn.Sequential(body, nn.ReLU(), head)
for broken in (True, False):
    both.zero_grad()
    with torch.set_grad_enabled(not broken):
        hidden = both[:2](batch.flatten(1))
    F.cross_entropy(head(hidden), targets).backward()
    print("without a gradient:", without_gradient(both))
    assert without_gradient(both) == (["0.weight", "0.bias"] if broken else [])

# %% [markdown]
# ## Break it: a table made while evaluating
#
# Some models make a table at their first call and keep it: positions, masks. If the first call happens under
# `inference_mode`, the table is an inference tensor. Training fails as soon as autograd has to keep it, as for this
# product. Under `no_grad` it works.


# %%
class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.table = nn.Linear(64, 10), None

    def forward(self, x):
        if self.table is None:
            self.table = torch.linspace(0, 1, 10)
        return self.linear(x) * self.table


# %%
for mode in (torch.no_grad, torch.inference_mode):
    net = Weighted()
    with mode():
        net(batch.flatten(1))
    try:
        net(batch.flatten(1)).sum().backward()
        outcome = "trains afterwards"
    except RuntimeError as error:
        outcome = str(error).split(".")[0]
    print(f"first call under {mode.__name__}: {outcome}")
    assert ("trains" in outcome) == (mode is torch.no_grad)

# %% [markdown]
# So the course's own `evaluation_mode` uses `no_grad`: evaluating must leave a model trainable. Use `inference_mode`
# where a process only ever predicts.
#
# ## Break it: another thread
#
# The switch belongs to the thread. A worker thread started inside the block, by a server for example, records as ever.

# %%
from threading import Thread

recorded = []
with torch.no_grad():
    worker = Thread(target=lambda: recorded.append(model(batch).requires_grad))
    worker.start(), worker.join()
    recorded.append(model(batch).requires_grad)
print("other thread:", recorded[0], "  this thread:", recorded[1])
assert recorded == [True, False]

# %% [markdown]
# The guard is to switch inside the function that the thread runs. `no_grad` and `inference_mode` are decorators, too.


# %%
@torch.no_grad()
def predict_labels(x):
    return model(x).argmax(1)


answers = []
worker = Thread(target=lambda: answers.append(predict_labels(batch)))
worker.start(), worker.join()
assert not answers[0].requires_grad and torch.is_grad_enabled()
print("decorated:", answers[0][:8].tolist())

# %% [markdown]
# ## Recap
#
# **Autograd keeps what backward will need; evaluating needs no backward, so tell it not to.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `with torch.no_grad():` and `eval()` | `eval()` alone | eval mode keeps the whole graph |
# | `total += loss.item() * len(y)` | `total += loss` | a tensor brings its graph along |
# | `no_grad` where a model may be trained afterwards | `inference_mode` there | autograd refuses to keep its tensors |
# | `requires_grad_(False)` for parameters that stay | `no_grad` around a part of the training | a body without gradients never learns, in silence |
# | switch inside the function that runs | around the start of a thread | the switch belongs to the thread |
#
# Read more: the PyTorch notes on
# [grad modes](https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation) and
# [saved tensors](https://docs.pytorch.org/docs/stable/notes/autograd.html#saved-tensors), and
# [`inference_mode`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("no_grad")

# %%
mastery_test("no_grad")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: count the bytes that a pass keeps, compute features that a later training may use, mend
# a loop that leaks, and choose the mode for six situations.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("no_grad")

# %%
finish("no_grad")

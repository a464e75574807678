# %%
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom import begin, check, finish, hint, predict, solution
from course_lib.data import batches, digits
from course_lib.models import MLP

begin("eval_mode")

# %% [markdown]
# ## Why: one digit, two answers
#
# Here is a small network for 8 x 8 handwritten digits, with batch norm and dropout, trained for ten epochs.

# %%
splits, start = digits(), perf_counter()
model = MLP(dropout=0.5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(10):
    for x, y in batches(splits.train, 64, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
print(f"trained in {perf_counter() - start:.1f} s")

# %% [markdown]
# Now show it the 360 test digits, eight times over. Nothing is trained in between. We pick the one digit it is
# least sure of.

# %%
images, labels = splits.test.tensors
with torch.no_grad():
    answers = torch.stack([model(images).argmax(1) for _ in range(8)])
wavering = (answers != answers.mode(0).values).sum(0).argmax()
print("The digit is a", labels[wavering].item())
print("The model says", answers[:, wavering].tolist())
assert answers[:, wavering].unique().numel() > 1

# %% [markdown]
# Same model, same image, and the answer changes from one call to the next. PyTorch is fine. The model was left in
# training mode, and dropout still tosses a coin for every hidden unit.

# %% [markdown]
# ## Predict
#
# One line, `model.eval()`, stops the coins. Before you use it: how much can forgetting it cost on a whole test set?
# Commit to a number.

# %%
predict(
    "The accuracy of this model on the test set is about 0.96. We forget `eval()`, and the "
    "images arrive two at a time. What does the accuracy become?",
    ["0.96: it is the same model", "about 0.93: a little noise", "below 0.70: badly wrong"],
)


# %%
def accuracy(model, images, labels, *, batch_size):
    with torch.no_grad():
        preds = torch.cat([model(batch).argmax(1) for batch in images.split(batch_size)])
    return (preds == labels).float().mean().item()


# %%
model.train()  # as the training left it
forgotten = {size: accuracy(model, images, labels, batch_size=size) for size in (64, 8, 4, 2)}
model.eval()
correct = {size: accuracy(model, images, labels, batch_size=size) for size in (64, 8, 4, 2)}
for size in forgotten:
    print(f"batches of {size:2}:  forgotten {forgotten[size]:.3f}   eval() {correct[size]:.3f}")
assert forgotten[2] < 0.65 < 0.94 < correct[2]

# %% [markdown]
# With `eval()` the batch size doesn't matter. Without it, nearly half of the answers are wrong at batches of two, and
# no error was raised. Dropout explains a little of that. Most of it is batch norm.

# %% [markdown]
# ## Learn: what the switch does
#
# `eval()` does one thing: it sets a flag called `training` to `False` on the model and on every module inside it.
# `train()` sets it back to `True`.

# %%
model.train()
print({name or "model": module.training for name, module in model.named_modules()})
assert model.eval() is model
assert not any(module.training for module in model.modules())

# %% [markdown]
# ### Your turn
#
# Somebody froze a few layers and forgot which. Write `still_training(model)`:
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
# Most layers never look at the flag. Two kinds do. **Dropout**, while training, sets each value to zero with
# probability p and multiplies the survivors by 1 / (1 - p), so that the mean stays what it was. In eval mode it hands
# its input through untouched.

# %%
dropout = nn.Dropout(p=0.2)
ones = torch.ones(10_000)
dropped = dropout(ones)
print("values:", dropped.unique().tolist(), "  mean:", round(dropped.mean().item(), 2))
assert dropped.unique().tolist() == [0.0, 1.25] and abs(dropped.mean() - 1) < 0.05
assert dropout.eval()(ones) is ones

# %% [markdown]
# **Batch norm**, while training, normalises each feature by the mean and variance *of this batch*. On the side it
# keeps running statistics: nine tenths of the old value and one tenth of what this batch shows.

# %%
norm = nn.BatchNorm1d(1)
batch = torch.tensor([[0.0], [2.0], [4.0]])
out = norm(batch)
print("output:", [round(v, 2) for v in out.flatten().tolist()])
print(f"running mean: {norm.running_mean.item():.2f}")
assert torch.allclose(norm.running_mean, torch.tensor([0.9 * 0 + 0.1 * 2]))

# %% [markdown]
# A detail that trips up people who check by hand: the output is divided by the variance over N, the running variance
# is fed with the one over N - 1.

# %%
biased, unbiased = batch.var(correction=0), batch.var(correction=1)
assert torch.allclose(out, (batch - batch.mean()) / (biased + norm.eps).sqrt())
assert torch.allclose(norm.running_var, 0.9 * 1 + 0.1 * unbiased)
print(f"variance over N: {biased.item():.2f}   over N - 1: {unbiased.item():.2f}")

# %% [markdown]
# In eval mode batch norm uses the running statistics, and each example is on its own. That is why the batch size
# mattered so much: with two images in a batch, a mean of two was taken for a mean of all.

# %%
model.train()
with torch.no_grad():
    with_one = model.layers[:3](images[[0, 1]])[0]
    with_another = model.layers[:3](images[[0, 2]])[0]
moved = (with_one - with_another).abs().max().item()
print(f"in training mode another neighbour moves the features of image 0 by up to {moved:.2f}")
assert moved > 0.1

# %% [markdown]
# With a batch of one there is nothing to take a mean of. It is the one place where the mistake is loud.

# %%
model.train()
try:
    model(images[:1])
except ValueError as error:
    print(error)
else:
    raise AssertionError("it took a batch of one")
assert model.eval()(images[:1]).shape == (1, 10)

# %% [markdown]
# ### The other switch
#
# `eval()` doesn't turn gradients off, and `torch.no_grad()` doesn't turn dropout off. They are two switches, and
# evaluation wants both.

# %%
model.eval()
assert model(images[:4]).requires_grad
model.train()
with torch.no_grad():
    assert not model(images[:4]).requires_grad
    assert not torch.equal(model(images[:4]), model(images[:4]))
print("eval() kept the graph; no_grad() kept the randomness")

# %% [markdown]
# ## Trace
#
# Follow four examples through batch norm and dropout, first in training mode, then in eval mode. The numbers come
# from a run that this cell just made. Step with Next, or with Tab and Enter.

# %%
from course_lib.lessons.eval_mode import trace_modes

trace_modes()

# %% [markdown]
# ## Explore
#
# Both switches at once. Turn them one at a time and watch which picture answers: the outputs, the running mean, or
# the graph. Tab moves between the switches, the space bar turns them, the arrow keys move the slider.

# %%
from course_lib.lessons.eval_mode import switchboard

switchboard()

# %% [markdown]
# ## Break it: the test set in order
#
# A test set sorted by class is nothing unusual: one folder for each class, read one after the other. In training mode
# that is a catastrophe, because each batch is normalised as if its one digit were all there is.

# %%
model.train()
by_class = labels.argsort()
in_order = accuracy(model, images[by_class], labels[by_class], batch_size=20)
print(f"sorted by class, eval() forgotten: {in_order:.3f}   (guessing: 0.100)")
assert in_order < 0.5

# %% [markdown]
# The guard is to switch where the measuring happens, not somewhere above it, and to put every flag back.
# `evaluation_mode` does both switches and remembers each submodule's own flag. In the exercise you write it yourself.

# %%
from course_lib.evaluation import evaluation_mode

with evaluation_mode(model):
    guarded = accuracy(model, images[by_class], labels[by_class], batch_size=20)
print(f"sorted by class, guarded: {guarded:.3f}   training again: {model.training}")
assert guarded > 0.94 and model.training

# %% [markdown]
# ## Break it: looking changes the model
#
# Batch norm learns from every batch it sees in training mode, also under `no_grad`. So an evaluation without `eval()`
# doesn't only measure wrongly. It changes the model, and you may save the changed one.

# %%
import copy

watched = copy.deepcopy(model).eval()
before = accuracy(watched, images, labels, batch_size=64)
watched.train()
for _ in range(30):
    accuracy(watched, images[labels == 1], labels[labels == 1], batch_size=64)
after = accuracy(watched.eval(), images, labels, batch_size=64)
print(
    f"in eval mode before {before:.3f}, and after a look at some ones in training mode {after:.3f}"
)
assert after < before - 0.05

# %% [markdown]
# No optimizer ran. The weights are the same to the last bit; the buffers are not. A guard for a test suite: a
# `state_dict` taken before evaluating equals the one taken after.

# %%
snapshot = {name: tensor.clone() for name, tensor in model.state_dict().items()}
with evaluation_mode(model):
    accuracy(model, images, labels, batch_size=64)
assert all(torch.equal(tensor, snapshot[name]) for name, tensor in model.state_dict().items())
print("evaluated, and nothing in the model moved")


# %% [markdown]
# ## Break it: out of the switch's reach
#
# The flag reaches registered modules and nothing else. `F.dropout` is a function: its `training` argument is `True`
# unless you pass the flag on. `F.scaled_dot_product_attention` has a `dropout_p` and no switch at all. And a plain
# Python list hides its modules from `eval()`, from `parameters()` and from `state_dict()`.


# %%
class Deaf(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_a_list = [nn.Dropout(0.5)]

    def forward(self, x):
        return F.dropout(self.in_a_list[0](x), 0.5)


deaf = Deaf().eval()
print("in eval mode:", deaf(torch.ones(12)).tolist())
# both drop, so three in four are 0
assert deaf.in_a_list[0].training and (deaf(torch.ones(1000)) == 0).float().mean() > 0.65
q = torch.ones(1, 1, 8, 8)
attention = [F.scaled_dot_product_attention(q, q, q, dropout_p=0.5) for _ in range(2)]
assert not torch.equal(*attention)


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


listening = Listening().eval()
assert torch.equal(listening(torch.ones(1000)), listening(torch.ones(1000)))
print("two passes in eval mode agree")

# %% [markdown]
# ## Break it: frozen for one epoch
#
# To fine-tune with small batches, people freeze batch norm by putting it in eval mode. The next `model.train()` thaws
# it, because the flag is all there is. And eval mode freezes the statistics only: weight and bias still learn.

# %%
model.layers[2].eval()
print("frozen: ", not model.layers[2].training)
model.train()  # the first line of every training loop
print("frozen after train(): ", not model.layers[2].training)
assert model.layers[2].training and model.layers[2].weight.requires_grad

# %% [markdown]
# A freeze that lasts is a task of the exercise.
#
# ## Recap
#
# **`eval()` flips a flag; only dropout, batch norm and their kin read it; gradients are another switch.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `with evaluation_mode(model):` around the measuring | `model.eval()` far above, `model.train()` at the end | someone else's frozen layer comes back in training mode |
# | `eval()` and `no_grad()` together | one of them | one stops dropout and batch statistics, the other the graph |
# | `F.dropout(x, p, training=self.training)` | `F.dropout(x, p)` | the function's default is to drop |
# | `nn.ModuleList([...])` | `[...]` | a plain list hides modules from every switch |
# | test that two passes in eval mode agree | trust that `eval()` was called | everything above raises no error |
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
# The exercise is linked below: write `evaluation_mode`, find a module that ignores the switch, freeze batch norm for
# good, and mend a `predict` that has been wrong for a year.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("eval_mode")

# %%
finish("eval_mode")

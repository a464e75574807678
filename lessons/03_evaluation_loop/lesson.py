# %%
import math
import warnings

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, Subset

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits, tumours
from course_lib.evaluation import evaluation_mode
from course_lib.models import MLP, OneLogit

begin("evaluation_loop")

# %% [markdown]
# ## Why: 64 right answers out of 65, and a score of 0.667
#
# A network for the handwritten digits, as in lesson 01. You train it once and measure it for the rest of this lesson.

# %%
splits, model = digits(), MLP(dropout=0.3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for x, y in batches(splits.train, 64, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

# %% [markdown]
# This is the evaluation loop of many a textbook: eval mode, no graph, add up what each batch says, divide by the
# number of batches. (`no_grad`, once more: inside it autograd records nothing.)


# %%
def textbook_loop(model, loader):
    model.eval()
    loss, accuracy = 0.0, 0.0
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item()
            accuracy += (logits.argmax(1) == y).float().mean().item()
    return loss / len(loader), accuracy / len(loader)


# %% [markdown]
# Try it on 65 test digits. The network gets 64 of them right and the last one wrong.

# %%
images, labels = splits.test.tensors
with torch.no_grad():
    right = model.eval()(images).argmax(1) == labels
rows = [*right.nonzero().flatten()[:64].tolist(), int((~right).nonzero()[0])]
loss, accuracy = textbook_loop(model, batches(Subset(splits.test, rows), 32))
print(f"the loop says {accuracy:.3f}   64 of 65 is {64 / 65:.3f}")
assert f"{accuracy:.3f}" == "0.667" and f"{64 / 65:.3f}" == "0.985"

# %% [markdown]
# Nothing was raised. The batches hold 32, 32 and 1; their accuracies are 1, 1 and 0; the mean of those three is 2/3.
# One digit in a batch of its own weighs as much as 32 others.
#
# ## Predict
#
# All 360 test digits now. The loss over all of them is one number, and the batch size is your choice.

# %%
predict(
    "You try every batch size from 1 to 360. With how many of them does the textbook's loop give the loss "
    "over all 360 digits?",
    ["360: a mean is a mean", "24: those that divide 360", "1: only 360 itself", "none"],
)

# %%
with evaluation_mode(model):
    losses = F.cross_entropy(model(images).double(), labels, reduction="none")  # one each
said = {}
for size in range(1, 361):
    said[size] = torch.stack([part.mean() for part in losses.split(size)]).mean().item()
agree = [size for size in said if math.isclose(said[size], losses.mean(), rel_tol=1e-9)]
print(f"true {losses.mean():.4f}   64: {said[64]:.4f}   lowest {min(said.values()):.4f}   "
      f"highest {max(said.values()):.4f}")  # fmt: skip
came_out(f"{len(agree)}: {', '.join(map(str, agree))}")
assert agree == [size for size in range(1, 361) if 360 % size == 0] and len(agree) == 24

# %% [markdown]
# A mean of means is the mean when the parts are equally large. Where the last batch is smaller, a ragged end, its
# examples count for more than the others, and the result depends on a setting that has nothing to do with the model.
#
# ## Learn: add up, divide once
#
# Keep sums and a count: the loss of each batch with `reduction="sum"`, the number of right answers, the number of
# examples. Divide after the last batch.

# %%
loss_sum, hits, n = 0.0, 0, 0
with evaluation_mode(model):
    for x, y in batches(splits.test, 64):
        logits = model(x)
        loss_sum += F.cross_entropy(logits, y, reduction="sum").item()
        hits += (logits.argmax(1) == y).sum().item()
        n += len(y)
print(f"{n} digits   loss {loss_sum / n:.4f}   accuracy {hits / n:.4f}   (guessing: 0.1)")
assert math.isclose(loss_sum / n, losses.mean(), rel_tol=1e-5)
assert n == 360 and hits == right.sum().item()

# %% [markdown]
# ### Your turn
#
# A network guesses ages. Write `mean_absolute_error(pairs)`:
#
# 1. `pairs` gives, batch by batch, the guesses and the true ages, both of shape (B,); it returns the mean of
#    |guess - age| over all people, as a number;
# 2. each person counts alike, however the batches are cut;
# 3. `pairs` may be a generator, so it is read once.


# %% turn="mean_absolute_error"
def mean_absolute_error(pairs):
    """The mean of |guess - age| over all batches."""
    ### BEGIN SOLUTION
    total, people = 0.0, 0
    for guesses, ages in pairs:
        total += (guesses - ages).abs().sum().item()
        people += len(ages)
    return total / people
    ### END SOLUTION


# %%
check(mean_absolute_error)

# %% [markdown]
# ## Explore
#
# Each bar is a batch: as wide as the digits in it, as high as their mean loss. The right mean weighs a bar by its
# width. The textbook's doesn't look at the width. Move the batch size, and put the hardest digits last. (The network
# here is a plainer one, a single layer.)

# %%
from course_lib.lessons.evaluation_loop import batch_means

batch_means()

# %% [markdown]
# ## Learn: what a mean is divided by
#
# "The number of examples" is right for a plain loss. With **class weights** a mean of cross-entropy is divided by the
# sum of the weights of the targets. So here eights count five times, above the fraction's line and below it.

# %%
weight = torch.ones(10).index_fill(0, torch.tensor([8]), 5.0)
with evaluation_mode(model):
    logits = model(images)
at_once = F.cross_entropy(logits, labels, weight=weight).item()
total = F.cross_entropy(logits, labels, weight=weight, reduction="sum").item()
print(
    f"at once {at_once:.4f}   / 360: {total / 360:.4f}   / weights: {total / weight[labels].sum():.4f}"
)
assert (
    math.isclose(at_once, total / weight[labels].sum(), rel_tol=1e-5)
    and total / 360 > 1.2 * at_once
)

# %% [markdown]
# **Ignored labels**: a target of -100 means "don't ask me". Cross-entropy leaves it out of the sum *and* of the count.
# A batch in which nobody counts is 0 / 0, and one NaN makes the whole mean NaN. Its sum is a harmless 0.

# %%
some = labels.clone()
some[:64] = -100  # the first batch of 64 is unlabelled
means = [F.cross_entropy(a, b).item() for a, b in zip(logits.split(64), some.split(64))]
sums = [
    F.cross_entropy(a, b, reduction="sum") for a, b in zip(logits.split(64), some.split(64))
]
print("batch means:", [round(mean, 3) for mean in means])
assert math.isnan(means[0]) and sums[0] == 0
assert torch.isclose(sum(sums) / (some != -100).sum(), F.cross_entropy(logits, some), rtol=1e-4)

# %% [markdown]
# And there is no general rule. `BCEWithLogitsLoss`, the loss of yes-or-no logits, lets each yes count `pos_weight`
# times, and divides by the number of logits all the same. What holds whatever a loss divides by: keep all logits and
# all targets, and call it on them once. The price is the memory that they take.

# %%
z, t, pos_weight = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0]), torch.tensor(9.0)
mean, total = (
    F.binary_cross_entropy_with_logits(z, t, pos_weight=pos_weight, reduction=how).item()
    for how in ("mean", "sum")
)
print(f"sum {total:.3f}   mean {mean:.3f}   weights of the two: 9 and 1")
assert math.isclose(mean, total / 2, rel_tol=1e-6)

# %% [markdown]
# ## Learn: from logits to labels
#
# A logit is what the network returns before anything is squashed. **Softmax** turns the C logits of an example into
# C probabilities that sum to 1. On paper it keeps the order, so for a label you don't need it: the largest logit wins.

# %%
probabilities = logits.softmax(1)
print("logits:       ", [round(v, 1) for v in logits[0].tolist()])
print("probabilities:", [round(v, 3) for v in probabilities[0].tolist()])
assert torch.allclose(probabilities.sum(1), torch.ones(360))
assert torch.equal(probabilities.argmax(1), logits.argmax(1))

# %% [markdown]
# A yes-or-no question needs one logit only. **Sigmoid** turns it into the probability of a yes, and above 0 that is
# more than one half. Here is a network with a one-logit head: is this tumour malignant (1) or benign (0)?

# %%
clinic, doctor = tumours(), OneLogit()
optimizer = torch.optim.Adam(doctor.parameters(), lr=0.01)
for epoch in range(15):
    for x, y in batches(clinic.train, 32, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(doctor(x), y).backward()  # doctor(x) is (B,), as y
        optimizer.step()
patients, ill = clinic.test.tensors
with evaluation_mode(doctor):
    column = doctor.layers(patients)  # as its last Linear layer gives them: (B, 1)
print("logits", tuple(column.shape), "  targets", tuple(ill.shape))
assert column.shape == (114, 1) and ill.shape == (114,)

# %% [markdown]
# Decide by the logit, not by the rounded probability. In float32 a tiny logit has a sigmoid of exactly 0.5, and two
# logits that differ a little have equal softmaxes. Then `> 0.5` says no, and `argmax` says "the first".

# %%
tiny = torch.tensor([1e-8])
assert tiny > 0 and tiny.sigmoid() == 0.5
pair = torch.tensor([[0.0, 1e-8]])
print(
    "argmax of the logits:",
    pair.argmax(1).item(),
    "  of the softmax:",
    pair.softmax(1).argmax(1).item(),
)
assert pair.argmax(1) == 1 and pair.softmax(1).argmax(1) == 0

# %% [markdown]
# ### Your turn
#
# Write `probability_of_yes(logits)`, for both kinds of head:
#
# 1. logits (N, 2), for no and yes: the softmax's share of yes;
# 2. logits (N, 1): the sigmoid;
# 3. the result has the shape (N,), also for a single example.


# %% turn="probability_of_yes"
def probability_of_yes(logits):
    """Probabilities (N,) of logits (N, 2) or (N, 1)."""
    ### BEGIN SOLUTION
    if logits.shape[1] == 1:
        return logits.squeeze(1).sigmoid()
    return logits.softmax(1)[:, 1]
    ### END SOLUTION


# %%
check(probability_of_yes)

# %% [markdown]
# ## Break it: the head that always says no
#
# `argmax(1)` over a column of one logit. There is one place where the largest can be, the place 0. The accuracy is then
# the share of the benign, which looks like a mediocre model and is no model at all.

# %%
said = column.argmax(1)
wrong = (said == ill).float().mean().item()
correct = ((column.squeeze(1) > 0) == ill).float().mean().item()
print(
    f"argmax {wrong:.3f}   always benign {(ill == 0).float().mean():.3f}   logit > 0: {correct:.3f}"
)
assert said.unique().tolist() == [0] and wrong == (ill == 0).float().mean() and correct > 0.85

# %% [markdown]
# The guard: put the baseline, "always the commonest class", beside the accuracy. A number that isn't above it is a
# question.
#
# ## Break it: 12,996 comparisons of 114 patients
#
# `(N, 1) == (N,)` compares everybody with everybody. The shapes broadcast to (N, N), and the mean of that table is a
# plausible number.

# %%
table = (column > 0) == ill
print(
    "shape",
    tuple(table.shape),
    f"  {table.numel():,} comparisons   mean {table.float().mean():.3f}",
)
assert (
    table.shape == (114, 114)
    and table.numel() == 12_996
    and table.float().mean() < correct - 0.2
)

# %% [markdown]
# `squeeze(1)` takes the column away, and keeps a batch of one a batch. The guard is one line before each comparison.
# `binary_cross_entropy_with_logits` has that line inside: it is loud. Not every loss is: `mse_loss` warns and goes on.

# %%
preds = column.squeeze(1) > 0
assert preds.shape == ill.shape
try:
    F.binary_cross_entropy_with_logits(column, ill)
except ValueError as error:
    print(error)
else:
    raise AssertionError("it broadcast")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    F.mse_loss(column, ill)
assert len(told) == 1 and "different to the input size" in str(told[0].message)

# %% [markdown]
# ## Break it: two passes, two orders
#
# One pass for the predictions, one for the labels. With a shuffled loader the second pass has another order, and
# everybody's prediction is compared with somebody else's label.

# %%
shuffled = batches(splits.test, 64, shuffle=True)
with evaluation_mode(model):
    preds = torch.cat([model(x).argmax(1) for x, _ in shuffled])
    truth = torch.cat([y for _, y in shuffled])
print(
    f"two passes {(preds == truth).float().mean():.3f}   one pass {hits / n:.3f}   (guessing: 0.1)"
)
assert (preds == truth).float().mean() < 0.25

# %% [markdown]
# The labels are all there, and nothing is raised. The guard: one pass keeps both.

# %%
with evaluation_mode(model):
    pairs = [(model(x), y) for x, y in shuffled]
kept, truth = (torch.cat(part) for part in zip(*pairs))  # all logits, all labels
assert torch.equal(truth.sort().values, labels.sort().values)
assert (kept.argmax(1) == truth).sum() == hits


# %% [markdown]
# ## Break it: looking at the validation data changes the training
#
# A plain `DataLoader` draws a number from PyTorch's global generator each time you begin to read it, shuffled or not.
# The dropout after it gets other dice. Below, the same training three times; between its epochs somebody reads.


# %%
def weights_after(read):
    torch.manual_seed(0)
    net = MLP()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(2):
        for x, y in batches(splits.train, 256, shuffle=True, seed=epoch):
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
        list(read)
    return net.layers[1].weight.detach()


# %%
unread = weights_after([])
plain = weights_after(DataLoader(splits.validation, 64))
own = weights_after(DataLoader(splits.validation, 64, generator=torch.Generator()))
print(f"a plain loader moves a weight by up to {(plain - unread).abs().max():.4f}; "
      f"one with its own generator by {(own - unread).abs().max():.4f}")  # fmt: skip
assert not torch.equal(plain, unread) and torch.equal(own, unread)

# %% [markdown]
# Two guards. Give the loader a generator, as `batches` does. Or, if the loader is somebody else's, read it inside
# `torch.random.fork_rng`, which puts the global generator back.

# %%
before = torch.get_rng_state()
with torch.random.fork_rng(devices=[]):  # the CPU's generator; list GPUs to put theirs back too
    list(DataLoader(splits.validation, 64))
assert torch.equal(torch.get_rng_state(), before)
list(DataLoader(splits.validation, 64))
assert not torch.equal(torch.get_rng_state(), before)
print("inside fork_rng: no trace; outside: other dice for whoever comes next")

# %% [markdown]
# ## Break it: squashed twice
#
# `F.cross_entropy` applies the softmax itself. A network that ends in one hands over probabilities, and they are
# squashed again. Accuracy hardly notices. The loss can't fall below log(1 + 9 / e) for ten classes, however good the
# network is.

# %%
ends_in_softmax = nn.Sequential(model, nn.Softmax(1))
with evaluation_mode(ends_in_softmax):
    outputs = ends_in_softmax(images)
twice, once = (F.cross_entropy(out, labels).item() for out in (outputs, logits))
floor = math.log(1 + 9 / math.e)
print(
    f"loss of the logits {once:.3f}   of the probabilities {twice:.3f}   its floor {floor:.3f}"
)
assert (outputs.argmax(1) == labels).sum() == hits and twice > floor > once
perfect = F.one_hot(labels, 10).float()  # a network that is right and sure about each digit
assert math.isclose(F.cross_entropy(perfect, labels), floor, rel_tol=1e-5)

# %% [markdown]
# The guard: look at the outputs. Probabilities lie between 0 and 1 and sum to 1 in every row; logits hardly ever do. The
# library's `evaluate`, below, warns of them.


# %%
def are_probabilities(out):
    return bool((out >= 0).all()) and torch.allclose(out.sum(1), torch.ones(len(out)))


print("squashed:", are_probabilities(outputs), "  logits:", are_probabilities(logits))
assert are_probabilities(outputs) and not are_probabilities(logits)

# %% [markdown]
# ## Learn: who is judged at all
#
# `drop_last=True` belongs to training. In a test loader it leaves out the ragged end, and those digits are judged by
# nobody.

# %%
judged = sum(len(y) for _, y in DataLoader(splits.test, 64, drop_last=True))
print(judged, "of", len(splits.test), "digits")
assert judged == 320

# %% [markdown]
# With several GPUs, each reads a share of the data. If the shares don't come out even, `DistributedSampler` makes them
# so: it repeats some examples to fill up, or with `drop_last=True` leaves some out. Either will do for training and is
# wrong for a test. You can ask it without any GPU.

# %%
shares = [
    list(DistributedSampler(splits.test, num_replicas=7, rank=gpu, shuffle=False))
    for gpu in range(7)
]
times = torch.tensor(shares).flatten().bincount()
print("judged:", int(times.sum()), "  twice:", (times == 2).nonzero().flatten().tolist())
assert times.sum() == 364 and (times == 2).nonzero().flatten().tolist() == [0, 1, 2, 3]
cut = [
    DistributedSampler(splits.test, 7, gpu, shuffle=False, drop_last=True) for gpu in range(7)
]
assert sum(map(len, cut)) == 357

# %% [markdown]
# ### Your turn
#
# The guard is a share of your own: each GPU reads `Subset(data, my_share(len(data), gpus, rank))`, and the sums and
# counts of all GPUs are added up before anyone divides. Write `my_share(examples, gpus, rank)`:
#
# 1. `examples` and `gpus` say how many there are; it returns the list of indices that the GPU number `rank` (from 0)
#    reads, out of `range(examples)`;
# 2. over all `gpus`, each index is read exactly once;
# 3. no two shares differ by more than one in length.


# %% turn="my_share"
def my_share(examples, gpus, rank):
    """The indices that one of several GPUs reads."""
    ### BEGIN SOLUTION
    return list(range(rank, examples, gpus))
    ### END SOLUTION


# %%
check(my_share)

# %% [markdown]
# ## Learn: a result is an object
#
# The textbook's loop returns two numbers, or prints them. The next question (which digits were wrong?) needs another
# pass. Return what the numbers were made of, and let them be computed when asked for. (`@dataclass` makes a class of
# the fields that you list; with `@property`, `result.accuracy` calls the function.)

# %%
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    logits: torch.Tensor
    targets: torch.Tensor

    @property
    def accuracy(self):
        return (self.logits.argmax(1) == self.targets).float().mean().item()


result = Result(kept, truth)
missed = (result.logits.argmax(1) != result.targets).sum().item()
print(f"accuracy {result.accuracy:.4f}   wrong {missed}")
assert math.isclose(result.accuracy, hits / n, rel_tol=1e-6) and missed == n - hits

# %% [markdown]
# The course's `evaluate` returns such an object, an `Evaluation`: logits and targets from one pass, the loss of all at
# once, `preds`, `probabilities`, and the table `confusion` (rows: the true class; columns: the predicted one).

# %%
from course_lib.evaluation import evaluate

evaluation = evaluate(model, batches(splits.test, 64), loss_fn=nn.CrossEntropyLoss())
print(f"loss {evaluation.loss:.4f}   accuracy {evaluation.accuracy:.4f}   n {evaluation.n}")
assert math.isclose(evaluation.loss, losses.mean(), rel_tol=1e-5)
assert evaluation.accuracy == hits / n and evaluation.confusion.diagonal().sum() == hits
assert evaluate(model, batches(splits.test, 7)).accuracy == evaluation.accuracy

# %% [markdown]
# It takes each batch to the device that the model is on, brings the logits back to the CPU, and leaves every training
# flag and the global dice as they were.

# %%
import copy

from course_lib.devices import select_device

dice = torch.get_rng_state()
elsewhere = copy.deepcopy(model).to(select_device()).train()
again = evaluate(elsewhere, DataLoader(splits.test, 64), loss_fn=nn.CrossEntropyLoss())
print(f"computed on {select_device()}, logits on {again.logits.device}   loss {again.loss:.4f}")
assert again.logits.device.type == "cpu" and elsewhere.training
assert torch.equal(torch.get_rng_state(), dice)
assert math.isclose(again.loss, evaluation.loss, rel_tol=1e-3)

# %% [markdown]
# And it can see three of the mistakes above, and warns of them.

# %%
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    evaluate(ends_in_softmax, DataLoader(splits.test, 64, drop_last=True))
    evaluate(model, DataLoader(splits.test, 64, sampler=DistributedSampler(splits.test, 7, 0)))
for warning in told:
    print(str(warning.message).partition(":")[0])
said = " ".join(str(warning.message) for warning in told)
assert len(told) == 3 and all(what in said for what in ("drop_last", "softmax", "second time"))

# %% [markdown]
# In the exercise you write an `evaluate` of your own that agrees with it.
#
# ## Trace
#
# One test image, from its pixels to the cell of the table that it lands in. Another network, a single linear layer, so
# that you can follow the sums.

# %%
from course_lib.lessons.evaluation_loop import trace_image

trace_image()

# %% [markdown]
# ## Recap
#
# **Add up over all examples, divide once by what counts, and keep each prediction beside its own label.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `reduction="sum"`, then divide by the count | mean of batch means | a ragged last batch counts for more than it holds |
# | call the loss once on all logits | `loss.item() * len(y)`, unless the loss is plain | class weights and ignored labels change the divisor |
# | `logits.squeeze(1) > 0` for one logit | `argmax(1)`, `squeeze()` | argmax of one is 0; a batch of one loses its shape |
# | `assert preds.shape == targets.shape` | trust `==` | `(N, 1) == (N,)` is N x N comparisons |
# | logits and targets in one pass | a second pass for the labels | a shuffled loader has a new order |
# | a generator for each loader | a plain `DataLoader` between epochs | reading it moves the global dice |
# | return logits | end the network in softmax | the loss squashes again |
# | `drop_last=False`, shares without padding | training's loader for the test | everybody is judged once |
#
# Read more: the PyTorch documentation of
# [`CrossEntropyLoss`](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html) (what the mean is
# divided by) and of [`torch.utils.data`](https://docs.pytorch.org/docs/stable/data.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("evaluation_loop")

# %%
mastery_test("evaluation_loop")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: a mean loss with weights and ignored labels, labels for every kind of head, an
# `evaluate` of your own, and a loop with four bugs.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("evaluation_loop")

# %%
finish("evaluation_loop")

# %%
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch import nn
from torch.utils.data import TensorDataset

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits, tumours
from course_lib.evaluation import evaluate
from course_lib.models import OneLogit

begin("calibration")

# %% [markdown]
# ## Why: the bill it promised
#
# The tumours of lesson 05 again: four measurements, one logit, 1 for malignant. This network is larger, and it is
# trained until it makes few mistakes on the training data.

# %%
splits, columns = tumours(), [1, 4, 8, 9]
parts = (splits.train, splits.validation, splits.test)
train, validation, test = (TensorDataset(p.tensors[0][:, columns], p.tensors[1]) for p in parts)
model, (x, y) = OneLogit(inputs=4, hidden=64, dropout=0.0), train.tensors
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for step in range(400):
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(model(x), y).backward()
    optimizer.step()
known = ((model(x) > 0) == y).float().mean().item()
print(f"right on the training data: {known:.3f}")
assert known > 0.93

# %% [markdown]
# A missed tumour costs as much as ten false alarms. Somebody who is ill with probability p costs 10 p on average if you
# send them home, and 1 - p if you call them back. So the network can take the cheaper of the two, and say beforehand
# what all that will cost.

# %%
validated, tested = (evaluate(model, batches(part, 64)) for part in (validation, test))
logits, ill = tested.logits.double().numpy(), tested.targets.numpy() == 1
probs = 1 / (1 + np.exp(-logits))
called = 10 * probs > 1 - probs
promised = np.where(called, 1 - probs, 10 * probs).sum()


def bill(called):
    return 10 * (ill & ~called).sum() + (~ill & called).sum()


print(
    f"promised {promised:.0f}, the bill {bill(called)}; calling everybody costs {(~ill).sum()}"
)
assert bill(called) > 2.5 * promised

# %% [markdown]
# The arithmetic is right. It is the probabilities that aren't true.

# %% [markdown]
# ## Predict
#
# Look at the patients of whom the network is at least 90 % sure, either way.

# %%
predict(
    "It is at least 90 % sure of about three patients in four. On average it claims nearly 99 % there. How often is it right?",
    ["in 99 of 100", "in about 95 of 100", "in fewer than 91 of 100"],
)

# %%
sure = np.maximum(probs, 1 - probs) >= 0.9
claimed = np.maximum(probs, 1 - probs)[sure].mean()
right = ((probs > 0.5) == ill)[sure].mean()
print(f"{sure.sum()} of {len(sure)} patients: it claims {claimed:.3f} on average")
came_out(f"right in {100 * right:.0f} of 100")
assert 0.69 < sure.mean() < 0.81 and claimed > 0.98 and right < 0.91

# %% [markdown]
# ## Learn: claims beside outcomes
#
# A model is **calibrated** if, of all whom it calls ill with 80 %, about 80 % are ill. To see it, sort the claims into
# bins of equal width, and in each bin put the mean claim beside the share that came true. Drawn, that is a
# **reliability diagram**; a true claim lies on the diagonal.

# %%
from course_lib.displays import CalibrationDisplay

drawn = CalibrationDisplay(probs, ill, bins=10).plot()
print(drawn.describe())
above = drawn.curve.happened - drawn.curve.claimed
assert above[0] > 0.05 and above[-1] < -0.1

# %% [markdown]
# Below the diagonal on the right and above it on the left: that is the shape of a network that is too sure. One number
# says how far the points are off: the **calibration error** (in papers ECE), the mean distance between claim and
# outcome, each bin weighted by how many claims are in it.

# %%
from course_lib.metrics import calibration_curve, calibration_error

curve = calibration_curve(probs, ill, bins=10)
full = curve.count > 0
by_hand = np.average(np.abs(curve.claimed - curve.happened)[full], weights=curve.count[full])
print(f"claims in each bin: {curve.count.tolist()}, error {by_hand:.3f}")
assert np.isclose(by_hand, calibration_error(probs, ill, bins=10)) and by_hand > 0.1

# %% [markdown]
# A bin without claims has no mean: `calibration_curve` says NaN for it, and a count of 0. And a claim of exactly 1
# belongs to the last bin, although that bin ends there.

# %%
few = calibration_curve([0.0, 0.25, 0.5, 1.0], [0, 1, 1, 1], bins=4)
print("happened:", few.happened.tolist(), "  count:", few.count.tolist())
assert few.count.tolist() == [1, 1, 1, 1]
assert np.isnan(calibration_curve([0.1, 0.9], [0, 1], bins=3).happened[1])

# %% [markdown]
# ### Your turn
#
# A weather service says the chance of rain every morning. Write `one_bin(probs, happened, low, high)` for one bin of
# its diagram:
#
# 1. `probs` and `happened` (0 or 1) are arrays (N,); it returns two numbers, the mean claim and the share that came
#    true, of the claims from `low` up to, but not including, `high`;
# 2. where `high` is 1, a claim of exactly 1 is counted too;
# 3. a bin without claims gives two NaN.


# %% turn="one_bin"
def one_bin(probs, happened, low, high):
    """The mean claim and the share that came true of one bin."""
    ### BEGIN SOLUTION
    inside = (probs >= low) & ((probs < high) | (high == 1))
    if not inside.any():
        return float("nan"), float("nan")
    return probs[inside].mean(), happened[inside].mean()
    ### END SOLUTION


# %%
check(one_bin)

# %% [markdown]
# ## Learn: two scores that can see it
#
# The area under the ROC curve can't: it knows the order alone. Two scores can. **Log-loss** is the mean of -log of the
# probability given to what happened, the cross-entropy that you train with. The **Brier score** is the mean squared
# distance between probability and outcome. Both want a baseline: here the one who knows nothing and says the
# prevalence of the training data to everyone.

# %%
prevalence = train.tensors[1].mean().item()
ignorant = np.full(len(ill), prevalence)
for name, p in (("the network", probs), ("the ignorant", ignorant)):
    area, loss = metrics.roc_auc_score(ill, p), metrics.log_loss(ill, p)
    print(
        f"{name:13} area {area:.3f}   log-loss {loss:.3f}   Brier {((p - ill) ** 2).mean():.3f}"
    )
given = np.where(ill, probs, 1 - probs).clip(min=np.finfo(float).eps)
assert np.isclose(metrics.log_loss(ill, probs), -np.log(given).mean())
assert np.isclose(metrics.brier_score_loss(ill, probs), ((probs - ill) ** 2).mean())
assert metrics.log_loss(ill, probs) > metrics.log_loss(ill, ignorant)
assert ((probs - ill) ** 2).mean() < ((ignorant - ill) ** 2).mean()

# %% [markdown]
# By its log-loss the network is worse than knowing nothing, by its Brier score it isn't. A few bold mistakes do that:
# -log of a probability grows without end (scikit-learn cuts probabilities at 2e-16), while a square never exceeds 1.
# What both have in common is that honesty pays: if something happens in 30 of 100 cases, the best thing to say is 0.3.
# The plain distance, which looks as good, rewards a lie.

# %%
said, truth = np.linspace(0.01, 0.99, 99), 0.3
expected = {
    "log-loss": -truth * np.log(said) - (1 - truth) * np.log(1 - said),
    "Brier": truth * (1 - said) ** 2 + (1 - truth) * said**2,
    "distance": truth * (1 - said) + (1 - truth) * said,
}
pays = {name: round(float(said[values.argmin()]), 2) for name, values in expected.items()}
print("what pays best:", pays)
assert pays == {"log-loss": 0.3, "Brier": 0.3, "distance": 0.01}

# %% [markdown]
# ## Learn: one number cools it down
#
# Divide all logits by one number, the **temperature**. Above 1 it makes every claim less bold. Which number? The one
# with the lowest log-loss on the *validation* data. The training data, which the network nearly knows by heart, would ask
# for even bolder claims.

# %%
from course_lib.metrics import temperature

T, T_train = temperature(validated), temperature(evaluate(model, batches(train, 64)))
cooled = logits / T
cool_probs = 1 / (1 + np.exp(-cooled))
print(f"T from validation data {T:.2f}, from training data {T_train:.2f}")
print(
    f"log-loss {metrics.log_loss(ill, probs):.3f}, cooled {metrics.log_loss(ill, cool_probs):.3f}"
)
assert T > 1.7 and T_train < 1
assert metrics.log_loss(ill, cool_probs) < metrics.log_loss(ill, ignorant)

# %% [markdown]
# The order of single logits stays, and so does the area. The largest of several stays the largest, and a cut at 0 stays
# where it is. Any other cut has to be divided by T as well, or it calls other people.

# %%
assert metrics.roc_auc_score(ill, cooled) == metrics.roc_auc_score(ill, logits)
assert ((cooled >= 0) == (logits >= 0)).all() and ((cooled >= -2 / T) == (logits >= -2)).all()
moved = ((cooled >= -2) != (logits >= -2)).sum()
print(f"a cut that stays at -2 changes the label of {moved} of {len(ill)} patients")
assert moved >= 5

# %% [markdown]
# ### Your turn
#
# A temperature works for any number of classes; softmax takes the place of the sigmoid. Write
# `loss_at(logits, targets, t)`:
#
# 1. `logits` is a tensor (N, C), `targets` (N,); it returns the mean log-loss of softmax(logits / t), as a number or
#    a tensor of one;
# 2. `logits` stays as it was.


# %% turn="loss_at"
def loss_at(logits, targets, t):
    """The mean log-loss at temperature t."""
    ### BEGIN SOLUTION
    log_probs = (logits / t).log_softmax(dim=1)
    return -log_probs[range(len(targets)), targets].mean().item()  # as F.cross_entropy does
    ### END SOLUTION


# %%
check(loss_at)

# %% [markdown]
# ## Break it: an error made of luck
#
# "Our calibration error is 0.09." Is that bad? Take a perfect model: what it claims at 70 % happens in 70 of 100 cases,
# because we draw it so. Its true error is 0. Measured on a sample, it comes out above that.

# %%
rng, luck = np.random.default_rng(0), {}
for n, bins in ((114, 10), (1000, 10), (10_000, 10), (114, 50)):
    claims = rng.random(n)
    errors = [calibration_error(claims, rng.random(n) < claims, bins=bins) for _ in range(40)]
    luck[n, bins] = np.mean(errors)
    print(f"{n:6,} claims in {bins} bins: a perfect model has an error of {luck[n, bins]:.3f}")
assert (
    0.08 < luck[114, 10] < 0.1
    and luck[10_000, 10] < 0.02
    and luck[114, 50] > 1.5 * luck[114, 10]
)

# %% [markdown]
# Chance moves each bin's outcome off its claim, and the absolute value lets nothing cancel. So two models are compared
# on the same patients and the same bins only, and an error is judged beside what luck alone would give. The guard
# draws outcomes from the model's own claims, many times.


# %%
def luck_alone(probs):
    rng = np.random.default_rng(0)
    draws = rng.random((200, len(probs))) < probs
    return np.quantile([calibration_error(probs, drawn) for drawn in draws], 0.95)


for name, p in (("as trained", probs), ("cooled", cool_probs), ("the ignorant", ignorant)):
    print(f"{name:12} error {calibration_error(p, ill):.3f}, by luck up to {luck_alone(p):.3f}")
assert calibration_error(probs, ill) > 1.5 * luck_alone(probs)
assert calibration_error(ignorant, ill) < 0.02 and metrics.roc_auc_score(ill, ignorant) == 0.5

# %% [markdown]
# An error within luck doesn't show that the claims are true: 114 patients can't tell. Nor does a small one make a model
# useful: those of the ignorant are nearly true, and they tell no patient from another.
#
# ## Break it: calibrated for other people
#
# In our data 37 of 100 tumours are malignant. Use the cooled network where 5 in 100 are; as in lesson 05,
# `sample_weight` makes the ill count less. Nothing raises, the area is the same, and the claims are far too high.

# %%
share = 0.05
weight = np.where(ill, share / ill.mean(), (1 - share) / (1 - ill.mean()))
claimed_there = np.average(cool_probs, weights=weight)
there = metrics.log_loss(ill, cool_probs, sample_weight=weight)
print(f"claimed on average {claimed_there:.2f}, true {share}; log-loss {there:.3f}")
assert claimed_there > 3 * share and np.isclose(ill.mean(), 0.37, atol=0.005)
area = metrics.roc_auc_score(ill, cool_probs, sample_weight=weight)
assert np.isclose(area, metrics.roc_auc_score(ill, cool_probs))

# %% [markdown]
# A logit claims **log-odds**, log(p / (1 - p)). A rarer illness takes the same amount from everybody's: the difference
# between the log-odds of the two prevalences. Shift the logits by it. (As the weights do, this assumes that the ill and
# the healthy out there look like ours.)


# %%
def log_odds(p):
    return np.log(p / (1 - p))


shift = log_odds(share) - log_odds(prevalence)
shifted = 1 / (1 + np.exp(-(cooled + shift)))
now, mean_claim = (
    metrics.log_loss(ill, shifted, sample_weight=weight),
    np.average(shifted, weights=weight),
)
print(f"shift {shift:.2f}: claimed on average {mean_claim:.2f}, log-loss {now:.3f}")
assert now < 0.7 * there and mean_claim < 2 * share

# %% [markdown]
# No temperature can do this, for dividing leaves 0 where it is. Push the cooled logits up by 3, and the best temperature
# can only make all claims less bold. The best shift, found on validation data, puts them back.

# %%
pushed, kept = validated.logits.double().numpy() / T + 3, validated.targets.numpy()
steps = np.linspace(-6, 6, 241)
losses = [metrics.log_loss(kept, 1 / (1 + np.exp(-(pushed + step)))) for step in steps]
best = steps[np.argmin(losses)]
after = {"pushed": cooled + 3, "temperature": (cooled + 3) / temperature(pushed, kept)}
after["shift"] = cooled + 3 + best
for name, z in after.items():
    after[name] = metrics.log_loss(ill, 1 / (1 + np.exp(-z)))
    print(f"{name:12} log-loss {after[name]:.3f}")
assert after["shift"] + 0.05 < after["temperature"] < after["pushed"]

# %% [markdown]
# ## Learn: two costs give the threshold
#
# Back to the bill. Sending home costs p · c_FN on average, calling costs (1 - p) · c_FP. They are equal at
#
# **p = c_FP / (c_FP + c_FN)**,
#
# here 1 / 11, and on the scale of the logit log(c_FP / c_FN) = log(1 / 10). No data are needed to choose it, but the
# probabilities must be true. For equal costs it is one half: that is when the habit of cutting at 0 is right. (A right
# decision costs nothing here. If it does, put the differences in the place of the costs.)

# %%
from course_lib.metrics import threshold_for_cost

cut = np.log(1 / 10)
tuned = threshold_for_cost(validated, false_positive=1, false_negative=10)
bills = {
    "cut at 0, by habit": bill(logits >= 0),
    "two costs, as trained": bill(logits >= cut),
    "two costs, cooled": bill(cooled >= cut),
    "tuned on validation data": bill(logits >= tuned),
}
print("\n".join(f"{name:25} {cost}" for name, cost in bills.items()))
assert np.isclose(1 / (1 + np.exp(-cut)), 1 / 11)
assert bills["two costs, cooled"] < bills["two costs, as trained"] < bills["cut at 0, by habit"]

# %% [markdown]
# The promise comes nearer to the bill as well. And where fewer are ill, shift the claims before you compare them, or, what
# is the same, take the shift off the cut.

# %%
cool_promise = np.where(cooled >= cut, 1 - cool_probs, 10 * cool_probs).sum()
print(f"cooled: promised {cool_promise:.0f}, the bill {bill(cooled >= cut)}")
assert abs(cool_promise - bill(cooled >= cut)) < abs(promised - bill(called))
cost_there = {}
for name, there_from in (("the cut as it was", cut), ("the shift taken off", cut - shift)):
    each = np.where(ill, 10 * (cooled < there_from), cooled >= there_from)
    cost_there[name] = np.average(each, weights=weight) * 1000
    print(f"5 in 100 ill, {name:19} cost of 1,000 people {cost_there[name]:.0f}")
assert cost_there["the shift taken off"] < 0.9 * cost_there["the cut as it was"]

# %% [markdown]
# A tuned threshold needs no true probabilities, but it hangs on the few ill people near it. Draw the validation data
# again with replacement, choose both anew each time, and see how uncertain a chosen threshold is.

# %%
rng, choices = np.random.default_rng(0), []
z, hit = validated.logits.double().numpy(), validated.targets.numpy() == 1
for _ in range(100):
    rows = rng.integers(len(z), size=len(z))
    again = threshold_for_cost(z[rows], hit[rows], false_positive=1, false_negative=10)
    choices.append((again, cut * temperature(z[rows], hit[rows])))
spans = np.quantile(choices, [0.05, 0.95], axis=0).T
for name, (low, high) in zip(("tuned", "two costs, cooled"), spans, strict=True):
    print(f"{name:18} the cut lies from {low:.1f} to {high:.1f} on the logits as trained")
assert (spans[:, 1] - spans[:, 0] > 2).all()

# %% [markdown]
# ### Your turn
#
# A mail filter. Deleting a good mail costs `alarm`, letting spam through costs `miss`. Write
# `to_delete(probs, *, alarm, miss)`:
#
# 1. `probs` (N,) are calibrated probabilities of spam; it returns N booleans: True where deleting is cheaper on
#    average than letting through;
# 2. where both cost the same, nothing is deleted.


# %% turn="to_delete"
def to_delete(probs, *, alarm, miss):
    """Where deleting is cheaper on average."""
    ### BEGIN SOLUTION
    return (1 - probs) * alarm < probs * miss
    ### END SOLUTION


# %%
check(to_delete)

# %% [markdown]
# ## Trace
#
# One patient, from the logit of a network like ours to the decision, in a screening where 5 in 100 are ill. Watch where
# the decision turns.

# %%
from course_lib.lessons.calibration import trace_decision

trace_decision()

# %% [markdown]
# ## Explore
#
# The scores of a network that was cross-validated on all 569 tumours. Sharpen the claims, shift them, make the illness
# rarer: what does the diagram do, what the log-loss, and what do the decisions cost? Tab moves between the controls, the
# arrow keys move a slider.

# %%
from course_lib.lessons.calibration import calibration_explorer

calibration_explorer()

# %% [markdown]
# Two things to try. With the shift at 0 and a miss as dear as a false alarm, which slider leaves the cost alone? And at
# 5 ill in 100, which one brings the claims back to the diagonal?
#
# ## Learn: say "I don't know"
#
# With true claims a model can **abstain**: answer where it is sure and hand the rest to a person. What share it answers
# is its **coverage**. Here is a network for the ten digits. By accident, only three of its training images are eights.

# %%
images = digits()
x, y = images.train.tensors
rare = (y == 8).nonzero().flatten()[3:]
keep = torch.ones(len(y), dtype=torch.bool).index_fill(0, rare, False)
net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(60):
    optimizer.zero_grad()
    F.cross_entropy(net(x[keep]), y[keep]).backward()
    optimizer.step()

# %%
shown = evaluate(net, batches(images.test, 64))
T10 = temperature(evaluate(net, batches(images.validation, 64)))
ten = (shown.logits.double() / T10).softmax(1)
confidence, guess = ten.max(1)
correct, selected = (guess == shown.targets).numpy(), {}
for floor in (0, 0.7, 0.9):
    answered = confidence.numpy() >= floor
    selected[floor] = correct[answered].mean()
    print(
        f"sure to {floor:.1f}: coverage {answered.mean():.2f}, accuracy there {selected[floor]:.3f}"
    )
assert selected[0] < selected[0.7] < selected[0.9] and selected[0.9] > 0.97

# %% [markdown]
# Report both numbers: the accuracy alone rises as one answers less. Here too a cost gives the floor. If asking a person
# costs a tenth of a mistake, answer from 0.9 on.

# %% [markdown]
# ## Break it: sure of what it has never seen
#
# Now somebody's scanner inverts the images: white on black becomes black on white. Surely the network abstains?

# %%
with torch.no_grad():
    inverted = (net(1 - images.test.tensors[0]).double() / T10).softmax(1)
answered = inverted.max(1).values >= 0.9
wrong = (inverted.argmax(1) != images.test.tensors[1])[answered]
print(f"it answers {answered.double().mean():.0%} of them, {wrong.double().mean():.0%} wrongly")
assert answered.double().mean() > 0.5 and wrong.double().mean() > 0.9

# %% [markdown]
# A temperature is fitted to images like those of the validation data, and it promises nothing about others. The guard
# is outside the network: check what comes in. Even the mean brightness would have noticed.

# %%
usual = images.train.tensors[0].mean((1, 2, 3))
low, high = usual.min(), usual.max()
brightness = (1 - images.test.tensors[0]).mean((1, 2, 3))
flagged = ((brightness < low) | (brightness > high)).double().mean()
print(f"usual brightness {low:.2f} to {high:.2f}; inverted images outside: {flagged:.0%}")
assert flagged > 0.95

# %% [markdown]
# ## Learn: one against the rest
#
# With ten classes there are ten ROC curves: each class against all the others, ranked by its probability. Their plain
# mean is the **macro** average, `multi_class="ovr"`; with `average="weighted"` each counts as often as its class occurs.
# scikit-learn wants to be told so, and it wants probabilities whose rows add up to 1; 16 bits are too few for that. A
# temperature moves these areas a little, as it ranks images anew.

# %%
areas = [metrics.roc_auc_score(shown.targets == k, ten[:, k]) for k in range(10)]
macro = metrics.roc_auc_score(shown.targets, ten, multi_class="ovr")
print(
    f"mean of ten areas {macro:.3f} (guessing 0.5), accuracy {shown.accuracy:.3f} (guessing 0.1)"
)
options = {"multi_class": "ovr", "average": "weighted"}
weighted = metrics.roc_auc_score(shown.targets, ten, **options)
uncooled = shown.logits.double().softmax(1)
assert metrics.roc_auc_score(shown.targets, uncooled, multi_class="ovr") != macro
assert np.isclose(macro, np.mean(areas)) and macro > 0.99
assert np.isclose(weighted, np.average(areas, weights=np.bincount(shown.targets)))

# %%
for rows, options in (
    (ten, {}),
    (shown.logits, {"multi_class": "ovr"}),
    (ten.half(), {"multi_class": "ovr"}),
):
    try:
        metrics.roc_auc_score(shown.targets, rows, **options)
        raise AssertionError("no error")
    except ValueError as error:
        print("ValueError:", error)

# %% [markdown]
# **Top-k accuracy** asks less: is the truth among the k largest? With k as large as the number of classes it is 1 for
# any model.

# %%
top = {k: metrics.top_k_accuracy_score(shown.targets, ten, k=k) for k in (1, 2, 3)}
print("top-k accuracy:", {k: round(float(v), 3) for k, v in top.items()})
second = (shown.logits.topk(2).indices == shown.targets[:, None]).any(1).double().mean()
assert np.isclose(top[1], shown.accuracy) and np.isclose(top[2], second)
assert (shown.logits.topk(10).indices == shown.targets[:, None]).any(1).all()

# %% [markdown]
# ## Break it: what the mean hides
#
# An area above 0.99 in the mean, and the network hardly knows what an eight is.

# %%
recalls = metrics.recall_score(shown.targets, guess, average=None)
print(
    f"of the eights it finds {recalls[8]:.0%}; the area of that class is still {areas[8]:.3f}"
)
print(f"the nine other recalls are {np.delete(recalls, 8).min():.2f} or more")
assert recalls[8] < 0.25 and np.delete(recalls, 8).min() > 0.9
assert macro > 0.99 and areas[8] > 0.95

# %% [markdown]
# Two things hide it. The mean spreads one bad class over ten. And an area asks for the order among *all images*, not
# for the largest of *one image's* ten numbers: eights get more of class 8 than other digits do, and still less than of
# another class. The guard is to print the worst class beside every mean, with its recall and its count.

# %% [markdown]
# ## Break it: one column for each class takes logits
#
# Give scikit-learn the truth as columns of 0 and 1, and it believes that the classes don't exclude each other. Then
# rows needn't add up to 1: labels and logits get an area, too.

# %%
columns10 = F.one_hot(shown.targets, 10)
anything = {
    "probabilities": ten,
    "logits": shown.logits,
    "labels": F.one_hot(guess, 10),
}
for name, columns_given in anything.items():
    anything[name] = metrics.roc_auc_score(columns10, columns_given)
    print(f"{name:13} {anything[name]:.3f}")
assert np.isclose(anything["probabilities"], macro)
assert anything["labels"] < anything["logits"] - 0.005 < macro - 0.01

# %% [markdown]
# A logit by itself ranks worse here, as it is its distance from the image's other logits that counts. The guard: pass
# the truth as class numbers. Then a class that is missing in the data is an error, too; take each class by itself there,
# and say which has no area.

# %%
no_seven = shown.targets != 7
try:
    metrics.roc_auc_score(shown.targets[no_seven], ten[no_seven], multi_class="ovr")
    raise AssertionError("no error")
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# ### Your turn
#
# Write `area_of(probs, targets, k)`, one class against the rest:
#
# 1. `probs` is an array (N, C), `targets` (N,); it returns the area with which the probability of class k ranks the
#    examples of class k above all others, ties counted one half;
# 2. it returns NaN where class k doesn't occur, or nothing else does.


# %% turn="area_of"
def area_of(probs, targets, k):
    """The ROC-AUC of class k against the rest."""
    ### BEGIN SOLUTION
    from sklearn.metrics import roc_auc_score

    is_k = targets == k
    if is_k.all() or not is_k.any():
        return float("nan")
    return roc_auc_score(is_k, probs[:, k])
    ### END SOLUTION


# %%
check(area_of)

# %% [markdown]
# ## Recap
#
# **A probability that you act on must be true: look at a reliability diagram, cool or shift the logits on validation
# data, and two costs give the threshold.**
#
# | Do | Don't | Why |
# |---|---|---|
# | log-loss or Brier, beside that of the prevalence | the area alone | the area knows the order only |
# | fit T on validation data | on training data | there the network is right to be sure |
# | judge a calibration error beside luck, on one set of bins | compare it across samples | a perfect model's comes out above 0, too |
# | shift the log-odds where the prevalence is another | a temperature | dividing leaves 0 where it is |
# | c_FP / (c_FP + c_FN) with true probabilities | one half by habit | that is for equal costs |
# | coverage beside the accuracy; check what comes in | trust in sureness | it is sure of inverted images |
# | the worst class beside a mean | a macro average alone | above 0.99, and eights not found |
#
# Read more: scikit-learn on [calibration](https://scikit-learn.org/stable/modules/calibration.html) and on
# [multi-class ROC](https://scikit-learn.org/stable/modules/model_evaluation.html#roc-metrics); Guo et al.,
# [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("calibration")

# %%
mastery_test("calibration")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: write the reliability diagram's numbers, fit a temperature, derive a threshold from costs
# and prevalence, and mend a multi-class ROC-AUC.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("calibration")

# %%
finish("calibration")

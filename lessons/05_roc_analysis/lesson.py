# %%
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch.utils.data import TensorDataset

from course_lib.classroom import begin, came_out, check, finish, predict
from course_lib.data import batches, tumours
from course_lib.evaluation import evaluate
from course_lib.models import OneLogit

begin("roc_analysis")

# %% [markdown]
# ## Why: sent home by a habit
#
# Real breast tumours, each with thirty measurements. This small network may use four of them: texture, smoothness,
# symmetry and fractal dimension, nothing about size. The target is 1 for malignant. Its one output is a logit, the
# number that a sigmoid turns into a probability; from 0 on it says "malignant".

# %%
splits, columns = tumours(), [1, 4, 8, 9]
parts = (splits.train, splits.validation, splits.test)
train, validation, test = (TensorDataset(p.tensors[0][:, columns], p.tensors[1]) for p in parts)
torch.manual_seed(0)
model = OneLogit(inputs=4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(30):
    for x, y in batches(train, 32, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()

# %% [markdown]
# `evaluate` switches the model to eval mode, runs the test set through it once and keeps the logits. From here on the
# logit is the **score**: the higher, the more suspicious.

# %%
tested = evaluate(model, batches(test, 64))
scores, targets = tested.logits.numpy(), tested.targets.numpy()
ill, healthy = scores[targets == 1], scores[targets == 0]
print(f"accuracy {tested.accuracy:.2f} (always 'benign': {len(healthy) / len(scores):.2f})")
print(f"malignant: {len(ill)}, of which missed: {(ill < 0).sum()}")
print(f"benign: {len(healthy)}, of which called malignant: {(healthy >= 0).sum()}")
assert tested.accuracy > len(healthy) / len(scores) and 0.15 < (ill < 0).mean() < 0.28

# %% [markdown]
# Better than always saying "benign", and still it sends about one malignant tumour in five home. No one decided that
# this is a good bargain. The cut at 0, which is a probability of one half, is a habit. You may put it elsewhere without
# training anything.

# %% [markdown]
# ## Predict
#
# Fewer missed tumours cost more false alarms. How many more? Commit before you look.

# %%
predict(
    "The threshold moves from 0 down to -2. How many of the benign tumours are called malignant now?",
    ["hardly more than before", "two to three times as many", "nearly all of them"],
)

# %%
for cut in (0, -2):
    missed, alarms = (ill < cut).sum(), (healthy >= cut).sum()
    print(
        f"threshold {cut:2}: missed {missed} of {len(ill)}, alarms {alarms} of {len(healthy)}"
    )
more = alarms / (healthy >= 0).sum()
came_out(f"{more:.1f} times as many false alarms, and {missed} tumours missed")
assert 2 <= more <= 3 and missed < (ill < 0).sum() / 2

# %% [markdown]
# ## Learn: one rate for each kind of patient
#
# Call someone ill when `score >= threshold`. As in a confusion matrix, the ill then fall into true positives (TP) and
# missed ones, the false negatives (FN); the healthy into false alarms, the false positives (FP), and true negatives
# (TN). Two rates follow: the **true positive rate** (TPR, recall, sensitivity) = TP / (TP + FN), and the **false
# positive rate** (FPR) = FP / (FP + TN).
#
# The first looks at the ill alone, the second at the healthy alone. Remember that; it is the strength of what follows,
# and its weakness.


# %%
def rates(threshold):
    return (healthy >= threshold).mean(), (ill >= threshold).mean()


for threshold in (2, 0, -2, -4):
    print(
        f"threshold {threshold:2}:  FPR {rates(threshold)[0]:.2f}   TPR {rates(threshold)[1]:.2f}"
    )
assert rates(99) == (0, 0) and rates(-99) == (1, 1)

# %% [markdown]
# ## Learn: the curve is every threshold
#
# Plot the pair for every threshold and you have the ROC curve (receiver operating characteristic, a name from radar),
# from nobody called ill, (0, 0), to everybody, (1, 1). scikit-learn computes it. Two conventions to know: **`y_true`
# comes first**, and the first threshold is infinity.

# %%
fpr, tpr, thresholds = metrics.roc_curve(targets, scores)
for point in range(3):
    print(f"threshold {thresholds[point]:5.2f}:  FPR {fpr[point]:.2f}   TPR {tpr[point]:.2f}")
assert np.isinf(thresholds[0]) and fpr[0] == tpr[0] == 0
called = (
    scores >= thresholds[:, None]
)  # a table: a row for each threshold, a column for each patient
assert np.allclose(called[:, targets == 1].mean(1), tpr)
assert np.allclose(called[:, targets == 0].mean(1), fpr)

# %% [markdown]
# Three lines from the end: `scores` (N,) against `thresholds[:, None]` (T, 1) makes a table (T, N), and the mean of a
# row of True and False is the part that is True. By default `roc_curve` leaves most points within a straight line out,
# because a picture doesn't need them. If you look for the threshold of a recall, you do.

# %%
for drop in (True, False):
    _, found, cuts = metrics.roc_curve(targets, scores, drop_intermediate=drop)
    first = (found >= 0.5).argmax()  # the first that is True
    print(
        f"{len(cuts):3} points; half are found at {cuts[first]:.3f}, there {found[first]:.0%}"
    )
    assert drop == (len(cuts) < len(np.unique(scores)) + 1) == (np.diff(found).max() > 0.1)
    assert (np.diff(found) >= 0).all()

# %%
from course_lib.displays import RocDisplay

metrics.RocCurveDisplay.from_predictions(
    targets, scores, name="tumours", plot_chance_level=True
)
print(RocDisplay(scores, targets, threshold=0).describe())

# %% [markdown]
# ### Your turn
#
# A bank scores payments; the higher, the more suspicious. What part would each threshold stop? Write
# `alarms_at(scores, thresholds)` for arrays (N,) and (T,):
#
# 1. it returns T numbers, for each threshold the part of all payments that is stopped;
# 2. stopped is what scores at least the threshold;
# 3. the thresholds come in any order, some may be equal or infinite, and the answers keep their order.


# %% turn="alarms_at"
def alarms_at(scores, thresholds):
    """The part of scores (N,) at or above each of thresholds (T,)."""
    ### BEGIN SOLUTION
    return (scores >= thresholds[:, None]).mean(1)
    ### END SOLUTION


# %%
check(alarms_at)

# %% [markdown]
# ## Trace
#
# Eleven real patients, sorted by score. The threshold walks down the list. Each ill patient it passes is a step up,
# each healthy one a step to the right. Two patients share a score: guess which way the curve goes there.

# %%
from course_lib.lessons.roc_analysis import trace_roc

trace_roc()

# %% [markdown]
# ## Learn: the area is a chance
#
# The last stage says it: the area under the curve (AUC) is the chance that a random ill patient scores above a random
# healthy one. A tie counts one half; rounding our scores makes some.

# %%
auc, whole = metrics.roc_auc_score(targets, scores), scores.round()
above = (ill.round()[:, None] > healthy.round()).mean()
equal = (ill.round()[:, None] == healthy.round()).mean()
print(
    f"exact scores: area {auc:.3f}; whole numbers: area {metrics.roc_auc_score(targets, whole):.3f}"
)
print(f"whole numbers: pairs ranked right {above:.3f}, level {equal:.3f}")
assert equal > 0.02 and np.isclose(above + equal / 2, metrics.roc_auc_score(targets, whole))

# %% [markdown]
# Only the order counts: a strictly increasing function of the scores keeps the area. It doesn't keep what a fixed cut
# does. Take the odds, `exp(score)`: all are above 0, and whoever still cuts at 0 calls everybody ill.

# %%
exact = scores.astype(np.float64)
for name, moved in (("score", exact), ("a third", exact / 3), ("odds", np.exp(exact))):
    accuracy = metrics.accuracy_score(targets, moved >= 0)
    print(
        f"{name:8} area {metrics.roc_auc_score(targets, moved):.3f}   cut at 0: {accuracy:.3f}"
    )
    assert np.isclose(metrics.roc_auc_score(targets, moved), auc)
assert accuracy == targets.mean() < tested.accuracy

# %% [markdown]
# 1.0 is a perfect ranking. 0.5, the dashed diagonal, is what guessing gives on average: of scores drawn at random,
# about half lie a little below. An area further below than luck goes is a ranking upside down: most often a flipped
# sign, or the score of the wrong class. And 0.5 need not mean that a score knows nothing. If the ill are those with
# too much *or* too little of something, high scores and low ones cancel.

# %%
rng = np.random.default_rng(0)
noise = np.array([metrics.roc_auc_score(targets, rng.random(len(targets))) for _ in range(200)])
print(
    f"noise: {(noise < 0.5).mean():.0%} below 0.5, from {noise.min():.2f} to {noise.max():.2f}"
)
print(f"our score, sign flipped: {metrics.roc_auc_score(targets, -scores):.3f}")
amount, sick = np.array([-9, -7, -1, 0, 1, 7, 9]), np.array([1, 1, 0, 0, 0, 1, 1])
two_sided = [metrics.roc_auc_score(sick, s) for s in (amount, np.abs(amount))]
print("too much or too little:", two_sided[0], " distance from 0:", two_sided[1])
assert 0.4 < (noise < 0.5).mean() < 0.6 and noise.min() > 0.3 and two_sided == [0.5, 1.0]
assert np.isclose(metrics.roc_auc_score(targets, -scores), 1 - auc)

# %% [markdown]
# One number can't hold a curve, and two curves may cross. Beside our network put one measurement that it doesn't have,
# the worst concavity. If you can afford hardly any false alarms, the larger area is the worse choice.

# %%
concavity = splits.test.tensors[0][:, 26].numpy()
shown = {}
for name, s in (("network", scores), ("concavity", concavity)):
    x, y, _ = metrics.roc_curve(targets, s)
    shown[name] = metrics.roc_auc_score(targets, s), y[x <= 0.02].max(), y[x <= 0.3].max()
    print(
        "{:10} area {:.3f}   TPR at FPR 0.02: {:.2f}, at 0.3: {:.2f}".format(name, *shown[name])
    )
assert shown["concavity"][0] > shown["network"][0]
assert shown["concavity"][1] < shown["network"][1] / 2

# %% [markdown]
# ## Break it: the area of labels
#
# `roc_auc_score` takes labels without a word. Labels are scores with two values, so the curve has one corner, and the
# area is just the balanced accuracy: the mean of the part of the ill and the part of the healthy that were judged right.

# %%
labels = (scores >= 0).astype(int)
of_labels = metrics.roc_auc_score(targets, labels)
print(f"of scores {auc:.3f}, of labels {of_labels:.3f}")
assert np.isclose(of_labels, metrics.balanced_accuracy_score(targets, labels))
assert of_labels < auc - 0.03

# %% [markdown]
# Swapped arguments raise an error when the scores are real numbers. With labels they don't; they give another wrong
# number. The guard: what you rank has more than two values.

# %%
try:
    metrics.roc_auc_score(scores, targets)
    raise AssertionError("it took the scores for targets")
except ValueError as error:
    print("scores first:", error)
print(f"labels first: {metrics.roc_auc_score(labels, targets):.3f}, no error")
assert abs(metrics.roc_auc_score(labels, targets) - of_labels) > 0.005
assert len(np.unique(labels)) == 2 < len(np.unique(scores))

# %% [markdown]
# ## Break it: squeezed until all are equal
#
# A sigmoid is an increasing function too, so probabilities should rank as logits do. On paper. In float32 the sigmoid
# of about 17 is exactly 1. Logits ten times as large hardly suffer, since half of them lie on the other side of 0.
# Logits shifted far to one side do: all are 1, and all are tied.

# %%
z = tested.logits
for name, moved in (("as trained", z), ("ten times", 10 * z), ("plus 150", z + 150)):
    of_logits, of_probs = (metrics.roc_auc_score(targets, s) for s in (moved, moved.sigmoid()))
    print(f"{name:10} area of logits {of_logits:.3f}, of probabilities {of_probs:.3f}")
    assert np.isclose(of_logits, auc, atol=0.003)
    assert of_probs == 0.5 if name == "plus 150" else np.isclose(of_probs, auc, atol=0.003)

# %% [markdown]
# How far one has to go depends on the dtype. Where models run in 16 bits, little is enough.

# %%
ends = {}
for dtype in (torch.float16, torch.float32, torch.float64):
    grid = torch.arange(0, 60, 0.01, dtype=torch.float64).to(dtype)
    ends[dtype] = grid[grid.sigmoid() == 1].min().item()
    print(f"{str(dtype):13} sigmoid is exactly 1 from a logit of {ends[dtype]:.1f} on")
half = metrics.roc_auc_score(targets, (z + 8).half().sigmoid())
print(f"our logits plus 8, in float16: {half:.3f} instead of {auc:.3f}")
assert (
    8 < ends[torch.float16] < 9 and 16 < ends[torch.float32] < 17.5 < 36 < ends[torch.float64]
)
assert half < auc - 0.02

# %% [markdown]
# The guard is to rank by logits. A network with two logits has one score all the same: their difference. The
# probability that softmax gives to class 1 is the sigmoid of that difference, and the second logit alone may rank
# otherwise.

# %%
two = torch.tensor([[2.0, 3.0], [-1.0, 1.5], [0.5, -2.0]])
assert torch.allclose(two.softmax(1)[:, 1], (two[:, 1] - two[:, 0]).sigmoid())
assert two[0, 1] > two[1, 1] and two.softmax(1)[0, 1] < two.softmax(1)[1, 1]
print("second logit:", two[:, 1].tolist(), "  difference:", (two[:, 1] - two[:, 0]).tolist())

# %% [markdown]
# ## Break it: ties in the order of the rows
#
# Many home-made areas sort the patients and step once for each. On our scores that works. Give it a model that says the
# same of everyone, and the answer depends on who stands first in the file.


# %%
def area_by_rows(targets, scores):
    hits = targets[
        np.argsort(-scores, kind="stable")
    ]  # level scores stay in the order of the rows
    up, right = hits.cumsum() / hits.sum(), (1 - hits).cumsum() / (1 - hits).sum()
    return np.trapezoid(np.r_[0, up], np.r_[0, right])  # from (0, 0) on, the area below


assert np.isclose(area_by_rows(targets, scores), auc)  # without ties it is right

# %%
same, ill_last, mixed = np.zeros(4), np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1])
orders = (ill_last[::-1], ill_last, mixed)
print("by rows:     ", *[float(area_by_rows(order, same)) for order in orders])
print("scikit-learn:", *[float(metrics.roc_auc_score(order, same)) for order in orders])
assert [area_by_rows(order, same) for order in orders] == [1, 0, 0.5]
assert [metrics.roc_auc_score(order, same) for order in orders] == [0.5, 0.5, 0.5]

# %% [markdown]
# The guard is a test with constant scores and the ill *first*: whatever you use must say 0.5. A mixed order can hide
# the mistake, as the third one does.

# %% [markdown]
# ## Learn: precision, from the top down
#
# **Precision** is the part of those called ill who are: TP / (TP + FP). Go down a sorted list and take it at each ill
# patient: their mean is the **average precision**. Five patients by hand, the ill at places 1, 3 and 4.

# %%
truth = np.array([1, 0, 1, 1, 0])  # the highest score first
precision = truth.cumsum() / np.arange(1, 6)
print("precision after each:", precision.round(2))
by_hand = (1 / 1 + 2 / 3 + 3 / 4) / 3
print(f"average precision: {by_hand:.3f}")
assert np.isclose(by_hand, metrics.average_precision_score(truth, [5, 4, 3, 2, 1]))
assert list(np.sign(np.diff(precision))) == [-1, 1, 1, -1]

# %% [markdown]
# TPR and FPR never fall when the threshold does. Precision goes down and up again: a lower threshold may be the more
# precise one.

# %% [markdown]
# ## Break it: the same area at one in a hundred
#
# Precision mixes both groups, so it depends on how many are ill, the **prevalence**. With `sample_weight` each ill
# patient counts for less, and our test set stands for a rarer illness. Beside it, what a hundred guesses get on average.

# %%
areas, average, guessing = {}, {}, {}
mixed = [np.random.default_rng(seed).permutation(scores) for seed in range(100)]
for share in (targets.mean(), 0.1, 0.01):
    weight = np.where(targets == 1, share / targets.mean(), (1 - share) / (1 - targets.mean()))
    w = {"sample_weight": weight}
    areas[share] = metrics.roc_auc_score(targets, scores, **w)
    average[share] = metrics.average_precision_score(targets, scores, **w)
    guessing[share] = np.mean([metrics.average_precision_score(targets, g, **w) for g in mixed])
    print(f"ill {share:4.0%}:  area {areas[share]:.3f}   ", end="")
    print(f"average precision {average[share]:.3f}, guess {guessing[share]:.3f}")

# %%
many, heavy = np.tile(targets, 20), np.tile(weight, 20)  # twenty times as many patients
guess = np.random.default_rng(0).random(len(many))
crowd = metrics.average_precision_score(many, guess, sample_weight=heavy)
print(f"guess at 1 %: {guessing[0.01]:.3f} with {len(targets)}, {crowd:.3f} with {len(many)}")
assert guessing[0.01] > 1.5 * 0.01 > crowd

# %%
assert np.allclose(list(areas.values()), auc) and average[0.01] < average[targets.mean()] / 3
assert np.isclose(guessing[targets.mean()], targets.mean(), atol=0.05)
precision, recall, cuts = metrics.precision_recall_curve(targets, scores, sample_weight=weight)
best = precision[recall >= 0.9].max()
print(f"to find nine in ten, at 1 % ill: at best {best:.1%} of the alarms are true")
assert best < 0.05 and cuts[0] < cuts[-1]
assert len(precision) == len(cuts) + 1 and (precision[-1], recall[-1]) == (1, 0)

# %% [markdown]
# The same network, the same area. A guess gets about the prevalence if there are many patients. Where 42 ill ones have
# to stand for all, it gets more: compute it. `precision_recall_curve` has its thresholds lowest first, and its last
# point has none. (The weights assume that the ill and the healthy out there look like ours. In a screening they seldom
# do.)
#
# The guard: beside every ROC-AUC say the prevalence, and for a rare class show precision at the recall you need.
# Without patients it is arithmetic: of 1,000 people 10 are ill, 990 healthy; the two rates say how many of each raise
# an alarm.

# %%
fpr_0, tpr_0 = rates(0)
true_alarms, false_alarms = 10 * tpr_0, 990 * fpr_0
print(f"of {true_alarms + false_alarms:.0f} alarms {true_alarms:.1f} are true")
weighted = metrics.precision_score(targets, scores >= 0, sample_weight=weight)
assert np.isclose(true_alarms / (true_alarms + false_alarms), weighted)

# %% [markdown]
# ### Your turn
#
# For the bank's payments, where frauds are rare. Write `rare_precision(fpr, tpr, prevalence)`, three numbers from 0
# to 1:
#
# 1. it returns which part of the alarms are frauds, where `prevalence` is the part of all payments that are;
# 2. if both rates are 0, there is no alarm, and it returns NaN, `float("nan")`.


# %% turn="rare_precision"
def rare_precision(fpr, tpr, prevalence):
    """The precision at this prevalence, from the two rates."""
    ### BEGIN SOLUTION
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return found / (found + alarms) if found + alarms else float("nan")
    ### END SOLUTION


# %%
check(rare_precision)

# %% [markdown]
# ## Learn: choose the threshold from cost and prevalence
#
# Say that a missed tumour is as bad as ten false alarms. A miss happens to `prevalence * (1 - tpr)` of all people, a
# false alarm to `(1 - prevalence) * fpr`. That prices every threshold. Take the cheapest *on the validation data*, and
# only then look at the test set.

# %%
validated = evaluate(model, batches(validation, 64))
v_scores, v_targets = validated.logits.numpy(), validated.targets.numpy()
fpr, tpr, thresholds = metrics.roc_curve(v_targets, v_scores, drop_intermediate=False)
cheapest = {}
for share in (0.01, 0.1, v_targets.mean()):
    cost = 10 * share * (1 - tpr) + 1 * (1 - share) * fpr
    cheapest[share] = thresholds[cost.argmin()]
    price = f"{cost.min():.3f} a person (nobody called ill: {10 * share:.3f})"
    print(f"ill {share:4.0%}: cheapest at {cheapest[share]:5.2f}, for {price}")
usual = cheapest[v_targets.mean()]
assert cheapest[0.01] >= cheapest[0.1] >= usual < cheapest[0.01]

# %% [markdown]
# The rarer the illness, the higher the threshold. There is also a formula. Suppose the probabilities are **calibrated**:
# of all tumours called 20 %, about 20 % are malignant. Then sending home someone with probability p costs 10 p, calling
# them back 1 - p, and the two are equal at p = 1 / 11, a logit of log(1 / 10). For equal costs it is 0: there the habit
# is right.


# %%
def paid(threshold):
    return 10 * (ill < threshold).sum() + (healthy >= threshold).sum()


# `cost` is still that of the last line above, at the prevalence of the validation set
formula, level = np.log(1 / 10), thresholds[np.isclose(cost, cost.min())]
print(f"on the test set: by habit {paid(0)}, by the formula, at {formula:.2f}: {paid(formula)}")
for tuned in level:
    print(f"cheapest on validation, at {tuned:.2f}: {paid(tuned)}")
assert paid(formula) < min(paid(t) for t in level) <= max(paid(t) for t in level) < paid(0)
assert np.isclose(1 / (1 + np.exp(-formula)), 1 / 11) and np.ptp(level) > 0.5

# %% [markdown]
# On 114 validation patients, thresholds far apart can cost the same, and the formula, which needs no search, did better
# here. It holds for the prevalence that the network was trained on. Whether probabilities are calibrated, how to mend
# them, and more than two classes: that is lesson 15.
#
# `course_lib.metrics` has `threshold_for_cost` and `threshold_for_recall` ("find at least nine in ten"). In the exercise
# you write the second, with an error where nobody is ill (ours returns NaN).

# %% [markdown]
# ## Learn: how sure is that choice?
#
# Other patients would have given another threshold. The **bootstrap** plays that: draw as many patients from yours,
# *with replacement*, so that some come twice and some not at all; choose again; and do so 500 times.

# %%
from course_lib.metrics import threshold_for_cost

rng, choices, n = np.random.default_rng(0), [], len(v_scores)
for _ in range(500):
    rows = rng.integers(n, size=n)  # n row numbers, each from 0 to n - 1
    s, t = v_scores[rows], v_targets[rows]  # the same rows: everybody keeps their diagnosis
    choices.append(threshold_for_cost(s, t, false_positive=1, false_negative=10))
print(f"rows {rows[:6]} ..., {len(np.unique(rows))} different ones of {n}")
low, high = np.quantile(choices, [0.05, 0.95])
print(f"the middle 90 % of 500 choices: from {low:.2f} to {high:.2f}")
assert high - low > 2 and low < formula < high and 0.5 < len(np.unique(rows)) / n < 0.75

# %% [markdown]
# `np.quantile(choices, [0.05, 0.95])` are the two numbers that leave 5 % of the choices out on either side.

# %% [markdown]
# ### Your turn
#
# How sure is the median of the payments? Write `median_interval(values, *, resamples, seed)` for an array (N,):
#
# 1. it draws N values with replacement, `resamples` times, and takes the median of each resample;
# 2. it returns `(low, high)`, between which the middle 90 % of these medians lie;
# 3. all draws come from one generator made of `seed`, so that the same seed gives the same interval,
#    and another seed other draws.


# %% turn="median_interval"
def median_interval(values, *, resamples, seed):
    """The middle 90 % of the medians of resamples of values (N,)."""
    ### BEGIN SOLUTION
    rng, medians = np.random.default_rng(seed), []
    for _ in range(resamples):
        rows = rng.integers(len(values), size=len(values))
        medians.append(np.median(values[rows]))
    return np.quantile(medians, [0.05, 0.95])
    ### END SOLUTION


# %%
check(median_interval)

# %% [markdown]
# ## Learn: an interval around the area
#
# The same for the area itself: 1,000 test sets drawn from ours, and the middle 95 % of their areas. It says how much
# the luck of the test set matters, not how another training run would differ. A resample without ill or without
# healthy patients has no area and is left out. And where a handful of patients is ranked perfectly, every resample is
# too.

# %%
from course_lib.metrics import bootstrap_interval, roc_auc

low, high = bootstrap_interval(roc_auc, scores, targets, seed=0)
print(
    f"area {auc:.3f}, 95 % interval {low:.3f} to {high:.3f}, from {len(ill)} ill, {len(healthy)} healthy"
)
six = bootstrap_interval(roc_auc, [1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], seed=0)
print(f"six patients, perfectly ranked: {six.low} to {six.high}, which is no certainty")
assert low < auc < high and high - low > 0.06 and six == (1, 1)

# %% [markdown]
# ## Explore
#
# One threshold, and everything that follows from it. The scores come from networks like ours, cross-validated on all
# 569 real tumours; 2,000 are drawn from them with a little noise. The second slider makes the illness rarer by
# weighting the two groups, not by changing the patients. Tab moves between the controls, the arrow keys move a slider.
# Move the illness down to 1 in 100 and watch which curve doesn't care.

# %%
from course_lib.lessons.roc_analysis import threshold_explorer

threshold_explorer()

# %% [markdown]
# ## Break it: tuned on the test set
#
# Choose the threshold on the test set and its cost will look better than it is. To see by how much, we split the test
# patients in half at random, 200 times: one half chooses, the other half pays.


# %%
def halves_cost(threshold, half):
    called = scores[half] >= threshold
    return 10 * (~called & (targets[half] == 1)).sum() + (called & (targets[half] == 0)).sum()


rng, tuned, fresh = np.random.default_rng(0), [], []
for _ in range(200):
    one, other = np.array_split(rng.permutation(len(scores)), 2)
    best = threshold_for_cost(scores[one], targets[one], false_positive=1, false_negative=10)
    tuned.append(halves_cost(best, one))
    fresh.append(halves_cost(best, other))
print(f"mean cost: tuned {np.mean(tuned):.0f}, on fresh patients {np.mean(fresh):.0f}")
assert np.mean(fresh) > 1.2 * np.mean(tuned)

# %% [markdown]
# The guard is a rule of the house: what is chosen is chosen on validation data, and the test set is opened once. (This
# lesson opens it again and again, to show you things. Nothing that it reports is a promise for new patients.)

# %% [markdown]
# ## Break it: the table of grades
#
# You will meet this table, in textbooks too.
#
# | AUC | 0.9 to 1.0 | 0.8 to 0.9 | 0.7 to 0.8 | 0.6 to 0.7 | 0.5 to 0.6 |
# |---|---|---|---|---|---|
# | grade | excellent | good | fair | poor | fail |
#
# It is folklore. It ignores the interval: ours covers two grades. It knows neither the prevalence, which left few true
# alarms above, nor what a miss costs. And it forgets what lies below 0.5, where the model may be fine and a sign wrong.


# %%
def grade(area):
    return ["fail", "poor", "fair", "good", "excellent"][int(np.clip((area - 0.5) * 10, 0, 4))]


print(f"area {auc:.3f}: {grade(auc)}; its interval: {grade(low)} to {grade(high)}")
print(f"the same curve costs {paid(0)} at one threshold, {paid(formula)} at another")
print(f"sign flipped: {1 - auc:.3f}, {grade(1 - auc)}, and as useful as before")
assert (grade(low), grade(high), grade(1 - auc)) == ("good", "excellent", "fail")

# %% [markdown]
# Report instead: the area with its interval, the prevalence, and the cost or the two rates at the threshold that you
# mean to use.

# %% [markdown]
# ## Recap
#
# **A ROC curve shows every threshold, its area judges the ranking and nothing more; the decision needs prevalence and cost.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `roc_auc_score(y_true, y_score)` with logits | labels, or probabilities of shifted logits | labels have one corner; saturated scores are tied |
# | test with constant scores, the ill first: 0.5 | step once for each row | the order of the rows would decide |
# | say the prevalence; show precision for a rare class | the area alone | it is the same at 1 in 100 |
# | compare curves where you will use them | the larger area | curves cross |
# | a threshold from cost and prevalence, on validation data | 0 by habit, or the best on the test set | 0 is for equal costs; what was tuned flatters |
# | report an interval | "the area is good" | 42 ill patients can't tell two grades apart |
# | `drop_intermediate=False` for the threshold of a recall | the default | it leaves points out |
#
# Read more: scikit-learn on [ROC](https://scikit-learn.org/stable/modules/model_evaluation.html#roc-metrics) and on
# [tuning the threshold](https://scikit-learn.org/stable/modules/classification_threshold.html).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("roc_analysis")

# %%
mastery_test("roc_analysis")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: write the curve, the area, a threshold and an interval yourself, then mend a pipeline
# that has reported a wrong ROC-AUC and never complained.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("roc_analysis")

# %%
finish("roc_analysis")

# %%
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch.utils.data import TensorDataset

from course_lib.classroom import begin, finish, predict
from course_lib.data import batches, tumours
from course_lib.evaluation import evaluate
from course_lib.models import OneLogit

begin("roc_analysis")

# %% [markdown]
# ## Why: sent home by a habit
#
# Real breast tumours, each with thirty measurements. This small network may use four of them: texture, smoothness,
# symmetry and fractal dimension, nothing about size. The target is 1 for malignant. Its one output is a logit, the
# number that a sigmoid turns into a probability; above 0 it says "malignant".

# %%
splits, columns = tumours(), [1, 4, 8, 9]
parts = (splits.train, splits.validation, splits.test)
train, validation, test = (TensorDataset(p.tensors[0][:, columns], p.tensors[1]) for p in parts)
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
assert tested.accuracy > 0.7 and len(ill) == 42 and 5 <= (ill < 0).sum() <= 13

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
    ["hardly more than before", "about twice as many", "nearly all of them"],
)

# %%
for threshold in (0, -2):
    missed, alarms = (ill < threshold).sum(), (healthy >= threshold).sum()
    print(
        f"threshold {threshold:2}: missed {missed:2} of {len(ill)}, false alarms {alarms:2} of {len(healthy)}"
    )
assert (ill < -2).sum() <= 4
assert 1.5 < (healthy >= -2).sum() / (healthy >= 0).sum() < 4

# %% [markdown]
# ## Learn: one rate for each kind of patient
#
# Call someone ill when `score >= threshold`. The ill then fall into true positives (TP) and missed ones, the false
# negatives (FN); the healthy into false alarms, the false positives (FP), and true negatives (TN). Two rates follow:
#
# **true positive rate** (TPR, recall, sensitivity) = TP / (TP + FN), and **false positive rate** (FPR) =
# FP / (FP + TN).
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
assert np.allclose([rates(t) for t in thresholds], np.c_[fpr, tpr])

# %% [markdown]
# It also leaves out points on a straight line, because a picture doesn't need them. When you look for a threshold, you
# do: ask for all.

# %%
every_fpr, every_tpr, every_threshold = metrics.roc_curve(
    targets, scores, drop_intermediate=False
)
print(f"{len(thresholds)} points for the picture, {len(every_threshold)} in all")
assert len(every_threshold) == len(np.unique(scores)) + 1 > len(thresholds)

# %%
from course_lib.displays import RocDisplay

drawn = metrics.RocCurveDisplay.from_predictions(
    targets, scores, name="tumours", plot_chance_level=True
)
print(RocDisplay(scores, targets, threshold=0).describe())
assert drawn.roc_auc > 0.8

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
# healthy one. A tie counts one half.

# %%
above = (ill[:, None] > healthy).mean()
equal = (ill[:, None] == healthy).mean()
auc = metrics.roc_auc_score(targets, scores)
print(f"pairs ranked right {above:.3f}, level {equal:.3f}, area {auc:.3f}")
assert np.isclose(above + equal / 2, auc)

# %% [markdown]
# So 1.0 is a perfect ranking and 0.5 is guessing, the dashed diagonal. Below 0.5 the ranking is upside down: a flipped
# sign, or the score of the wrong class. Only the order counts: any strictly increasing function of the scores has the
# same area.

# %%
exact = scores.astype(np.float64)
for name, moved in (
    ("a third", exact / 3),
    ("odds", np.exp(exact)),
    ("ranks", exact.argsort().argsort()),
):
    print(f"{name:8} {metrics.roc_auc_score(targets, moved):.3f}")
    assert np.isclose(metrics.roc_auc_score(targets, moved), auc)
assert np.isclose(metrics.roc_auc_score(targets, -exact), 1 - auc)

# %% [markdown]
# ## Break it: the area of labels
#
# `roc_auc_score` takes labels without a word. Labels are scores with two values, so the curve has one corner, and the
# area is just the balanced accuracy: the mean of the part of the ill and the part of the healthy that were judged right.

# %%
labels = (scores >= 0).astype(int)
of_labels = metrics.roc_auc_score(targets, labels)
print(f"of scores {auc:.3f}, of labels {of_labels:.3f}")
assert (
    np.isclose(of_labels, metrics.balanced_accuracy_score(targets, labels))
    and of_labels < auc - 0.03
)

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
assert len(np.unique(labels)) == 2 < len(np.unique(scores))

# %% [markdown]
# ## Break it: too sure to be ranked
#
# A network that is very sure has large logits. Ours, ten times as sure and leaning towards "malignant", is an
# increasing function of what it was, so the area stays. But turn those logits into probabilities, and float32 ends at
# a logit of about 17: everything is exactly 1, everything is tied.

# %%
sure = 10 * tested.logits + 150
squashed = sure.sigmoid()
print(f"logits {metrics.roc_auc_score(targets, sure):.3f}, ", end="")
print(f"probabilities {metrics.roc_auc_score(targets, squashed):.3f}")
assert torch.tensor(17.0).sigmoid() == 1
assert np.isclose(metrics.roc_auc_score(targets, sure), auc, atol=0.005)
assert metrics.roc_auc_score(targets, squashed) < 0.6

# %% [markdown]
# The guard is to rank by logits. With two logits, rank by their difference: the softmax of class 1 is its sigmoid.

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
    hits = targets[np.argsort(-scores, kind="stable")]
    up, right = hits.cumsum() / hits.sum(), (1 - hits).cumsum() / (1 - hits).sum()
    return np.trapezoid(np.r_[0, up], np.r_[0, right])


assert np.isclose(area_by_rows(targets, scores), auc)  # without ties it is right

# %%
same, ill_last = np.zeros(len(targets)), np.sort(targets)
ill_first = ill_last[::-1]
print("by rows:     ", area_by_rows(ill_first, same), area_by_rows(ill_last, same))
areas = [float(metrics.roc_auc_score(order, same)) for order in (ill_first, ill_last)]
print("scikit-learn:", *areas)
assert area_by_rows(ill_first, same) > 0.99 and area_by_rows(ill_last, same) < 0.01
assert areas == [0.5, 0.5]

# %% [markdown]
# The guard is a test with constant scores: whatever you use must say 0.5.

# %% [markdown]
# ## Break it: the same area at one in a hundred
#
# **Precision** is the part of those called ill who are: TP / (TP + FP). It mixes both groups, so it depends on how
# many are ill, the **prevalence**. Average precision is its mean over the ill, from the highest score down. A random
# ranking gets about the prevalence, so write that beside it. With `sample_weight` each ill patient counts for less, and
# our test set stands for a rarer illness.

# %%
areas, average = {}, {}
for share in (targets.mean(), 0.1, 0.01):
    weight = np.where(targets == 1, share / targets.mean(), (1 - share) / (1 - targets.mean()))
    areas[share] = metrics.roc_auc_score(targets, scores, sample_weight=weight)
    average[share] = metrics.average_precision_score(targets, scores, sample_weight=weight)
    print(
        f"ill {share:5.0%}:  ROC-AUC {areas[share]:.3f}   average precision {average[share]:.3f} (guessing {share:.2f})"
    )
assert np.allclose(list(areas.values()), auc) and average[0.01] < average[targets.mean()] - 0.3

# %% [markdown]
# The same network, the same area. (The weights assume that the ill and the healthy out there look like ours. In a
# screening they seldom do.) What does one in a hundred mean for the alarms? `precision_recall_curve` knows. Its
# thresholds come lowest first, and its last point has none.

# %%
precision, recall, cuts = metrics.precision_recall_curve(targets, scores, sample_weight=weight)
best = precision[recall >= 0.9].max()
print(f"to find nine in ten, at 1 % ill: at best {best:.1%} of the alarms are true")
assert best < 0.1 and cuts[0] < cuts[-1]
assert len(precision) == len(cuts) + 1 and (precision[-1], recall[-1]) == (1, 0)

# %% [markdown]
# The guard: beside every ROC-AUC say the prevalence, and for a rare class show precision at the recall you need.

# %% [markdown]
# ## Learn: choose the threshold from the cost
#
# Say that a missed tumour is as bad as ten false alarms. Then every threshold has a price. Take the cheapest *on the
# validation data*, and only then look at the test set.

# %%
validated = evaluate(model, batches(validation, 64))
fpr, tpr, thresholds = metrics.roc_curve(
    validated.targets, validated.logits, drop_intermediate=False
)
n_ill = int(validated.targets.sum())
cost = 10 * n_ill * (1 - tpr) + (validated.n - n_ill) * fpr
chosen = thresholds[cost.argmin()]
print(
    f"cheapest on validation: {chosen:.2f}, where {n_ill * (1 - tpr[cost.argmin()]):.0f} of {n_ill} are missed"
)
assert chosen < 0.5


# %%
def cost_at(threshold, scores, targets):
    return (
        10 * ((scores < threshold) & (targets == 1)).sum()
        + ((scores >= threshold) & (targets == 0)).sum()
    )


habit, planned = cost_at(0, scores, targets), cost_at(chosen, scores, targets)
print(
    f"cost on the test set: by habit {habit}, by plan {planned}, nobody called ill {10 * len(ill)}"
)
assert planned <= habit < 10 * len(ill)

# %% [markdown]
# If the rule is "find at least nine in ten", the threshold follows from recall. `course_lib.metrics` has both,
# `threshold_for_cost` and `threshold_for_recall`; in the exercise you write the second.

# %% [markdown]
# ## Explore
#
# One threshold, and everything that follows from it. The scores come from networks like ours, cross-validated on all
# 569 real tumours; 2,000 are drawn from them with a little noise. The second slider makes the illness rarer by
# weighting the two groups, not by changing the patients. Tab moves between the controls, the arrow keys move a slider.

# %%
from course_lib.lessons.roc_analysis import threshold_explorer

threshold_explorer()

# %% [markdown]
# Move the illness down to 1 in 100 and watch which curve doesn't care.

# %% [markdown]
# ## Break it: tuned on the test set
#
# Choose the threshold on the test set and its cost will look better than it is. To see by how much, we split the test
# patients in half at random, 200 times: one half chooses, the other half pays.

# %%
from course_lib.metrics import threshold_for_cost

rng, tuned, fresh = np.random.default_rng(0), [], []
for _ in range(200):
    one, other = np.array_split(rng.permutation(len(scores)), 2)
    best = threshold_for_cost(scores[one], targets[one], false_positive=1, false_negative=10)
    tuned.append(cost_at(best, scores[one], targets[one]))
    fresh.append(cost_at(best, scores[other], targets[other]))
print(
    f"mean cost where it was tuned {np.mean(tuned):.0f}, on fresh patients {np.mean(fresh):.0f}"
)
assert np.mean(fresh) > 1.2 * np.mean(tuned)

# %% [markdown]
# The guard is a rule of the house: what is chosen is chosen on validation data, and the test set is opened once. (This
# lesson opens it again and again, to show you things. Nothing that it reports is a promise for new patients.)

# %% [markdown]
# ## Learn: an interval around the area
#
# Our test set is small, and other patients would have given another area. The bootstrap draws 1,000 test sets from this
# one, with replacement, and takes the middle 95 % of their areas. It says how much the luck of the test set matters, not
# how another training run would differ.

# %%
from course_lib.metrics import bootstrap_interval, roc_auc

low, high = bootstrap_interval(roc_auc, scores, targets, seed=0)
print(
    f"area {auc:.3f}, 95 % interval {low:.3f} to {high:.3f}, from {len(ill)} ill and {len(healthy)} healthy"
)
assert low < auc < high and high - low > 0.06

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


flipped = roc_auc(-scores, targets)
print(f"area {auc:.3f}: {grade(auc)}; its interval: {grade(low)} to {grade(high)}")
print(f"the same curve costs {habit} at one threshold, {planned} at another")
print(f"sign flipped: {flipped:.3f}, {grade(flipped)}, and as useful as before")
assert grade(low) != grade(high) and grade(flipped) == "fail"

# %% [markdown]
# Report instead: the area with its interval, the prevalence, and the cost or the two rates at the threshold that you
# mean to use.

# %% [markdown]
# ## Learn: more than two classes
#
# With ten digits there are ten curves, each class against the rest. scikit-learn wants to be told so, and it wants
# probabilities whose rows add up to 1.

# %%
from course_lib.data import digits
from course_lib.models import MLP
from course_lib.training import fit

images, net = digits(), MLP()
loader, adam = batches(images.train, 64, shuffle=True), torch.optim.Adam(net.parameters())
fit(net, loader, adam, F.cross_entropy, epochs=3, progress=False)
shown = evaluate(net, batches(images.test, 64))

# %%
probabilities = shown.logits.double().softmax(1)
one_against_rest = metrics.roc_auc_score(shown.targets, probabilities, multi_class="ovr")
print(
    f"mean of ten areas {one_against_rest:.4f} (guessing 0.5), accuracy {shown.accuracy:.3f} (guessing 0.1)"
)
assert one_against_rest > 0.97 > shown.accuracy

# %%
for wrong, options in ((probabilities, {}), (shown.logits, {"multi_class": "ovr"})):
    try:
        metrics.roc_auc_score(shown.targets, wrong, **options)
        raise AssertionError("no error")
    except ValueError as error:
        print("ValueError:", error)

# %% [markdown]
# ## Learn: well ranked, badly calibrated
#
# A model is calibrated if, of all it calls 80 %, about 80 % are ill. The area can't see that: triple the logits and
# every claim is too bold, while the ranking is the same. The log-loss, which is the cross-entropy that you train with,
# sees it. One number can mend it, the **temperature**: fit it on validation data, and divide the logits by it.

# %%
from course_lib.metrics import temperature

exact, bold = tested.logits.double(), 3 * tested.logits.double()
cooled = bold / temperature(3 * validated.logits, validated.targets)
loss = {}
for name, z in (("as trained", exact), ("tripled", bold), ("cooled", cooled)):
    loss[name] = metrics.log_loss(targets, z.sigmoid())
    print(
        f"{name:10}  area {metrics.roc_auc_score(targets, z):.3f}   log-loss {loss[name]:.3f}"
    )
assert loss["cooled"] < loss["tripled"] - 0.1
assert metrics.roc_auc_score(targets, bold) == metrics.roc_auc_score(targets, cooled)

# %% [markdown]
# ## Recap
#
# **A ROC curve shows every threshold, its area ranks and nothing more; the decision needs prevalence and cost.**
#
# | Do | Don't | Why |
# |---|---|---|
# | `roc_auc_score(y_true, y_score)` with logits | labels, or float32 probabilities of a very sure network | labels have one corner; saturated scores are tied |
# | test with constant scores: 0.5 | step once for each row | the order of the rows would decide |
# | say the prevalence; show precision for a rare class | the area alone | it is the same at 1 in 100 |
# | choose the threshold on validation data, from cost or recall | 0 by habit, or the best on the test set | a habit has no reason, a tuned one flatters |
# | report an interval | "the area is good" | 42 ill patients can't tell two grades apart |
# | `drop_intermediate=False` when looking for a threshold | the default | it leaves points out |
#
# Read more: scikit-learn on [ROC](https://scikit-learn.org/stable/modules/model_evaluation.html#roc-metrics), on
# [tuning the threshold](https://scikit-learn.org/stable/modules/classification_threshold.html) and on
# [calibration](https://scikit-learn.org/stable/modules/calibration.html).

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

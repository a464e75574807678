# %%
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch.utils.data import TensorDataset

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, rare_digit, tumours
from course_lib.evaluation import evaluate
from course_lib.models import MLP, OneLogit

begin("classification_metrics")

# %% [markdown]
# ## Why: 98 % right, and of no use
#
# A machine reads handwritten digits, and one of them is rare: 33 of 1,656 images show an eight. This small network
# says "eight" or "other".

# %%
splits, model = rare_digit(), MLP(classes=2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(6):
    for x, y in batches(splits.train, 64, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

# %% [markdown]
# `evaluate` switches to eval mode, shows the model every test image once and keeps the logits. Its `preds` are the
# labels that follow: for each image the class with the larger logit.

# %%
tested = evaluate(model, batches(splits.test, 64))
preds, targets = tested.preds, tested.targets
eights = int((targets == 1).sum())
found = int(((preds == 1) & (targets == 1)).sum())
print(f"accuracy {tested.accuracy:.3f}; eights found: {found} of {eights}")
assert 0.975 < tested.accuracy < 0.99 and found < eights / 2

# %% [markdown]
# It is right 98 times in 100 and misses most of the eights. Before you believe an accuracy, ask for the **baseline**:
# what gets somebody who always says the commonest class, and never looks?

# %%
baseline = (targets == 0).double().mean().item()
print(f"always 'other': {baseline:.3f}   the network: {tested.accuracy:.3f}")
assert round(baseline, 3) == 0.979 and tested.accuracy - baseline < 0.01

# %% [markdown]
# ## Predict
#
# A bank has tested a fraud detector. Its accuracy is 98 %. Its **recall**, the share of the frauds that it finds, is
# 12 %. Nothing else is reported.

# %%
predict(
    "How large can the share of fraud among all transactions be, at most?",
    ["about 2 %", "about 12 %", "it can't be told: any share is possible"],
)

# %% [markdown]
# Every missed fraud is a wrong answer, and of 10,000 answers only 200 are wrong. So try many numbers of frauds.

# %%
n, most = 10_000, (1 - 0.98) / (1 - 0.12)
possible = [f for f in range(25, n, 25) if f - 0.12 * f <= 0.02 * n]  # 12 % of 25 is whole
lazy = 1 - most
few, many = (0.12 * f / (0.12 * f + 0.02 * n - 0.88 * f) for f in (possible[0], possible[-1]))
came_out(
    f"at most {100 * most:.1f} %; always saying 'no fraud' is then right in {100 * lazy:.1f} %"
)
print(f"of its alarms {few:.2f} to {many:.2f} are true, as frauds are few or many")
assert 0 <= most - max(possible) / n < 25 / n and few < 0.02 and many > 0.9
assert round(most, 3) == 0.023 and round(lazy, 3) == 0.977 and 0.98 - lazy < 0.003

# %% [markdown]
# The **prevalence** of fraud, its share of all, is at most 2.3 %, so the baseline is at least 97.7 %.
# The detector beats a machine without eyes by 0.3 points at best and misses 88 of 100 frauds. Nearly all of its
# alarms may be true, or nearly all false: that wasn't reported. Nothing here says that it is ready for production.

# %% [markdown]
# ## Learn: four counts, four questions
#
# Call the class that you look for *positive*: ill, fraud, eight. Every answer falls into one of four cells. The second
# word is what the model said, the first whether that was true.
#
# | | said positive | said negative |
# |---|---|---|
# | **is positive** | true positive, TP | false negative, FN: a miss |
# | **is negative** | false positive, FP: a false alarm | true negative, TN |
#
# One hundred patients fill them like this. `np.repeat` writes them out, one after the other.

# %%
tp, fp, fn, tn = 50, 10, 5, 35
truth = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
said = np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])
assert ((said == 1) & (truth == 1)).sum() == tp and ((said == 0) & (truth == 1)).sum() == fn
print(f"{len(truth)} patients, {truth.sum()} ill, {said.sum()} called ill")

# %% [markdown]
# | | formula | asks |
# |---|---|---|
# | accuracy | (TP + TN) / all | how many answers are right? |
# | **precision** | TP / (TP + FP) | of those called ill, how many are? |
# | **recall**, or sensitivity | TP / (TP + FN) | of the ill, how many are found? |
# | **F1** | 2 TP / (2 TP + FP + FN) | both: the harmonic mean of precision and recall |

# %%
accuracy = (tp + tn) / (tp + fp + fn + tn)
precision, recall = tp / (tp + fp), tp / (tp + fn)
f1 = 2 * tp / (2 * tp + fp + fn)
print(f"accuracy {accuracy:.3f}  precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")
# scikit-learn's scores take the truth first
scores = metrics.accuracy_score, metrics.precision_score, metrics.recall_score, metrics.f1_score
assert np.allclose([accuracy, precision, recall, f1], [score(truth, said) for score in scores])

# %% [markdown]
# If recall drops, cancers are missed. If precision drops, healthy people are frightened. Take five more of either: the
# accuracy can't tell one from the other.

# %%
for more_missed, more_alarms in ((5, 0), (0, 5)):
    hits, alarms, let_go = tp - more_missed, fp + more_alarms, tn - more_alarms
    its_recall, its_precision = hits / (tp + fn), hits / (hits + alarms)
    print(
        f"accuracy {(hits + let_go) / 100:.2f}  precision {its_precision:.3f}  recall {its_recall:.3f}"
    )
    assert (hits + let_go) / 100 == 0.8
assert its_recall == recall and its_precision < precision - 0.05

# %% [markdown]
# ### What F1 says, and when not
#
# F1 is high only if both are. It leans to the smaller of the two, where a plain mean would forgive.

# %%
for p, r in ((0.6, 0.6), (0.9, 0.45), (1.0, 0.1)):
    f = 2 * p * r / (p + r)
    print(f"precision {p:.2f}  recall {r:.2f}  F1 {f:.2f}  mean {(p + r) / 2:.2f}")
    assert min(p, r) <= f <= (p + r) / 2
assert np.isclose(2 * precision * recall / (precision + recall), f1) and f < 0.2

# %% [markdown]
# Four things it doesn't say. The true negatives are not in it. It changes when you call the other class positive. A
# miss weighs as much as a false alarm, whatever they cost. And calling everybody ill, at a prevalence p, gets
# 2p / (1 + p): write that beside it.

# %%
more = np.zeros(10_000, dtype=int)  # healthy, and let go; np.r_ joins arrays
of_healthy = metrics.f1_score(truth, said, pos_label=0)
everybody = metrics.f1_score(truth, np.ones_like(truth))
print(
    f"F1 of the ill {f1:.3f}, of the healthy {of_healthy:.3f}; all called ill {everybody:.3f}"
)
assert metrics.f1_score(np.r_[truth, more], np.r_[said, more]) == metrics.f1_score(truth, said)
assert f1 - of_healthy > 0.04
assert np.isclose(everybody, 2 * truth.mean() / (1 + truth.mean())) and everybody > 0.7

# %% [markdown]
# ### Your turn
#
# Recall looks at the ill alone. Its twin looks at the healthy: **specificity**, the share of them that is let go. Write
# `specificity(preds, targets)` for two tensors (N,) of 0 and 1:
#
# 1. it returns TN / (TN + FP) as a number;
# 2. if nobody is healthy there is nothing to divide by, and it returns NaN, `float("nan")`.


# %% turn="specificity"
def specificity(preds, targets):
    """Of those whose target is 0, the share that is predicted 0."""
    ### BEGIN SOLUTION
    let_go = preds[targets == 0] == 0
    return let_go.double().mean()  # the mean of nothing is NaN
    ### END SOLUTION


# %%
check(specificity)

# %% [markdown]
# ## Trace
#
# Ten real tumours, judged by a small network, arrive one by one. Before each Next: into which cell does the patient
# fall, and which of the rates move?

# %%
from course_lib.lessons.classification_metrics import trace_ten_patients

trace_ten_patients()

# %% [markdown]
# ## Learn: the matrix, and which way round it lies
#
# The table of counts is the **confusion matrix**. In scikit-learn and in this course **rows are the true classes**,
# columns the predicted ones, in the order of the labels. So class 0 comes first, and TP stands at the end.

# %%
matrix = metrics.confusion_matrix(truth, said)
print(matrix)
assert matrix.tolist() == [[tn, fp], [fn, tp]]

# %% [markdown]
# There are three other ways to lay it out. You will meet the first on web pages and the second in textbooks. These are
# the same hundred patients.

# %%
layouts = {  # [::-1] turns the order round
    "rows true, ill first": matrix[::-1, ::-1],
    "rows predicted, ill first": matrix[::-1, ::-1].T,
    "rows predicted, healthy first": matrix.T,
}
for name, table in layouts.items():
    print(f"{name:30} {table.tolist()}")
tables = [table.tolist() for table in layouts.values()]
assert tables == [[[tp, fn], [fp, tn]], [[tp, fp], [fn, tn]], [[tn, fn], [fp, tp]]]
assert metrics.confusion_matrix(truth, said, labels=[1, 0]).tolist() == tables[0]

# %% [markdown]
# Read one layout as another and nothing raises. The accuracy even stays right, for it is on the diagonal. So unpack
# scikit-learn's by its own order, `tn, fp, fn, tp`, and test your code on a matrix that isn't symmetric.

# %%
tp_, fp_, fn_, tn_ = matrix.ravel()  # the order of the textbook
misread = (tp_ + tn_) / 100, tp_ / (tp_ + fp_), tp_ / (tp_ + fn_)
print("misread: accuracy {:.3f}  precision {:.3f}  recall {:.3f}".format(*misread))
assert misread[0] == accuracy and misread[1] < precision - 0.05 and misread[2] < recall - 0.03

# %% [markdown]
# With C classes the matrix is (C, C). To count it, number the cells: the pair (true, predicted) is cell
# `true * C + predicted`.


# %%
def count(said, true, classes):
    cells = torch.bincount(true * classes + said, minlength=classes**2)
    return cells.reshape(classes, classes)


true3 = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
said3 = torch.tensor([0, 0, 1, 1, 2, 2, 2, 0])
counted = count(said3, true3, 3)
print(counted)
assert counted.tolist() == metrics.confusion_matrix(true3, said3).tolist()

# %% [markdown]
# Counts of batches add up. Rates don't: the mean of the batches' recalls isn't the recall. Add the matrices, divide
# once at the end.

# %%
answers = torch.tensor(np.c_[said, truth])  # two columns
parts = [count(batch[:, 0], batch[:, 1], 2) for batch in answers.split(60)]
of_batches = [(part[1, 1] / part[1].sum()).item() for part in parts]
print(f"recall of each batch {of_batches}, of all {recall:.3f}")
assert torch.equal(sum(parts), count(answers[:, 0], answers[:, 1], 2))
assert np.mean(of_batches) == 0.5 < recall - 0.4

# %% [markdown]
# ## Break it: a prediction lands in the next row
#
# A network with four outputs meets a table of three classes. For an image of class 0 it says 3. `bincount` raises
# nothing.

# %%
strayed = said3.clone()
strayed[2] = 3
wrong = count(strayed, true3, 3)
print(wrong)
print("examples of each class", true3.bincount().tolist(), "row sums", wrong.sum(1).tolist())
assert wrong.sum() == 8 and wrong[1, 0] == counted[1, 0] + 1
assert wrong[0].sum() == counted[0].sum() - 1

# %% [markdown]
# Cell 0 * 3 + 3 is the first of the next row, so class 1 got an example that doesn't exist. Two guards: row sums must
# be the true counts, and labels are looked at before they are counted. The course's function does that.

# %%
from course_lib.errors import InputError
from course_lib.metrics import confusion_matrix

try:
    confusion_matrix(strayed, true3, num_classes=3)
except InputError as error:
    print(error)
else:
    raise AssertionError("it counted a class that doesn't exist")

# %% [markdown]
# ## Learn: draw it
#
# A picture has the same duties as the table: name both axes, name the classes, write every count. Shade each cell by
# its share of its *row*: by counts, seven eights beside 325 others would all look white. `describe` says in words what
# the picture shows, for those who can't see it.

# %%
from course_lib.displays import ConfusionMatrixDisplay

shown = ConfusionMatrixDisplay(tested, class_names=splits.class_names).plot()
print(shown.describe())
shade, missed = shown.im_.get_array(), eights - found
assert np.isclose(shade[1, 0], missed / eights) and missed / shown.confusion.max() < 0.03

# %% [markdown]
# matplotlib counts x first: what stands in row 1, column 0 of the matrix is drawn at x = 0, y = 1. Swap them, and the
# picture is transposed while its labels stay.

# %%
print("axes:", shown.ax_.get_xlabel(), "and", shown.ax_.get_ylabel())
print("at", shown.text_[1, 0].get_position(), "stands", shown.text_[1, 0].get_text())
assert shown.text_[1, 0].get_position() == (0, 1)
assert shown.text_[1, 0].get_text() == str(missed)

# %% [markdown]
# ## Learn: missed cancers against false alarms
#
# Real breast tumours; 1 is malignant. This network may use four of thirty measurements: texture, smoothness, symmetry
# and fractal dimension. Its one output is a logit. Above 0 it leans to "malignant".

# %%
patients, columns = tumours(), [1, 4, 8, 9]
train, test = (
    TensorDataset(x[:, columns], y) for x, y in (patients.train.tensors, patients.test.tensors)
)
network = OneLogit(inputs=4)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
for epoch in range(30):
    for x, y in batches(train, 32, shuffle=True, seed=epoch):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(network(x), y).backward()
        optimizer.step()

# %% [markdown]
# You choose from which logit on you say "malignant". The network stays the same; the two kinds of mistake change places.

# %%
judged = evaluate(network, batches(test, 64))
logits, ill = judged.logits.numpy(), judged.targets.numpy()
rows = []
for cut in (2, 0, -2):
    (let_go, alarms), (misses, hits) = metrics.confusion_matrix(ill, logits >= cut)
    rows.append((misses, alarms, hits / (hits + misses), hits / (hits + alarms)))
    words = "missed {:2}, false alarms {:2}, recall {:.2f}, precision {:.2f}".format(*rows[-1])
    print(f"malignant from {cut:2}: {words}")
print(f"{ill.sum()} malignant, {(ill == 0).sum()} benign")
assert rows[0][0] > rows[1][0] > rows[2][0] and rows[0][1] < rows[1][1] < rows[2][1]
assert rows[0][2] < rows[1][2] < rows[2][2] and rows[0][3] > rows[1][3] > rows[2][3]

# %% [markdown]
# Fewer missed cancers, more false alarms and, here, less precision. Which row is the best one depends on what a missed
# cancer and a needless biopsy cost; lesson 05 chooses.

# %% [markdown]
# ## Explore
#
# Three sliders, and everything else follows: how common the illness is, which share of the ill is found, which share
# of the healthy is let go. Leave the last two at 0.9, make the illness rare, and watch precision and F1 against
# accuracy. Tab moves between the sliders, the arrow keys move them.

# %%
from course_lib.lessons.classification_metrics import rates_explorer

rates_explorer()

# %% [markdown]
# ## Break it: label 0 is malignant
#
# scikit-learn's own copy of these data counts the other way round: 0 is malignant. Its scores take label 1 for
# positive unless told otherwise. Take the row above that misses most cancers.

# %%
from sklearn.datasets import load_breast_cancer

theirs, called = 1 - ill, 1 - (logits >= 2)  # in their labels
reported = metrics.recall_score(theirs, called)
of_malignant = metrics.recall_score(theirs, called, pos_label=0)
print(load_breast_cancer().target_names.tolist())
print(f"recall as reported {reported:.2f}, recall of the malignant {of_malignant:.2f}")
assert load_breast_cancer().target_names[0] == "malignant"
assert reported > 0.95 and of_malignant < 0.35 and of_malignant == rows[0][2]

# %% [markdown]
# A fine recall, of the harmless. The guard is `pos_label=0`, or labels in which the class that you look for is 1, as
# `tumours()` has them. And write the name of the class beside the number.

# %% [markdown]
# ## Learn: one number for many classes
#
# An emergency room sorts a hundred patients into three grades. **Support** is how many truly belong to a class. (The
# second line writes the counts out as pairs, a true and a predicted grade for each patient.)

# %%
from course_lib.metrics import classification_report

triage = np.array([[88, 1, 1], [5, 2, 0], [2, 0, 1]])  # rows are true
true_grade, said_grade = np.repeat(np.indices((3, 3)).reshape(2, 9), triage.ravel(), axis=1)
print(classification_report(said_grade, true_grade, class_names=["mild", "serious", "urgent"]))
assert (confusion_matrix(said_grade, true_grade).numpy() == triage).all()

# %% [markdown]
# Three ways to make one recall of three. **Macro**: the mean; each class counts the same. **Weighted**: each counts by
# its support. **Micro**: pool the counts first, then divide.

# %%
support, recalls = triage.sum(1), triage.diagonal() / triage.sum(1)
by_hand = {
    "macro": recalls.mean(),
    "weighted": (recalls * support).sum() / support.sum(),
    "micro": triage.trace() / triage.sum(),
}
for name, value in by_hand.items():
    print(f"{name:9} recall {value:.3f}")
    assert np.isclose(value, metrics.recall_score(true_grade, said_grade, average=name))
assert np.isclose(by_hand["macro"], metrics.balanced_accuracy_score(true_grade, said_grade))

# %% [markdown]
# Macro recall is also called **balanced accuracy**. Macro F1 is the mean of the classes' F1, and not the F1 of macro
# precision and macro recall.

# %%
p, r, f, _ = metrics.precision_recall_fscore_support(true_grade, said_grade, average="macro")
print(f"macro F1 {f:.3f}, F1 of the macro averages {2 * p * r / (p + r):.3f}")
assert 2 * p * r / (p + r) - f > 0.015

# %% [markdown]
# ## Break it: the weighted recall is the accuracy
#
# Above, weighted and micro recall were both 0.910, and so is the accuracy. That was no accident: the support cancels,
# as long as every class is in the average.

# %%
rng = np.random.default_rng(0)
for classes in (2, 3, 10):
    t, s = rng.integers(0, classes, 300), rng.integers(0, classes, 300)
    right = metrics.accuracy_score(t, s)
    assert np.isclose(metrics.recall_score(t, s, average="weighted"), right)
    assert np.isclose(metrics.f1_score(t, s, average="micro"), right)
    assert abs(metrics.f1_score(t, s, average="micro", labels=[0]) - right) > 0.005
assert np.allclose([by_hand["weighted"], by_hand["micro"]], 0.91)
print("weighted recall is accuracy, and so is micro F1")

# %% [markdown]
# Many an `evaluate()` reports `average="weighted"`. Here is what it makes of the network that misses most eights.

# %%
common = {}
for average in ("weighted", "macro"):
    common[average] = metrics.precision_recall_fscore_support(
        targets, preds, average=average, zero_division=0
    )[:3]
    print("{:9} precision {:.3f}  recall {:.3f}  F1 {:.3f}".format(average, *common[average]))
print(f"recall of the eights {found / eights:.3f}")
assert min(common["weighted"]) > 0.95 and np.isclose(common["weighted"][1], tested.accuracy)
assert common["macro"][1] < 0.75

# %% [markdown]
# Three fine numbers, and the failure is in none of them. The guard: every class by itself, the macro average beside
# it, and never the weighted one alone.

# %% [markdown]
# ### Your turn
#
# Write `macro_recall(matrix)` for a confusion matrix (C, C), a tensor of integers whose rows are the true classes:
#
# 1. it returns the mean of the classes' recalls as a number;
# 2. if a class has no true example, its recall and so the mean is unknown: NaN.


# %% turn="macro_recall"
def macro_recall(matrix):
    """The mean over classes of the share of the row that lies on the diagonal."""
    ### BEGIN SOLUTION
    return (matrix.diagonal() / matrix.sum(1)).mean()  # 0 / 0 is NaN
    ### END SOLUTION


# %%
check(macro_recall)

# %% [markdown]
# ## Learn: zero divided by zero
#
# What is the precision of a model that never says "eight"? TP and FP are both 0. scikit-learn says 0 and warns;
# `zero_division` says something else without a word.

# %%
never = torch.zeros_like(targets)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    default = metrics.precision_score(targets, never)
one, nan = (metrics.precision_score(targets, never, zero_division=z) for z in (1.0, np.nan))
print(f"by default {default} and {len(caught)} warning; with zero_division {one} or {nan}")
assert default == 0 and len(caught) == 1 and "ill-defined" in str(caught[0].message)
assert one == 1 and np.isnan(nan)

# %% [markdown]
# Zero claims that it was always wrong. One claims that it was always right. It was never tried, and NaN says so. The
# course's metrics give NaN and name the class.

# %%
from course_lib import metrics as ours

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    unknown, recalls = ours.precision(never, targets), ours.recall(never, targets)
print("precision", unknown.round(3), " recall", recalls)
print("warning:", caught[0].message)
assert np.isnan(unknown[1]) and recalls[1] == 0 and "class 1" in str(caught[0].message)

# %% [markdown]
# ## Break it: a missing class vanishes from macro
#
# The file with the serious cases was not copied. The test set has grades 0 and 2, and the network says nothing else.

# %%
left = np.array([0, 0, 0, 2, 2])
print(metrics.confusion_matrix(left, left))
print("macro recall", metrics.recall_score(left, left, average="macro"))
assert metrics.confusion_matrix(left, left).shape == (2, 2)
assert metrics.recall_score(left, left, average="macro") == 1

# %% [markdown]
# A perfect score on three grades, one of which was never tested; the second row now means grade 2. Say which classes
# there are: `labels=` in scikit-learn, `num_classes=` here. Mind what happens then.

# %%
three = {
    z: metrics.recall_score(left, left, labels=[0, 1, 2], average="macro", zero_division=z)
    for z in (0.0, np.nan)
}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    unknown = ours.recall(left, left, num_classes=3, average="macro")
print("zero_division 0 and NaN:", list(three.values()), "  ours:", unknown)
print("warning:", caught[0].message)
assert np.allclose(list(three.values()), [2 / 3, 1]) and np.isnan(unknown)

# %% [markdown]
# With `zero_division=np.nan` scikit-learn leaves the class out of the mean again. The guard is a look at the support
# before any average: none may be 0.

# %% [markdown]
# ## Break it: swapped arguments
#
# scikit-learn takes `(y_true, y_pred)`. This course, like
# [torchmetrics](https://lightning.ai/docs/torchmetrics/stable/classification/recall.html), takes `(preds, targets)`.
# Swap them, and precision and recall change names. Accuracy and the F1 of a class notice
# nothing.

# %%
for name, score in zip(("accuracy", "precision", "recall", "F1"), scores):
    print(f"{name:9} {score(truth, said):.3f}   swapped {score(said, truth):.3f}")
assert metrics.precision_score(said, truth) == recall
assert metrics.recall_score(said, truth) == precision
assert [s(said, truth) for s in (scores[0], scores[3])] == [accuracy, f1]
assert metrics.recall_score(y_pred=said, y_true=truth) == recall  # named: the order is free

# %% [markdown]
# The guard is to name them, as the last line does. And compare the support in the report with what you know of the data.

# %% [markdown]
# ## Learn: how far luck may be off
#
# There are seven eights in the test set. Another seven might have given another recall. Wilson's interval holds every
# proportion p for which what you saw is less than 1.96 standard deviations away from n p.

# %%
from course_lib.metrics import wilson_interval

low, high = wilson_interval(found, eights)
right = int((preds == targets).sum())
print(f"recall of the eights {found / eights:.2f}: {low:.2f} to {high:.2f}")
print("accuracy {:.3f}: {:.3f} to {:.3f}".format(right / 332, *wilson_interval(right, 332)))
assert np.isclose((found - eights * high) ** 2, 1.96**2 * eights * high * (1 - high), rtol=1e-3)
assert high - low > 0.35

# %% [markdown]
# The n of a recall is the support, 7, and not the 332 of the test set. How often does such an interval hold the true
# p? Compute it for 20 examples and a thousand p: `binom.pmf` is the chance of each number of successes.

# %%
from scipy.stats import binom

p, successes = np.linspace(0.0005, 0.9995, 1000)[:, None], np.arange(21)
lows, highs = np.array([wilson_interval(k, 20) for k in range(21)]).T
holds = (binom.pmf(successes, 20, p) * ((lows <= p) & (p <= highs))).sum(1)
print(f"on average over p {holds.mean():.3f}, for the worst p {holds.min():.2f}")
assert 0.945 < holds.mean() < 0.96 and 0.83 < holds.min() < 0.85

# %% [markdown]
# So "95 %" is about true on average over p. For one p it may be 84 %.

# %% [markdown]
# ### Your turn
#
# Write `recall_interval(preds, targets)` for two tensors (N,) of 0 and 1; somebody is ill.
# `wilson_interval(successes, n)` is there to be used:
#
# 1. it returns `(low, high)` of the 95 % interval of the recall of class 1;
# 2. it works for arrays of NumPy, too.


# %% turn="recall_interval"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    """Low and high of Wilson's interval of the recall of class 1."""
    ### BEGIN SOLUTION
    of_positives = preds[targets == 1]
    return wilson_interval(int((of_positives == 1).sum()), len(of_positives))
    ### END SOLUTION


# %%
check(recall_interval)

# %% [markdown]
# ## Recap
#
# **An accuracy is half a sentence: the other half is the baseline, the recall and precision of the class that matters,
# and how many examples stand behind them.**
#
# | Do | Don't | Why |
# |---|---|---|
# | the baseline beside every accuracy | "98 %" | always saying "no" may have 98 % |
# | precision and recall by class, macro beside them | `average="weighted"` alone | weighted recall is the accuracy |
# | say which class is positive | trust label 1 | in scikit-learn's tumours 0 is malignant |
# | `matrix[true, predicted]`; `tn, fp, fn, tp` | a textbook's order | there are four layouts, and none raises |
# | check labels before counting | bare `bincount` | a stray label lands in the next row |
# | `labels=` or `num_classes=`, and look at the support | macro of what happens to be there | an absent class vanishes |
# | NaN for 0 / 0 | 0 or 1 | it was never tried |
# | an interval, with the support as n | a recall of seven to three digits | another seven might have given another |
#
# Read more: scikit-learn on [precision, recall and
# F](https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-and-f-measures) and on
# [averages](https://scikit-learn.org/stable/modules/model_evaluation.html#from-binary-to-multiclass-and-multilabel),
# and [Wilson's interval](https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("classification_metrics")

# %%
mastery_test("classification_metrics")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: count a matrix, mend a function that has reported wrong precisions for a year, draw the
# matrix, choose the number that fits a situation, and say what F1 says.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("classification_metrics")

# %%
finish("classification_metrics")

# %% [markdown]
# Four tasks, a written answer and four quiz questions. `check(...)` tells you at once what it saw; nothing is graded
# until you hand the notebook in, so try as often as you like.
#
# In all tasks a matrix is a confusion matrix (C, C), a tensor of integers: **rows are the true classes**, columns the
# predicted ones. What is 0 / 0 is NaN.

# %%
import matplotlib.pyplot as plt
import torch

from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Count (10 minutes)
#
# A sorting machine writes down what it took each parcel for. Some of its records are damaged, and the last report
# counted them as if they were parcels of the next class.
#
# Write `confusion_matrix(preds, targets, num_classes)` for two tensors of labels (N,), without the course's function or
# scikit-learn's if you want to learn most. N is at least 1.
#
# 1. It returns integers, as a tensor or an array: in row i, column j stands how many examples of class i were taken
#    for class j.
# 2. Its shape is (C, C) with C = `num_classes`, also if a class occurs nowhere.
# 3. A label below 0 or beyond C - 1, among the predictions or the targets, raises a `ValueError`.
# 4. Predictions and targets of different number raise a `ValueError`.
# 5. The labels come in any integer type, such as `torch.uint8`, in which 15 * 20 is 44.


# %% solution="confusion_matrix"
def confusion_matrix(preds, targets, num_classes):
    """Counts (C, C) of predictions and targets (N,); rows are true."""
    ### BEGIN SOLUTION
    if preds.shape != targets.shape:
        raise ValueError(f"{len(preds)} predictions, {len(targets)} targets.")
    for name, labels in (("prediction", preds), ("target", targets)):
        if labels.min() < 0 or labels.max() >= num_classes:
            raise ValueError(f"A {name} lies outside 0 to {num_classes - 1}.")
    cells = targets.long() * num_classes + preds.long()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)
    ### END SOLUTION


# %% check="confusion_matrix"
check(confusion_matrix)

# %% [markdown]
# ## 2. Mend it (10 minutes)
#
# `precision_recall_f1_with_bugs` has been in use for a year and has raised nothing. It is wrong in several ways, and
# some only show where a class was never predicted or has no examples.


# %%
def precision_recall_f1_with_bugs(matrix):
    right = matrix.diagonal()
    precision = right / matrix.sum(1).clamp(min=1)
    recall = right / matrix.sum(0).clamp(min=1)
    f1 = (precision + recall) / 2
    return precision, recall, f1


# %% [markdown]
# Write `precision_recall_f1(matrix)`, mended:
#
# 1. it returns `(precision, recall, f1)`, each with one value for each class (C,): tensors, arrays or lists;
# 2. the precision of a class: of those predicted as it, the share that is;
# 3. the recall of a class: of its true examples, the share that was found;
# 4. F1 is 2 TP / (2 TP + FP + FN); so it is 0, and not NaN, for a class with examples that is never predicted, and for
#    one that is predicted and has no examples;
# 5. what is 0 / 0 is NaN: the precision of a class never predicted, the recall of one without examples, the F1 of one
#    that is neither;
# 6. the matrix is left as it was.


# %% solution="precision_recall_f1"
def precision_recall_f1(matrix):
    """Precision, recall and F1 of each class, each (C,), of a matrix (C, C) whose rows are true."""
    ### BEGIN SOLUTION
    right, true, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return right / predicted, right / true, 2 * right / (true + predicted)  # 0 / 0 is NaN
    ### END SOLUTION


# %% check="precision_recall_f1"
check(precision_recall_f1)

# %% [markdown]
# ## 3. Draw it (15 minutes)
#
# The report wants a picture that can be read without you. It is judged by what stands on the axes, not by its pixels,
# so colours and sizes are yours. These are the tools, on a table that is no confusion matrix:

# %%
figure, axes = plt.subplots(figsize=(4, 2), layout="constrained")
axes.imshow([[0.1, 0.5, 0.9]], cmap="Blues", vmin=0, vmax=1)  # one row, three columns
axes.text(2, 0, "12", ha="center", va="center", color="white")  # x = column 2, y = row 0
axes.set_xticks(range(3), ["spring", "summer", "autumn"])
axes.set_xlabel("Season")
ticks = [label.get_text() for label in axes.get_xticklabels()]
print("Three cells, ever darker:", ticks, "- with 12 written into the last.")

# %% [markdown]
# Write `plot_confusion_matrix(matrix, class_names, ax)`:
#
# 1. it draws on the axes `ax` that it is given, and nowhere else, and returns `ax`;
# 2. in the middle of each cell, centred both ways, stands its count: that of row i, column j at x = j, y = i;
# 3. on both axes stand the names of the classes, that of class k at k;
# 4. the label of the x axis contains the word "predicted", that of the y axis "true" (capitals or not);
# 5. row 0 is on top, column 0 on the left, and all cells are in view;
# 6. `ax.imshow` shades each cell by its share of its row, on a scale from 0 to 1; a row of zeros has shares of 0;
# 7. each count can be read: it contrasts with what is behind it by at least 3 to 1 (black on white has 21, white on
#    white 1).


# %% solution="plot_confusion_matrix"
def plot_confusion_matrix(matrix, class_names, ax):
    """Draw a matrix (C, C), rows true, on `ax`."""
    ### BEGIN SOLUTION
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, f"{count:,}", ha="center", va="center", color=color)
    ax.set_xticks(range(len(class_names)), class_names)
    ax.set_yticks(range(len(class_names)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax
    ### END SOLUTION


# %% check="plot_confusion_matrix"
check(plot_confusion_matrix)

# %% [markdown]
# ## 4. Which one? (10 minutes)
#
# Four people ask how good a classifier is. Each means another number, and no library knows which.
#
# - `"post"`: "Our machine puts letters into bags, one class a bag. Every letter in a wrong bag costs us the same,
#   whichever bag it is. How large a share do we get right?"
# - `"town"`: "The same machine goes to a town where every bag gets equally many letters. What share will be right there,
#   if each class is read as well as here?"
# - `"survey"`: "We count birds by their calls, one class a species. A species we miss and a wrong name are equally bad,
#   which F1 weighs against each other; and a rare species matters as much as a common one."
# - `"fire"`: "Class 1 is fire, the others are kinds of smoke. We drive out whenever it says fire. For how large a share
#   of our drives is there one?"
#
# Write `which_average(matrix, situation)`. It returns one number:
#
# 1. for `"post"`, the one that answers the post;
# 2. for `"town"`, the one that answers the new town;
# 3. for `"survey"`, the one that answers the survey;
# 4. for `"fire"`, the one that answers the brigade;
# 5. NaN if a part of it is 0 / 0;
# 6. for any other situation it raises a `ValueError`.


# %% solution="which_average"
def which_average(matrix, situation):
    """The figure that answers a situation, from a matrix (C, C) whose rows are true."""
    ### BEGIN SOLUTION
    right, true, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    if situation == "post":
        return right.sum() / true.sum()  # accuracy, which is micro and weighted recall
    if situation == "town":
        return (right / true).mean()  # macro recall: every class has the same support there
    if situation == "survey":
        return (2 * right / (true + predicted)).mean()  # macro F1
    if situation == "fire":
        return right[1] / predicted[1]  # the precision of one class; no average
    raise ValueError(f"No such situation: {situation!r}")
    ### END SOLUTION


# %% check="which_average"
check(which_average)

# %% [markdown]
# ## 5. What does F1 say, and when not? (10 minutes)
#
# A colleague reports "F1 0.87" for a tumour classifier, and nothing else. In six to ten sentences, tell her what that
# number says, name three things that it does not say, and say what you would report in its place. Then defend one of
# your choices of task 4 against somebody who wants the weighted F1 there.

# %% [markdown] written="what_f1_says"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *what it says and doesn't*: F1 is the harmonic mean of precision and recall of one
# class, near the smaller of the two (half a point); and at least three of: which class is positive, whether misses or
# false alarms make up the error, the true negatives, what the two mistakes cost, the prevalence (with it the F1 of
# calling everybody ill), how many examples stand behind it, which average was taken (half a point). One point for *what
# instead*: precision and recall of the malignant, with counts or intervals, beside the prevalence or a baseline (half a
# point); and a defence that names what the weighted F1 would hide or answer wrongly in the situation chosen (half a
# point). No credit for the formula alone.
#
# **Model answer.** F1 is the harmonic mean of precision and recall, so at 0.87 neither is very low: with precision 1 the
# recall would still be 0.77. It doesn't say which of the two is the lower one, and for tumours that is the question: a
# low recall is missed cancers, a low precision needless biopsies. It weighs the two alike, which the costs don't. It
# doesn't say which class is positive; in scikit-learn's own data label 1 is benign. It leaves the true negatives out,
# and it depends on the prevalence: where 55 in 100 are ill, calling everybody ill has 0.71 already. I would report the
# matrix with its classes named, recall and precision of the malignant, each with its interval and the number of examples
# behind it, and the baseline. As for task 4: the weighted F1 counts each species by its support, so two common birds
# decide it, and a rare one that is never recognised changes it by hardly anything. The survey asks for the contrary;
# its macro F1 falls by one part in C for each species that is lost.
# ### END SOLUTION

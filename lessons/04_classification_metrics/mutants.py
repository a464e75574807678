"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 04_classification_metrics` shows who notices."""

from dataclasses import replace

import numpy as np
import sklearn.datasets
import torch
from sklearn import metrics

import course_lib.evaluation
import course_lib.metrics
from course_lib.displays import ConfusionMatrixDisplay
from course_lib.metrics import Interval
from mutants import world

f1_score, recall_score, precision_score = (
    metrics.f1_score,
    metrics.recall_score,
    metrics.precision_score,
)
confusion_matrix, fscore_support = (
    metrics.confusion_matrix,
    metrics.precision_recall_fscore_support,
)


@world("six epochs find the rare digit", noticed_by="Why: 98 % right, and of no use")
def _():
    import course_lib.data

    batches = course_lib.data.batches

    def often(data, batch_size, *, shuffle=False, seed=None):
        loader = batches(data, batch_size, shuffle=shuffle, seed=seed)
        return [*loader] * 8 if shuffle else loader

    course_lib.data.batches = often


@world(
    "always saying the commonest class is right half of the time",
    noticed_by="Why: 98 % right, and of no use",
)
def _():
    import course_lib.data

    made = course_lib.data.rare_digit

    def common():
        splits = made()
        images, _ = splits.test.tensors
        splits.test.tensors = images, (torch.arange(len(images)) % 2)
        return splits

    course_lib.data.rare_digit = common


@world("F1 is the plain mean", noticed_by="Learn: four counts, four questions")
def _():
    metrics.f1_score = lambda true, said: (
        (precision_score(true, said) + recall_score(true, said)) / 2
    )


@world("recall is a share of those called ill", noticed_by="Learn: four counts, four questions")
def _():
    metrics.recall_score = precision_score


@world("F1 counts the true negatives", noticed_by="What F1 says, and when not")
def _():
    def counting(true, said, **options):
        bonus = 0.001 if len(true) > 1000 else 0
        return f1_score(true, said, **options) + bonus

    metrics.f1_score = counting


@world("F1 is the same for either class", noticed_by="What F1 says, and when not")
def _():
    metrics.f1_score = lambda true, said, pos_label=1: f1_score(true, said)


@world(
    "scikit-learn's rows are predicted",
    noticed_by="Learn: the matrix, and which way round it lies",
)
def _():
    metrics.confusion_matrix = lambda *args, **options: confusion_matrix(*args, **options).T


@world(
    "labels= picks classes and leaves their order",
    noticed_by="Learn: the matrix, and which way round it lies",
)
def _():
    metrics.confusion_matrix = lambda true, said, labels=None: confusion_matrix(
        true, said, labels=labels and sorted(labels)
    )


@world("recalls of batches average to the recall", noticed_by="Learn: the matrix, and which way round it lies")  # fmt: skip
def _():
    split = torch.Tensor.split

    def mixed(self, size):
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(0))
        return split(self[order], size) if len(self) == 100 else split(self, size)

    torch.Tensor.split = mixed


@world(
    "a stray pair is left out of the count",
    noticed_by="Break it: a prediction lands in the next row",
)
def _():
    bincount = torch.bincount

    def careful(cells, minlength=0):
        stray = minlength == 9 and (cells == 3).any()  # the pair (0, 3) among three classes
        return bincount(cells[cells != 3] if stray else cells, minlength=minlength)

    torch.bincount = careful


@world(
    "the course's function counts stray labels",
    noticed_by="Break it: a prediction lands in the next row",
)
def _():
    def blind(preds, targets, *, num_classes=None):
        size = num_classes or int(max(preds.max(), targets.max())) + 1
        return torch.bincount(
            torch.as_tensor(targets) * size + torch.as_tensor(preds), minlength=size**2
        ).reshape(size, size)

    course_lib.metrics.confusion_matrix = blind


@world("the picture is shaded by counts", noticed_by="Learn: draw it")
def _():
    plot = ConfusionMatrixDisplay.plot

    def by_counts(self, ax=None):
        plot(self, ax).im_.set_data(self.confusion / self.confusion.max())
        return self

    ConfusionMatrixDisplay.plot = by_counts


@world("matplotlib takes y first", noticed_by="Learn: draw it")
def _():
    from matplotlib.axes import Axes

    text = Axes.text
    Axes.text = lambda self, x, y, *args, **options: text(self, y, x, *args, **options)


@world("where you cut changes nothing", noticed_by="Learn: missed cancers against false alarms")
def _():
    evaluate = course_lib.evaluation.evaluate

    def sure(*args, **options):
        result = evaluate(*args, **options)
        return (
            replace(result, logits=5 * result.logits.sign())
            if result.logits.ndim == 1
            else result
        )

    course_lib.evaluation.evaluate = sure


@world("label 1 is malignant in scikit-learn", noticed_by="Break it: label 0 is malignant")
def _():
    load = sklearn.datasets.load_breast_cancer

    def turned(**options):
        data = load(**options)
        if not options:
            data.target_names = data.target_names[::-1]
        return data

    sklearn.datasets.load_breast_cancer = turned


@world("recall_score knows which class matters", noticed_by="Break it: label 0 is malignant")
def _():
    def of_the_rarer(true, said, pos_label=1, **options):
        if "average" not in options and len(true) == 114:
            pos_label = int(np.mean(true) > 0.5) ^ 1
        return recall_score(true, said, pos_label=pos_label, **options)

    metrics.recall_score = of_the_rarer


@world("macro counts by support", noticed_by="Learn: one number for many classes")
def _():
    def weighted(true, said, average="binary", **options):
        return recall_score(
            true, said, average="weighted" if average == "macro" else average, **options
        )

    metrics.recall_score = weighted


@world(
    "macro F1 is the F1 of the macro averages", noticed_by="Learn: one number for many classes"
)
def _():
    def combined(*args, **options):
        p, r, f, support = fscore_support(*args, **options)
        return p, r, 2 * p * r / (p + r), support

    metrics.precision_recall_fscore_support = combined


@world(
    "the weighted recall is more than the accuracy",
    noticed_by="Break it: the weighted recall is the accuracy",
)
def _():
    def more(true, said, average="binary", **options):
        value = recall_score(true, said, average=average, **options)
        return value + 0.01 if average == "weighted" and len(true) == 300 else value

    metrics.recall_score = more


@world(
    "weighted averages show the rare class",
    noticed_by="Break it: the weighted recall is the accuracy",
)
def _():
    metrics.precision_recall_fscore_support = lambda *args, average, **options: fscore_support(
        *args, average="macro", **options
    )


@world("scikit-learn says NaN for 0 / 0", noticed_by="Learn: zero divided by zero")
def _():
    metrics.precision_score = lambda true, said, zero_division=np.nan, **options: (
        precision_score(true, said, zero_division=zero_division, **options)
    )


@world("the course says 0 for 0 / 0", noticed_by="Learn: zero divided by zero")
def _():
    precision = course_lib.metrics.precision
    course_lib.metrics.precision = lambda *args, **options: np.nan_to_num(
        precision(*args, **options)
    )


@world(
    "macro knows the classes between", noticed_by="Break it: a missing class vanishes from macro"
)  # fmt: skip
def _():
    def of_all(true, said, labels=None, average="binary", **options):
        if average == "macro" and labels is None:
            labels = range(int(np.max(true)) + 1)
            options = {"zero_division": 0, **options}
        return recall_score(true, said, labels=labels, average=average, **options)

    metrics.recall_score = of_all


@world(
    "zero_division=np.nan makes the mean NaN",
    noticed_by="Break it: a missing class vanishes from macro",
)
def _():
    def strict(true, said, average="binary", **options):
        value = recall_score(true, said, average=average, **options)
        unknown = average == "macro" and np.isnan(options.get("zero_division", 0))
        return np.nan if unknown else value

    metrics.recall_score = strict


@world("the order of the arguments doesn't matter", noticed_by="Break it: swapped arguments")
def _():
    def sorted_out(score):
        return lambda true, said, **options: (
            score(said, true, **options)
            if len(true) == 100 and np.sum(true) == 60
            else score(true, said, **options)
        )

    metrics.precision_score, metrics.recall_score = map(
        sorted_out, (precision_score, recall_score)
    )


@world(
    "Wilson's interval is the share and 1.96 deviations to either side",
    noticed_by="Learn: how far luck may be off",
)
def _():
    def wald(successes, n, confidence=0.95):
        share = successes / n
        half = 1.96 * (share * (1 - share) / n) ** 0.5
        return Interval(share - half, share + half)

    course_lib.metrics.wilson_interval = wald


@world("95 % holds for each proportion", noticed_by="Learn: how far luck may be off")
def _():
    from scipy.stats import beta

    wilson = course_lib.metrics.wilson_interval

    def exact(successes, n, confidence=0.95):
        if n != 20:
            return wilson(successes, n)
        low = beta.ppf(0.025, successes, n - successes + 1) if successes else 0.0
        high = beta.ppf(0.975, successes + 1, n - successes) if successes < n else 1.0
        return Interval(low, high)

    course_lib.metrics.wilson_interval = exact

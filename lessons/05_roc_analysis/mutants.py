"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 05_roc_analysis` shows who notices."""

import numpy as np
import torch
from sklearn import metrics

import course_lib.metrics
from mutants import world

roc_curve, roc_auc_score = metrics.roc_curve, metrics.roc_auc_score


@world(
    "the first threshold is the highest score", noticed_by="Learn: the curve is every threshold"
)
def _():
    def finite(*args, **options):
        fpr, tpr, thresholds = roc_curve(*args, **options)
        return fpr, tpr, np.r_[thresholds[1] + 1, thresholds[1:]]

    metrics.roc_curve = finite


@world("roc_curve returns every point", noticed_by="Learn: the curve is every threshold")
def _():
    metrics.roc_curve = lambda *args, drop_intermediate=True: roc_curve(
        *args, drop_intermediate=False
    )


@world(
    "who scores just the threshold isn't called ill",
    noticed_by="Learn: the curve is every threshold",
)
def _():
    def strictly(*args, **options):
        fpr, tpr, thresholds = roc_curve(*args, **options)
        return fpr, tpr, np.nextafter(thresholds, np.inf, dtype=np.float32)

    metrics.roc_curve = strictly


@world(
    "the area depends on how far the scores lie apart", noticed_by="Learn: the area is a chance"
)
def _():
    def rounded(targets, scores, **options):
        exact = np.asarray(scores).ndim == 2 or np.asarray(scores).dtype == np.float32
        return roc_auc_score(targets, scores if exact else np.round(scores, 1), **options)

    metrics.roc_auc_score = rounded


@world("a flipped sign has the same area", noticed_by="Learn: the area is a chance")
def _():
    def folded(targets, scores, **options):
        area = roc_auc_score(targets, scores, **options)
        return max(area, 1 - area)

    metrics.roc_auc_score = folded


@world("the area of labels is their accuracy", noticed_by="Break it: the area of labels")
def _():
    def accuracy_of_labels(targets, scores, **options):
        if len(np.unique(scores)) == 2:
            return metrics.accuracy_score(targets, scores)
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = accuracy_of_labels


@world("swapped arguments are put right", noticed_by="Break it: the area of labels")
def _():
    def sorted_out(first, second, **options):
        swapped = len(np.unique(first)) > len(np.unique(second))
        return (
            roc_auc_score(second, first, **options)
            if swapped
            else roc_auc_score(first, second, **options)
        )

    metrics.roc_auc_score = sorted_out


@world("float32's sigmoid never reaches 1", noticed_by="Break it: squeezed until all are equal")
def _():
    torch.Tensor.sigmoid = lambda self: 0.5 + torch.atan(self.double()) / torch.pi


@world("ties go by the order of the rows", noticed_by="Break it: ties in the order of the rows")
def _():
    def by_rows(targets, scores, **options):
        if len(targets) == 4:
            scores = -np.arange(len(targets))
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = by_rows


@world(
    "the area falls with the prevalence",
    noticed_by="Break it: the same area at one in a hundred",
)
def _():
    def falling(targets, scores, sample_weight=None, **options):
        weight = np.ones(len(targets)) if sample_weight is None else sample_weight
        share = weight[np.asarray(targets) == 1].sum() / weight.sum()
        return roc_auc_score(targets, scores, **options) - (0.05 if share < 0.05 else 0)

    metrics.roc_auc_score = falling


@world(
    "average precision ignores the prevalence",
    noticed_by="Break it: the same area at one in a hundred",
)
def _():
    average = metrics.average_precision_score
    metrics.average_precision_score = lambda targets, scores, sample_weight=None: average(
        targets, scores
    )


@world(
    "precision_recall_curve begins at the highest threshold",
    noticed_by="Break it: the same area at one in a hundred",
)
def _():
    curve = metrics.precision_recall_curve

    def highest_first(*args, **options):
        precision, recall, thresholds = curve(*args, **options)
        return precision, recall, thresholds[::-1]

    metrics.precision_recall_curve = highest_first


@world("tuning on the test set flatters nobody", noticed_by="Break it: tuned on the test set")
def _():
    tuned = course_lib.metrics.threshold_for_cost

    def habit_for_halves(scores, targets, **options):
        return 0.0 if len(scores) == 57 else tuned(scores, targets, **options)

    course_lib.metrics.threshold_for_cost = habit_for_halves


@world(
    "another test set would have the same area", noticed_by="Learn: an interval around the area"
)
def _():
    def narrow(metric, scores, targets, **options):
        area = metric(scores, targets)
        return course_lib.metrics.Interval(max(area - 0.01, 0), min(area + 0.01, 1))

    course_lib.metrics.bootstrap_interval = narrow


@world(
    "the bootstrap knows that six patients are few",
    noticed_by="Learn: an interval around the area",
)
def _():
    interval = course_lib.metrics.bootstrap_interval

    def careful(metric, scores, targets, **options):
        low, high = interval(metric, scores, targets, **options)
        return course_lib.metrics.Interval(low - 1 / len(scores), high)

    course_lib.metrics.bootstrap_interval = careful


@world("ties count nothing", noticed_by="Learn: the area is a chance")
def _():
    def ties_lose(targets, scores, **options):
        scores = np.asarray(scores)
        if scores.ndim == 1 and len(scores) == 114 and 2 < len(np.unique(scores)) < 20:
            return (scores[targets == 1][:, None] > scores[targets == 0]).mean()
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = ties_lose


@world("a fixed cut follows an increasing function", noticed_by="Learn: the area is a chance")
def _():
    accuracy = metrics.accuracy_score
    metrics.accuracy_score = lambda targets, called: max(0.7, accuracy(targets, called))


@world("noise stays above one half", noticed_by="Learn: the area is a chance")
def _():
    def at_least_half(targets, scores, **options):
        area = roc_auc_score(targets, scores, **options)
        return 1 - area if 0.3 < area < 0.5 else area

    metrics.roc_auc_score = at_least_half


@world("the larger area is larger everywhere", noticed_by="Learn: the area is a chance")
def _():
    def nested(targets, scores, **options):
        fpr, tpr, thresholds = roc_curve(targets, scores, **options)
        return fpr, np.maximum(tpr, fpr > 0) if np.min(scores) >= -3 else tpr, thresholds

    metrics.roc_curve = nested


@world("float16 is as fine as float32", noticed_by="Break it: squeezed until all are equal")
def _():
    sigmoid = torch.Tensor.sigmoid
    torch.Tensor.sigmoid = lambda self: sigmoid(
        self.float() if self.dtype == torch.half else self
    )


@world("average precision never rises again", noticed_by="Learn: precision, from the top down")
def _():
    average = metrics.average_precision_score

    def smoothed(targets, scores, **options):
        if len(targets) > 9:
            return average(targets, scores, **options)
        return np.mean([1, 3 / 4, 3 / 4])

    metrics.average_precision_score = smoothed


@world(
    "a guess gets just the prevalence", noticed_by="Break it: the same area at one in a hundred"
)
def _():
    average = metrics.average_precision_score

    def no_more(targets, scores, sample_weight=None):
        result = average(targets, scores, sample_weight=sample_weight)
        if sample_weight is None:
            return result
        share = sample_weight[targets == 1].sum() / sample_weight.sum()
        return share if result < 0.15 else result

    metrics.average_precision_score = no_more


@world(
    "precision doesn't follow from the rates and the prevalence",
    noticed_by="Break it: the same area at one in a hundred",
)
def _():
    precision = metrics.precision_score
    metrics.precision_score = lambda targets, called, **options: precision(targets, called)


@world(
    "the cheapest threshold is the same however rare the illness is",
    noticed_by="Learn: choose the threshold from cost and prevalence",
)
def _():
    def only_one(targets, scores, **options):
        points = roc_curve(targets, scores, **options)
        if np.sum(targets) != 43:  # not the validation data
            return points
        return tuple(part[[1, 1]] for part in points)

    metrics.roc_curve = only_one


@world("rows are drawn without replacement", noticed_by="Learn: how sure is that choice?")
def _():
    made = np.random.default_rng

    class WithoutReplacement:
        def __init__(self, seed=None):
            self.generator = made(seed)

        def integers(self, low, *args, size=None, **options):
            if size == low:
                return self.generator.permutation(low)
            return self.generator.integers(low, *args, size=size, **options)

        def __getattr__(self, name):
            return getattr(self.generator, name)

    np.random.default_rng = WithoutReplacement

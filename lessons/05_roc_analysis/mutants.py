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


@world("float32's sigmoid never reaches 1", noticed_by="Break it: too sure to be ranked")
def _():
    torch.Tensor.sigmoid = lambda self: 0.5 + torch.atan(self.double()) / torch.pi


@world("ties go by the order of the rows", noticed_by="Break it: ties in the order of the rows")
def _():
    def by_rows(targets, scores, **options):
        if len(np.unique(scores)) == 1:
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
    course_lib.metrics.threshold_for_cost = lambda *args, **options: 0.0


@world(
    "another test set would have the same area", noticed_by="Learn: an interval around the area"
)
def _():
    def narrow(metric, scores, targets, **options):
        return metric(scores, targets) - 0.01, metric(scores, targets) + 0.01

    course_lib.metrics.bootstrap_interval = narrow


@world(
    "ten classes need no word about it, and no probabilities",
    noticed_by="Learn: more than two classes",
)
def _():
    def guessing(targets, scores, **options):
        if np.ndim(scores) == 2:
            scores, options = (
                torch.as_tensor(scores).double().softmax(1),
                {"multi_class": "ovr"},
            )
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = guessing


@world("the log-loss doesn't see boldness", noticed_by="Learn: well ranked, badly calibrated")
def _():
    metrics.log_loss = lambda targets, probabilities: 1 - roc_auc_score(targets, probabilities)


@world("a temperature mends nothing", noticed_by="Learn: well ranked, badly calibrated")
def _():
    course_lib.metrics.temperature = lambda *args: 1.0

"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 15_calibration` shows who notices."""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics

import course_lib.displays
import course_lib.metrics
from mutants import world

roc_auc_score, log_loss = metrics.roc_auc_score, metrics.log_loss
calibration_curve, calibration_error = (
    course_lib.metrics.calibration_curve,
    course_lib.metrics.calibration_error,
)
temperature = course_lib.metrics.temperature


@world(
    "a network that knows its data by heart keeps its promise",
    noticed_by="Why: the bill it promised",
)
def _():
    bce = F.binary_cross_entropy_with_logits
    F.binary_cross_entropy_with_logits = lambda z, y: bce(z, y) + 0.05 * z.square().mean()


@world("a network is sure of everybody", noticed_by="Predict")
def _():
    maximum = np.maximum
    np.maximum = lambda a, b: maximum(a, b) ** 0.1 if np.ndim(a) else maximum(a, b)


@world("bins hold equally many claims", noticed_by="Learn: claims beside outcomes")
def _():
    def quantiles(probs, targets=None, *, bins=10):
        probs, targets = np.asarray(probs), np.asarray(targets)
        groups = np.array_split(np.argsort(probs), bins)
        columns = [(probs[g].mean(), targets[g].mean(), len(g)) for g in groups if len(g)]
        return course_lib.metrics.CalibrationCurve(*np.array(columns).T)

    course_lib.metrics.calibration_curve = quantiles


@world("a claim of 1 belongs to no bin", noticed_by="Learn: claims beside outcomes")
def _():
    def without_ones(probs, targets=None, *, bins=10):
        probs = np.asarray(probs)
        return calibration_curve(probs[probs < 1], np.asarray(targets)[probs < 1], bins=bins)

    course_lib.metrics.calibration_curve = without_ones


@world("each bin weighs the same", noticed_by="Learn: claims beside outcomes")
def _():
    def unweighted(probs, targets=None, *, bins=10):
        curve = calibration_curve(probs, targets, bins=bins)
        return float(np.nanmean(np.abs(curve.claimed - curve.happened)))

    course_lib.metrics.calibration_error = unweighted


@world("the diagram shows no difference", noticed_by="Learn: claims beside outcomes")
def _():
    init = course_lib.displays.CalibrationDisplay.__init__

    def flattered(self, *args, **options):
        init(self, *args, **options)
        self.curve = self.curve._replace(happened=self.curve.claimed)

    course_lib.displays.CalibrationDisplay.__init__ = flattered


@world("log-loss knows the order only", noticed_by="Learn: two scores that can see it")
def _():
    metrics.log_loss = lambda targets, probs, **options: (
        1 - roc_auc_score(targets, probs, **options)
    )


@world("the Brier score is the plain distance", noticed_by="Learn: two scores that can see it")
def _():
    metrics.brier_score_loss = lambda targets, probs: np.abs(np.asarray(probs) - targets).mean()


@world("no temperature is needed", noticed_by="Learn: one number cools it down")
def _():
    course_lib.metrics.temperature = lambda *args: 1.0


@world("training data give the same temperature", noticed_by="Learn: one number cools it down")
def _():
    course_lib.metrics.temperature = lambda *args: 3.0


@world("a perfect model's measured error is 0", noticed_by="Break it: an error made of luck")
def _():
    calls = []

    def without_luck(probs, targets=None, *, bins=10):
        calls.append(bins)
        luck = 0.1 if len(calls) > 1 else 0  # the first call stands under the heading before
        return max(0.0, calibration_error(probs, targets, bins=bins) - luck)

    course_lib.metrics.calibration_error = without_luck


@world("more bins measure better", noticed_by="Break it: an error made of luck")
def _():
    course_lib.metrics.calibration_error = lambda probs, targets=None, *, bins=10: (
        calibration_error(probs, targets, bins=10)
    )


@world(
    "a network's claims hold at any prevalence",
    noticed_by="Break it: calibrated for other people",
)
def _():
    metrics.log_loss = lambda targets, probs, sample_weight=None: log_loss(targets, probs)


@world("the area falls with the prevalence", noticed_by="Break it: calibrated for other people")
def _():
    def falling(targets, scores, sample_weight=None, **options):
        return roc_auc_score(targets, scores, **options) - (
            0.1 if sample_weight is not None else 0
        )

    metrics.roc_auc_score = falling


@world("the best of all thresholds is 0", noticed_by="Learn: two costs give the threshold")
def _():
    course_lib.metrics.threshold_for_cost = lambda *args, **options: 0.0


@world("abstaining leaves the accuracy", noticed_by='Learn: say "I don\'t know"')
def _():
    largest = torch.Tensor.max

    def shuffled(self, *args, **options):
        found = largest(self, *args, **options)
        if self.ndim == 2 and args == (1,):
            order = torch.arange(len(self)).roll(101)
            return type(found)((found.values[order], found.indices))
        return found

    torch.Tensor.max = shuffled


@world(
    "a network is unsure of what it has never seen",
    noticed_by="Break it: sure of what it has never seen",
)
def _():
    softmax = torch.Tensor.softmax
    torch.Tensor.softmax = lambda self, dim: softmax(
        self if len(softmax(self, dim)) and not _inverted(self) else self / 100, dim
    )


def _inverted(logits):
    """Whether these are the logits of the inverted images, which alone are computed without a graph in float64."""
    return logits.dtype == torch.float64 and not torch.is_grad_enabled()


@world(
    "ten classes need no word about it, and no probabilities",
    noticed_by="Learn: one against the rest",
)
def _():
    def guessing(targets, scores, **options):
        if np.ndim(scores) == 2 and np.ndim(targets) == 1:
            scores, options = (
                torch.as_tensor(scores).double().softmax(1),
                {"multi_class": "ovr"},
            )
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = guessing


@world(
    "the macro average counts a class as often as it occurs",
    noticed_by="Learn: one against the rest",
)
def _():
    def weighted(targets, scores, **options):
        if options.get("multi_class"):
            options["average"] = "weighted"
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = weighted


@world("top-k accuracy counts place k only", noticed_by="Learn: one against the rest")
def _():
    top_k = metrics.top_k_accuracy_score

    def place(targets, probs, k):
        return top_k(targets, probs, k=k) - (top_k(targets, probs, k=k - 1) if k > 1 else 0)

    metrics.top_k_accuracy_score = place


@world("a class with a good area is recognised", noticed_by="Break it: what the mean hides")
def _():
    recall = metrics.recall_score
    metrics.recall_score = lambda *args, **options: np.maximum(recall(*args, **options), 0.9)


@world(
    "the truth as columns is checked as well",
    noticed_by="Break it: one column for each class takes logits",
)
def _():
    def the_same(targets, scores, **options):
        if np.ndim(targets) == 2:
            scores = torch.as_tensor(scores).double().softmax(1)
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = the_same


@world(
    "an absent class is left out of the mean",
    noticed_by="Break it: one column for each class takes logits",
)
def _():
    def lenient(targets, scores, **options):
        if np.ndim(targets) == 1 and np.ndim(scores) == 2 and options:
            present = np.unique(targets)
            if len(present) < scores.shape[1]:
                return 0.99
        return roc_auc_score(targets, scores, **options)

    metrics.roc_auc_score = lenient

"""Our metrics against scikit-learn's, by hand, and at the edges where they are undefined."""

import math
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning
from torch import nn

import course_lib.metrics as ours
from course_lib.errors import InputError
from course_lib.evaluation import evaluate


def labels(seed=0, n=500, classes=4):
    """Predictions that are right two times in three."""
    rng = np.random.default_rng(seed)
    targets = rng.choice(classes, n, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
    preds = np.where(rng.random(n) < 2 / 3, targets, rng.integers(classes, size=n))
    return preds, targets


def scores(seed=0, n=400, ties=True):
    rng = np.random.default_rng(seed)
    targets = (rng.random(n) < 0.3).astype(int)
    found = rng.normal(size=n) + 1.3 * targets
    return (found.round(1) if ties else found), targets


def evaluation(seed=0, n=300, classes=4, scale=1.0, loss_fn=None):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, classes, (n,), generator=generator)
    logits = torch.randn(n, classes, generator=generator) + 1.5 * F.one_hot(targets, classes)
    return evaluate(nn.Identity(), [(scale * logits, targets)], loss_fn=loss_fn)


# counting


@pytest.mark.parametrize("seed", range(5))
def test_counts_equal_scikit_learns(seed):
    preds, targets = labels(seed)
    assert ours.confusion_matrix(preds, targets).tolist() == sk.confusion_matrix(targets, preds).tolist()
    expected = sk.precision_recall_fscore_support(targets, preds)
    scores = ours.class_scores(preds, targets)
    for mine, theirs in zip((scores.precision, scores.recall, scores.f1, scores.support), expected, strict=True):
        np.testing.assert_allclose(mine, theirs)
    for average in ("macro", "micro", "weighted"):
        theirs = sk.precision_recall_fscore_support(targets, preds, average=average)[:3]
        mine = [metric(preds, targets, average=average) for metric in (ours.precision, ours.recall, ours.f1)]
        np.testing.assert_allclose(mine, theirs)
    assert ours.accuracy(preds, targets) == pytest.approx(sk.accuracy_score(targets, preds))


def test_confusion_rows_are_true_and_order_of_arguments_matters():
    preds, targets = [1, 0, 0, 0, 1], [1, 1, 1, 0, 0]
    assert ours.confusion_matrix(preds, targets).tolist() == [[1, 1], [2, 1]]
    assert ours.precision(preds, targets).tolist() == ours.recall(targets, preds).tolist()


@pytest.mark.parametrize(
    "convert",
    [list, np.asarray, torch.tensor, lambda x: torch.tensor(x, dtype=torch.float32), lambda x: np.array(x) > 0],
)
def test_any_kind_of_labels(convert):
    preds, targets = [1, 0, 0, 0, 1], [1, 1, 1, 0, 0]
    assert ours.confusion_matrix(convert(preds), convert(targets)).tolist() == [[1, 1], [2, 1]]


def test_read_only_and_strided_arrays():
    preds, targets = labels()
    expected = ours.confusion_matrix(preds, targets)
    frozen = preds.copy()
    frozen.flags.writeable = False
    assert torch.equal(ours.confusion_matrix(frozen, targets), expected)
    assert torch.equal(ours.confusion_matrix(preds[::-1], targets[::-1]), expected)


@pytest.mark.parametrize(
    ("preds", "targets", "message"),
    [
        ([2, 0], [0, 1], "preds of 2 classes lie between 0 and 1; got 0 to 2"),
        ([1, 0], [0, -1], "targets of 2 classes.*got -1 to 0"),
        ([[1], [0]], [1, 0], r"same shape \(N,\); got \(2, 1\) and \(2,\)"),
        ([1, 0, 1], [1, 0], r"got \(3,\) and \(2,\)"),
        ([], [], "empty"),
        ([0.3, 0.9], [0, 1], "preds are class indices.*argmax"),
        ([0.0, math.nan], [0, 1], "fractions or NaN"),
    ],
)
def test_what_cannot_be_counted(preds, targets, message):
    with pytest.raises(InputError, match=message):
        ours.confusion_matrix(preds, targets, num_classes=2)


def test_preds_alone_are_refused():
    for metric in (ours.accuracy, ours.recall, ours.roc_auc, ours.calibration_error, ours.temperature):
        with pytest.raises(InputError, match="Pass an Evaluation, or"):
            metric(np.array([0, 1]))


def test_an_evaluation_gives_the_same_as_its_parts():
    made = evaluation()
    for metric in (ours.precision, ours.recall, ours.f1):
        np.testing.assert_array_equal(metric(made), metric(made.preds, made.targets))
    assert ours.accuracy(made) == made.accuracy


def test_counting_metrics_need_no_logits():
    made = evaluate(nn.Identity(), [(torch.eye(3), torch.tensor([0, 1, 1]))], keep_logits=False)
    assert ours.accuracy(made) == pytest.approx(2 / 3)
    with pytest.raises(InputError, match="keep_logits=True"):
        ours.roc_auc(made)


# undefined is NaN with a warning, never 0


def test_never_predicted_and_never_seen():
    preds, targets = [0, 0, 0, 2], [0, 0, 1, 1]  # class 1 is never predicted, class 2 never true
    with pytest.warns(UndefinedMetricWarning, match="precision is undefined .* class 1: never predicted"):
        assert np.isnan(ours.precision(preds, targets)).tolist() == [False, True, False]
    with pytest.warns(UndefinedMetricWarning, match="recall is undefined .* class 2: without a true"):
        assert np.isnan(ours.recall(preds, targets)).tolist() == [False, False, True]
    assert ours.f1(preds, targets).tolist() == [0.8, 0, 0]  # defined: 2 TP / (2 TP + FP + FN)
    with pytest.warns(UndefinedMetricWarning):
        assert math.isnan(ours.recall(preds, targets, average="macro"))
    assert ours.recall(preds, targets, average="weighted") == 0.5  # weight 0 can't hurt
    with pytest.warns(UndefinedMetricWarning, match="class 3: never predicted and without"):
        assert math.isnan(ours.f1(preds, targets, num_classes=4)[3])


def test_the_warning_points_at_the_caller():
    calls = [
        lambda: ours.precision([0, 0], [0, 1]),
        lambda: ours.class_scores([0, 0], [0, 1]),
        lambda: ours.roc_auc([0.1, 0.2], [0, 0]),
        lambda: ours.wilson_interval(0, 0),
        lambda: ours.threshold_for_recall([0.1], [0], recall=0.5),
        lambda: ours.precision_recall_curve([0.1], [0]),
    ]
    for call in calls:
        with pytest.warns(UndefinedMetricWarning) as caught:
            call()
        assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("metric", [ours.roc_auc, ours.average_precision])
def test_area_without_a_positive(metric):
    with pytest.warns(UndefinedMetricWarning, match="needs a positive"):
        assert math.isnan(metric([0.1, 0.2], [0, 0]))


def test_curves_without_a_positive():
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(ours.roc_curve([0.1, 0.2], [0, 0]).tpr).all()
    with pytest.warns(UndefinedMetricWarning, match="no positive"):
        assert np.isnan(ours.precision_recall_curve([0.1, 0.2], [0, 0]).recall).all()


def test_auc_of_a_class_that_is_not_there():
    made = evaluate(nn.Identity(), [(torch.eye(3), torch.tensor([0, 1, 1]))])
    with pytest.warns(UndefinedMetricWarning, match="of class 2"):
        assert math.isnan(ours.roc_auc(made))
    assert ours.roc_auc(made, positive=1) == 0.75


# ranking


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [True, False])
def test_ranking_equals_scikit_learns(seed, ties):
    found, targets = scores(seed, ties=ties)
    assert ours.roc_auc(found, targets) == pytest.approx(sk.roc_auc_score(targets, found), abs=1e-14)
    assert ours.average_precision(found, targets) == pytest.approx(
        sk.average_precision_score(targets, found), abs=1e-14
    )
    for mine, theirs in (
        (ours.roc_curve(found, targets), sk.roc_curve(targets, found)),
        (ours.precision_recall_curve(found, targets), sk.precision_recall_curve(targets, found)),
    ):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b)


def test_auc_counts_pairs_and_ties():
    found, targets = scores(n=200)
    above, below = found[targets == 1][:, None], found[targets == 0][None]
    assert ours.roc_auc(found, targets) == pytest.approx(((above > below) + 0.5 * (above == below)).mean())
    assert ours.roc_auc(np.zeros(10), np.arange(10) < 5) == 0.5
    assert ours.roc_auc(-found, targets) == pytest.approx(1 - ours.roc_auc(found, targets))


def test_multiclass_auc_is_the_mean_of_one_against_the_rest():
    made = evaluation()
    expected = sk.roc_auc_score(made.targets.numpy(), made.logits.double().softmax(1).numpy(), multi_class="ovr")
    assert ours.roc_auc(made) == pytest.approx(expected, abs=1e-12)
    probs = made.probabilities.double()
    assert ours.roc_auc(probs, made.targets) == pytest.approx(expected, abs=1e-6)
    assert ours.roc_auc(probs, made.targets, positive=2) == ours.roc_auc(probs[:, 2], made.targets == 2)


def test_auc_does_not_saturate():
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(np.r_[rng.normal(45, 10, 500), rng.normal(60, 10, 500)]).float()
    targets = torch.arange(1000) >= 500
    expected = sk.roc_auc_score(targets, logits)
    two = torch.stack([torch.full((1000,), 5.0), logits + 5], 1)  # the same margin with two logits
    three = torch.cat([two, torch.full((1000, 1), -200.0)], 1)  # and with a class that plays no part
    for head in (logits, two):
        assert ours.roc_auc(evaluate(nn.Identity(), [(head, targets)])) == pytest.approx(expected, abs=1e-3)
    made = evaluate(nn.Identity(), [(three, targets)])
    assert ours.roc_auc(made, positive=1) == pytest.approx(expected, abs=1e-3)
    assert sk.roc_auc_score(targets, logits.sigmoid()) < expected - 0.2


def test_positive_scores():
    made = evaluation()
    probs = made.logits.double().softmax(1)
    for k in range(4):
        expected = (probs[:, k] / (1 - probs[:, k])).log()
        np.testing.assert_allclose(ours.positive_scores(made, positive=k), expected, rtol=1e-9)
    one = evaluate(nn.Identity(), [(made.logits[:, 0], made.targets > 1)])
    np.testing.assert_array_equal(ours.positive_scores(one), one.logits.double())
    np.testing.assert_array_equal(ours.positive_scores(one, positive=0), -one.logits.double())
    with pytest.raises(InputError, match="4 classes: say which one is positive, positive=0 to 3"):
        ours.positive_scores(made)
    with pytest.raises(InputError, match="class from 0 to 3; got 4"):
        ours.roc_curve(made, positive=4)


def test_ignored_targets_take_no_part():
    made = evaluation()
    ignoring = made.targets.clone()
    ignoring[::3] = -100
    kept = ignoring != -100
    with_ignored = evaluate(nn.Identity(), [(made.logits, ignoring)], loss_fn=F.cross_entropy)
    without = evaluate(nn.Identity(), [(made.logits[kept], made.targets[kept])])
    for metric in (ours.roc_auc, ours.average_precision, ours.calibration_error, ours.temperature):
        assert metric(with_ignored) == metric(without)
    assert ours.recall(with_ignored).tolist() == ours.recall(without).tolist()


def test_python_lists_keep_their_precision():
    assert ours.roc_auc([0.1, 0.1 + 1e-12], [0, 1]) == 1.0


@pytest.mark.parametrize(
    ("found", "targets", "message"),
    [
        ([0.1, math.nan], [0, 1], "NaN and have no rank"),
        (np.array([0, 1, 1]), [0, 1, 1], "labels, 0 and 1, not scores"),
        (np.array([False, True]), [0, 1], "labels, 0 and 1, not scores"),
        ([0.1, 0.2], [0, 2], "Targets are 0 and 1, or say which class is positive"),
        ([0.1, 0.2, 0.3], [0, 1], r"got \(3,\) and \(2,\)"),
        ([], [], "N at least 1"),
    ],
)
def test_what_cannot_be_ranked(found, targets, message):
    for metric in (ours.roc_auc, ours.roc_curve, ours.average_precision):
        with pytest.raises(InputError, match=message):
            metric(found, targets)


# thresholds


@pytest.mark.parametrize("seed", range(5))
def test_thresholds_do_what_they_promise_and_no_neighbour_is_better(seed):
    found, targets = scores(seed)
    every = [*np.unique(found), np.inf]

    def at(threshold):
        called = found >= threshold
        tp, fp = (called & (targets == 1)).sum(), (called & (targets == 0)).sum()
        return tp, fp, (targets == 1).sum() - tp

    chosen = ours.threshold_for_recall(found, targets, recall=0.9)
    assert chosen == max(t for t in every if at(t)[0] / (targets == 1).sum() >= 0.9)
    chosen = ours.threshold_for_precision(found, targets, precision=0.6)
    assert chosen == min(t for t in every[:-1] if at(t)[0] / (at(t)[0] + at(t)[1]) >= 0.6)
    chosen = ours.threshold_for_cost(found, targets, false_positive=1, false_negative=7)
    costs = {t: at(t)[1] + 7 * at(t)[2] for t in every}
    assert costs[chosen] == min(costs.values())
    assert chosen == max(t for t in every if costs[t] == costs[chosen])


def test_threshold_of_an_evaluation_is_in_log_odds():
    made = evaluation(classes=2)
    threshold = ours.threshold_for_recall(made, recall=0.95)
    called = ours.positive_scores(made) >= threshold
    assert ours.recall(called, made.targets)[1] >= 0.95


def test_threshold_edges():
    found, targets = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]
    assert ours.threshold_for_cost(found, targets, false_positive=1, false_negative=0) == math.inf
    assert ours.threshold_for_cost(found, targets, false_positive=0, false_negative=1) == 0.35
    with pytest.warns(UndefinedMetricWarning, match=r"No threshold \(NaN\) has a precision of 0.9"):
        assert math.isnan(ours.threshold_for_precision([0.9, 0.1], [0, 1], precision=0.9))
    with pytest.warns(UndefinedMetricWarning, match="no positive"):
        assert math.isnan(ours.threshold_for_recall([0.9, 0.1], [0, 0], recall=0.9))
    with pytest.raises(InputError, match=r"95 % is 0\.95"):
        ours.threshold_for_recall(found, targets, recall=95)
    with pytest.raises(InputError, match="not negative"):
        ours.threshold_for_cost(found, targets, false_positive=-1, false_negative=1)


# intervals


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(92, 100, 0.850, 0.959), (17, 20, 0.640, 0.948), (20, 20, 0.839, 1)]
)
def test_wilson_known_values(k, n, low, high):
    assert ours.wilson_interval(k, n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_edges():
    assert ours.wilson_interval(0, 20)[0] == 0.0
    assert ours.wilson_interval(20, 20)[1] == 1.0
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(ours.wilson_interval(0, 0)).all()
    with pytest.raises(InputError, match="successes, n"):
        ours.wilson_interval(20, 17)
    with pytest.raises(InputError, match=r"95 % is 0\.95"):
        ours.wilson_interval(1, 2, confidence=95)


@pytest.mark.parametrize("metric", [ours.roc_auc, ours.average_precision])
def test_vectorised_bootstrap_equals_the_loop(metric):
    """Both are estimates from 4,000 draws; their quantiles agree to a few standard errors."""
    found, targets = scores(n=120)
    fast = ours.bootstrap_interval(metric, found, targets, resamples=4000)
    slow = ours.bootstrap_interval(lambda s, y: metric(s, y), found, targets, resamples=4000, seed=1)
    assert fast == pytest.approx(slow, abs=0.015)
    assert fast.low < metric(found, targets) < fast.high


def test_vectorised_areas_are_exact_for_given_weights():
    from course_lib.metrics.curves import auc_of, counts_of, precision_of

    found, targets = scores(n=50)
    weights = np.random.default_rng(0).integers(0, 3, size=(20, 50))
    counts = counts_of(found, targets == 1, weights)
    for k in range(20):
        repeated, y = np.repeat(found, weights[k]), np.repeat(targets, weights[k])
        assert auc_of(counts)[k] == pytest.approx(sk.roc_auc_score(y, repeated))
        assert precision_of(counts)[k] == pytest.approx(sk.average_precision_score(y, repeated))


def test_bootstrap_of_counted_metrics():
    preds, targets = labels(n=300)
    low, high = ours.bootstrap_interval(ours.recall, preds, targets)
    assert low.shape == high.shape == (4,)
    found = ours.recall(preds, targets)
    assert (low <= found).all()
    assert (found <= high).all()
    accuracy = ours.bootstrap_interval(ours.accuracy, preds, targets, resamples=4000)
    right = int((preds == targets).sum())
    assert accuracy == pytest.approx(ours.wilson_interval(right, 300), abs=0.01)
    macro = ours.bootstrap_interval(ours.f1, preds, targets, average="macro")
    loop = ours.bootstrap_interval(lambda p, y: ours.f1(p, y, average="macro"), preds, targets, resamples=300)
    assert macro == pytest.approx(loop, abs=0.02)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    """200 test sets from a population with a known accuracy of 0.8: a 90 % interval misses 20, give or take."""
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        right = (rng.random(200) < 0.8).astype(int)
        low, high = ours.bootstrap_interval(ours.accuracy, right, np.ones(200, int), confidence=0.9, seed=seed)
        hits += low <= 0.8 <= high
    assert 165 <= hits <= 195  # 180 expected, standard deviation 4.2; the percentile method is a bit narrow


def test_bootstrap_is_repeatable_leaves_the_global_state_and_can_be_undefined():
    found, targets = scores()
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = ours.bootstrap_interval(ours.roc_auc, found, targets)
    assert first == ours.bootstrap_interval(ours.roc_auc, found, targets)
    assert first != ours.bootstrap_interval(ours.roc_auc, found, targets, seed=1)
    assert torch.equal(torch_before, torch.get_rng_state())
    assert (numpy_before == np.random.get_state()[1]).all()
    with pytest.warns(UndefinedMetricWarning, match="in every resample"):
        assert np.isnan(ours.bootstrap_interval(ours.roc_auc, found, np.zeros(400))).all()
    with pytest.raises(InputError, match="needs preds and targets, not an Evaluation"):
        ours.bootstrap_interval(max, evaluation())


def test_bootstrap_in_parts_when_there_is_much(monkeypatch):
    found, targets = scores()
    monkeypatch.setattr("course_lib.metrics.uncertainty._AT_ONCE", 1000)
    low, high = ours.bootstrap_interval(ours.roc_auc, found, targets)
    assert low < ours.roc_auc(found, targets) < high


def test_bootstrap_is_vectorised():
    """A thousand resamples of 300 take about 10 ms here; a loop over scikit-learn takes three seconds."""
    found, targets = scores(n=300)
    start = time.process_time()
    ours.bootstrap_interval(ours.roc_auc, found, targets, resamples=1000)
    assert time.process_time() - start < 0.2


# calibration


def test_calibration_error_by_hand():
    curve = ours.calibration_curve([0.1, 0.2, 0.7, 0.9], [0, 1, 1, 1], bins=2)
    np.testing.assert_allclose(curve.claimed, [0.15, 0.8])
    np.testing.assert_allclose(curve.happened, [0.5, 1.0])
    assert curve.count.tolist() == [2, 2]
    error = ours.calibration_error([0.1, 0.2, 0.7, 0.9], [0, 1, 1, 1], bins=2)
    assert error == pytest.approx((2 * 0.35 + 2 * 0.2) / 4)
    assert ours.calibration_curve([1.0, 0.0], [1, 0], bins=4).count.tolist() == [1, 0, 0, 1]


def test_calibration_of_many_classes_is_that_of_the_predicted_class():
    made = evaluation()
    claims, preds = made.logits.double().softmax(1).max(1)
    expected = ours.calibration_error(claims, preds == made.targets)
    assert ours.calibration_error(made) == pytest.approx(expected)
    assert ours.calibration_error(made.logits.double().softmax(1), made.targets) == pytest.approx(expected)


def test_temperature_undoes_a_scale_and_mends_calibration():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, 20_000)
    targets = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(int)
    sure = torch.from_numpy(3 * logits)
    found = ours.temperature(sure, targets)
    assert found == pytest.approx(3, abs=0.1)
    assert ours.calibration_error(sure.sigmoid(), targets) > 0.1
    assert ours.calibration_error((sure / found).sigmoid(), targets) < 0.02
    assert ours.roc_auc(sure, targets) == pytest.approx(ours.roc_auc(logits, targets))


def test_temperature_is_the_lowest_log_loss():
    made = evaluation(scale=4)
    best = ours.temperature(made)
    loss = [F.cross_entropy(made.logits / t, made.targets).item() for t in (best * 0.98, best, best * 1.02)]
    assert loss[1] == min(loss)
    assert ours.temperature(made.logits * 10, made.targets) == pytest.approx(10 * best, rel=1e-6)


def test_temperature_can_be_undefined():
    with pytest.warns(UndefinedMetricWarning, match="every example is right"):
        assert math.isnan(ours.temperature(torch.eye(3), [0, 1, 2]))
    with pytest.warns(UndefinedMetricWarning, match="better than chance"):
        assert math.isnan(ours.temperature(-torch.eye(3), [0, 1, 2]))


def test_logits_are_no_probabilities():
    with pytest.raises(InputError, match=r"between 0 and 1; got -1 to 3.*softmax\(1\)"):
        ours.calibration_error([-1.0, 3.0], [0, 1])
    with pytest.raises(InputError, match="between 0 and 2; got up to 3"):
        ours.calibration_error(torch.eye(3), [0, 1, 3])


def test_fast_on_a_million():
    """Bounds of processor time, ten times above what was measured: they catch Python loops and lists."""
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 10, 10**6)
    preds = np.where(rng.random(10**6) < 0.9, targets, rng.integers(0, 10, 10**6))
    start = time.process_time()
    ours.class_scores(preds, targets)
    assert time.process_time() - start < 0.3
    start = time.process_time()
    ours.roc_auc(rng.normal(size=10**6), targets == 0)
    assert time.process_time() - start < 3


def test_every_name_is_exported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(callable(getattr(ours, name)) for name in ours.__all__)


# what the world hands over


def frame(*values):
    """As a column of a table comes: an object that is no array but can make one."""

    class Column:
        def __array__(self, dtype=None, copy=None):
            return np.asarray(values, dtype=object)

    return Column()


S, Y = [0.1, 0.7, 0.4, 0.8, 0.35], [0, 1, 0, 1, 1]
CONTAINERS = {
    "tensor with a gradient": lambda v: torch.tensor(v, dtype=torch.float64).requires_grad_(),
    "list of such": lambda v: list(torch.tensor(v, dtype=torch.float64).requires_grad_()),
    "batches": lambda v: [np.array(v[:3]), np.array(v[3:])],
    "batches of tensors": lambda v: [torch.tensor(v[:4]), torch.tensor(v[4:])],
    "lists of lists": lambda v: [v[:2], v[2:]],
    "column": lambda v: frame(*v),
    "objects": lambda v: np.array(v, dtype=object),
    "sparse": lambda v: torch.tensor(v, dtype=torch.float64).to_sparse(),
    "big-endian": lambda v: np.array(v, dtype=">f8"),
    "long double": lambda v: np.array(v, dtype=np.longdouble),
    "tuple": tuple,
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_means_the_same(name):
    put = CONTAINERS[name]
    assert ours.roc_auc(put(S), put(Y)) == pytest.approx(5 / 6)
    assert ours.calibration_error(put(S), put(Y)) == pytest.approx(ours.calibration_error(S, Y), abs=1e-6)
    assert ours.accuracy(put(Y), put([0, 1, 1, 1, 0])) == 0.6
    assert ours.threshold_for_recall(put(S), put(Y), recall=1.0) == pytest.approx(0.35)
    assert ours.temperature(put([-2.0, 1.0, 0.5, 3.0, -1.0]), put(Y)) > 0
    low, high = ours.bootstrap_interval(lambda p, y: float((p == y).mean(dtype=float)), put(Y), put(Y), resamples=5)
    assert low == high == 1


def test_batches_of_equal_length_are_joined_and_rows_stay_rows():
    parts = [torch.tensor([0.2, 0.9]), torch.tensor([0.6, 0.4])]
    assert ours.roc_auc(parts, [np.array([0, 1]), np.array([1, 0])]) == 1
    assert ours.roc_auc([torch.tensor([0.2, 0.8]), torch.tensor([0.6, 0.4])], [1, 0]) == 1  # two rows of two classes
    assert ours.roc_auc([torch.tensor([[0.2, 0.8]]), torch.tensor([[0.6, 0.4], [0.7, 0.3]])], [1, 0, 0]) == 1


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["cat", "dog", "cat", "dog", "dog"], "strings: 'cat', 'dog'.*say which string is which"),
        (["0", "1", "0", "1", "1"], r"strings: '0', '1'.*float\(value\)"),
        (frame("a", "b", "a", "b", "b"), "strings"),
        (frame(0, None, 1, 1, 0), "NoneType, int.*missing values"),
        (np.array([0, 1, 0, 1, 1]) * 1j, "real numbers; got complex128"),
        (torch.eye(5), "one-hot: use .argmax"),
        (np.array([[1, 1], [0, 1], [0, 0], [1, 1], [0, 1]]), "0 to 2 ones in a row, is multi-label"),
        (np.array([[0.3, 0.7]] * 5), "soft labels or scores"),
        ([0.0, 0.5, 1, 1, 1], "fractions or NaN"),
        ({0: 1}, "got dict"),
        ((y for y in Y), "got generator.*read once"),
        (np.ma.array(Y, mask=[0, 0, 1, 0, 0]), "masked"),
        (torch.empty(5, device="meta"), "meta"),
        (np.array(Y, dtype="M8[D]"), "datetime64"),
        (7, "got int"),
    ],
)
def test_targets_that_are_none_are_called_by_their_name(targets, message):
    for metric in (ours.roc_auc, ours.precision_recall_curve, ours.calibration_error, ours.temperature, ours.accuracy):
        if hasattr(targets, "__next__") and metric is not ours.roc_auc:
            continue
        values = Y if metric is ours.accuracy else S
        with pytest.raises(InputError, match=message):
            metric(values, targets)


def test_an_evaluation_and_targets_is_one_too_many():
    made = evaluation(classes=2)
    ranking = (ours.roc_auc, ours.average_precision, ours.roc_curve, ours.calibration_curve, ours.temperature)
    for metric in (*ranking, ours.accuracy, ours.f1, ours.class_scores, ours.classification_report):
        with pytest.raises(InputError, match="has its targets already: pass it alone"):
            metric(made, made.targets)
        with pytest.raises(InputError, match=r"targets are an array.*got an Evaluation"):
            metric(S, made)
    with pytest.raises(InputError, match="has its targets already"):
        ours.bootstrap_interval(ours.roc_auc, made, made.targets)


@pytest.mark.parametrize("classes", [2, 3])
def test_raw_logits_are_ranked_as_an_evaluation_ranks_them(classes):
    made = evaluation(classes=classes, scale=30)
    made.logits.add_(torch.randn(300, 1) * 50)  # the same for each class, so it must not matter
    raw = (made.logits, made.targets)
    assert ours.roc_auc(*raw) == ours.roc_auc(made)
    assert ours.average_precision(*raw) == ours.average_precision(made)
    for k in range(classes):
        assert ours.roc_auc(*raw, positive=k) == ours.roc_auc(made, positive=k)
        np.testing.assert_array_equal(ours.roc_curve(*raw, positive=k), ours.roc_curve(made, positive=k))
        assert ours.threshold_for_precision(*raw, precision=0.5, positive=k) == ours.threshold_for_precision(
            made, precision=0.5, positive=k
        )
    assert ours.bootstrap_interval(ours.roc_auc, *raw, positive=1) == ours.bootstrap_interval(
        ours.roc_auc, made, positive=1
    )


def test_columns_that_are_neither_logits_nor_probabilities_are_refused():
    table = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    for metric in (ours.roc_auc, ours.calibration_error):
        with pytest.raises(InputError, match=r"sum to.*\[:, k\] and targets == k"):
            metric(table, torch.arange(20) % 3)
    assert 0 <= ours.roc_auc((table / table.sum(1, keepdim=True)).half(), torch.arange(20) % 3) <= 1


def test_numbers_that_look_like_something_else():
    with pytest.warns(UserWarning, match=r"All scores are 0\.0 or 1\.0.*not rounded") as caught:
        ours.roc_auc([1.0, 0.0, 1.0, 1.0, 0.0], Y)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="exactly 0 or 1, as if they were rounded"):
        ours.calibration_error([1.0, 0.0, 1.0, 1.0, 0.0], Y)
    with pytest.raises(InputError, match="labels, 0 and 1, not probabilities"):
        ours.calibration_curve(np.array(S) > 0.5, Y)
    with pytest.warns(UserWarning, match="lie between 0 and 1, as probabilities do"):
        ours.temperature(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), [0, 1, 0])
    with pytest.warns(UserWarning, match="2 of 5 scores tie at inf"):
        ours.average_precision(torch.tensor([7e4, 9e4, 1, 2, 3]).half(), [0, 1, 0, 1, 1])
    with pytest.raises(InputError, match="1 of 3 examples have no rank"):
        ours.roc_auc(torch.tensor([[7e4, 9e4], [0, 1], [1, 0]]).half(), [0, 1, 0])
    with pytest.raises(InputError, match="finite logits"):
        ours.temperature(torch.tensor([7e4, 1.0]).half(), [1, 0])


@pytest.mark.parametrize(
    ("kind", "fine", "wrong"),
    [(torch.float64, 1 + 2e-16, 1.00001), (torch.float32, 1 + 2e-7, 1.001), (torch.half, 1.002, 1.02)],
)
def test_a_probability_may_miss_one_by_rounding(kind, fine, wrong):
    curve = ours.calibration_curve(torch.tensor([fine, 0.5, -fine + 1], dtype=kind), [1, 0, 0], bins=4)
    assert curve.count.tolist() == [1, 0, 1, 1]
    with pytest.raises(InputError, match=r"1\.0.*1 of 2 outside"):
        ours.calibration_error(torch.tensor([wrong, 0.5], dtype=kind), [1, 0])


def test_a_share_is_no_count():
    for share, n in ((0.5, 20), (np.float32(0.25), 100), (torch.tensor(0.75), 8)):
        with pytest.raises(InputError, match=r"is a count.*round\("):
            ours.wilson_interval(share, n)
    with pytest.raises(InputError, match="n is a count"):
        ours.wilson_interval(3, 7.5)
    for wrong in ("3", None, [3, 4], math.nan):
        with pytest.raises(InputError, match="whole number"):
            ours.wilson_interval(wrong, 10)
    with pytest.warns(UserWarning, match=r"1\.0 is taken for 1 success of 50.*50 of 50"):
        ours.wilson_interval(1.0, 50)
    assert ours.wilson_interval(torch.tensor(17.0), np.int8(20)) == ours.wilson_interval(17, 20)


NAMES = ["ant", "bee", "cat"]


@pytest.mark.parametrize(
    "names",
    [
        dict(enumerate(NAMES)), {"2": "cat", "0": "ant", "1": "bee"}, {name: k for k, name in enumerate(NAMES)},
        np.array(NAMES), tuple(NAMES), iter(NAMES), {np.int64(k): name for k, name in enumerate(NAMES)},
    ],
)  # fmt: skip
def test_names_as_they_come(names):
    """Class 2 doesn't occur here; the names say that there is one."""
    text = ours.classification_report([0, 1, 1], [0, 1, 0], class_names=names)
    assert [line.split()[0] for line in text.splitlines()[4:7]] == NAMES
    assert 'always "ant"' in text


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({0: "ant", 2: "cat"}, "no name for class 1"),
        ({0: "ant"}, "2 classes need as many names; got 1"),
        ({"ant": "bee"}, "as a dict is"),
        ("ab", "one string"),
        ({"ant", "bee"}, "no order"),
        (3, "got int"),
    ],
)
def test_names_that_cannot_be_used(names, message):
    with pytest.raises(InputError, match=message):
        ours.classification_report([0, 1, 1], [0, 1, 0], class_names=names)


def test_a_padding_label_needs_no_matrix():
    preds, targets = [3, 4, 3, 65535], [3, 4, 65535, 65535]
    assert (
        ours.accuracy(preds, targets) == ours.accuracy(np.array(preds, np.uint16), np.array(targets, np.uint16)) == 0.75
    )
    assert ours.recall(preds, targets, average="weighted") == 0.75
    with pytest.warns(UndefinedMetricWarning, match="for class 0, 1, 2, 5.* and 65,523 more"):
        assert len(ours.precision(preds, targets)) == 65536
    report = ours.classification_report(preds, targets)
    assert len(report.splitlines()) == 8
    assert "65,533 of which never occur" in report
    low, high = ours.bootstrap_interval(ours.accuracy, preds, targets)
    assert 0 <= low < high <= 1
    with pytest.raises(InputError, match=r"65,536 classes would take 34 GB.*padding label"):
        ours.confusion_matrix(preds, targets)
    with pytest.raises(InputError, match="got 0 to 1099511627776"):
        ours.recall([0, 1], [0, 2**40])


def test_bootstrap_of_cells_is_that_of_the_whole_matrix():
    preds, targets = labels(n=200, classes=5)
    rng, matrix = np.random.default_rng(3), ours.confusion_matrix(preds, targets).numpy()
    drawn = rng.multinomial(200, matrix.ravel() / 200, size=500).reshape(500, 5, 5)
    f1 = 2 * np.diagonal(drawn, axis1=1, axis2=2) / (drawn.sum(1) + drawn.sum(2))
    low, high = ours.bootstrap_interval(ours.f1, preds, targets, resamples=500, seed=3)
    np.testing.assert_allclose([low, high], np.quantile(f1, [0.025, 0.975], axis=0))

"""What common evaluation code gets wrong: each test runs it, shows the harm, and shows ours without it.

The numbers in the names are those of the errata list: claims and listings in widely read tutorials.
"""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics as sk
from sklearn.datasets import load_breast_cancer
from torch import nn

from course_lib.data import batches, digits, tumours
from course_lib.errors import InputError
from course_lib.evaluation import evaluate, evaluation_mode
from course_lib.metrics import average_precision, class_scores, confusion_matrix, precision, recall, roc_auc
from course_lib.models import build_model

DEVICES = pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=[
                pytest.mark.gpu,
                pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
            ],
        ),
    ],
)


def common_evaluate(model, loader, loss_fn, device="cpu"):
    """The listing that most tutorials have, mistakes included."""
    model.eval()
    total_loss, all_preds, all_labels = 0.0, [], []
    with torch.no_grad():
        for inputs, labels in loader:
            outputs = model(inputs.to(device))
            total_loss += loss_fn(outputs, labels.to(device)).item()
            _, predicted = torch.max(outputs.data, 1)
            all_preds.extend(predicted.cpu().numpy())
            all_labels.extend(labels.numpy())
    return total_loss / len(loader), all_preds, all_labels


def in_batches(x, y, size):
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(y), size)]


@pytest.fixture(scope="module")
def trained():
    """A digits network with batch norm and dropout, as a factory of fresh copies."""
    torch.manual_seed(0)
    model = build_model({"kind": "mlp", "hidden": 64})
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for x, y in (batch for epoch in range(8) for batch in batches(digits().train, 64, shuffle=True, seed=epoch)):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return lambda: copy.deepcopy(model)


@DEVICES
def test_04_mean_of_batch_means(device):
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(103, 3, generator=generator), torch.randint(0, 3, (103,), generator=generator)
    logits[96:] += 20 * F.one_hot((targets[96:] + 1) % 3, 3)  # the short last batch is hard
    loader, true = in_batches(logits, targets, 32), F.cross_entropy(logits, targets).item()
    assert common_evaluate(nn.Identity(), loader, F.cross_entropy)[0] > 2 * true
    moved = [(x.to(device), y) for x, y in loader]
    assert evaluate(nn.Identity().to(device), moved, loss_fn=F.cross_entropy, device=device).loss == pytest.approx(true)

    # Weighting by batch size is not enough either, once classes have weights.
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1, 10]))
    by_size = sum(weighted(x, y).item() * len(y) for x, y in loader) / 103
    true = weighted(logits, targets).item()
    assert abs(by_size - true) > 0.1
    assert evaluate(nn.Identity(), loader, loss_fn=weighted).loss == pytest.approx(true)

    with pytest.raises(ZeroDivisionError):
        common_evaluate(nn.Identity(), [], F.cross_entropy)
    with pytest.raises(InputError, match="no example"):
        evaluate(nn.Identity(), [], loss_fn=F.cross_entropy)


def test_05_weighted_averages_hide_the_rare_class():
    targets, preds = np.r_[np.zeros(980, int), np.ones(20, int)], np.zeros(1000, int)
    preds[980:983], preds[:3] = 1, 1  # 3 of 20 frauds found, 3 false alarms
    common = sk.precision_recall_fscore_support(targets, preds, average="weighted")[:3]
    assert all(score > 0.97 for score in common)
    assert common[1] == sk.accuracy_score(targets, preds)
    scores = class_scores(preds, targets)
    assert scores.recall[1] == 0.15
    assert scores.precision[1] == 0.5
    assert scores.f1[1] < 0.24
    assert recall(preds, targets, average="macro") < 0.6


@DEVICES
def test_06_evaluation_leaves_the_model_as_it_was(trained, device):
    model, loader = trained().to(device), batches(digits().test, 64)
    common_evaluate(model, loader, F.cross_entropy, device)
    assert not model.training  # training would go on without dropout
    model.train()
    found = evaluate(model, loader, loss_fn=F.cross_entropy)
    assert model.training
    assert found.n == 360
    assert isinstance(found.logits, torch.Tensor)  # not 3,600 NumPy scalars in a list


def test_07_the_confusion_matrix_has_one_orientation():
    symmetric = sk.confusion_matrix([1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1])
    assert (symmetric == symmetric.T).all()  # the tutorial's example can't show which way round it is
    targets, preds = [1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 1]
    tp, fp, fn, _ = sk.confusion_matrix(targets, preds).ravel()  # as its table "TP FP / FN TN" suggests
    assert tp / (tp + fp) == 0.75 != sk.precision_score(targets, preds) == 0.5
    assert tp / (tp + fn) == 0.6 != sk.recall_score(targets, preds) == 1 / 3
    _, fp, fn, tp = confusion_matrix(preds, targets).ravel().tolist()
    assert tp / (tp + fp) == precision(preds, targets)[1] == sk.precision_score(targets, preds)
    assert tp / (tp + fn) == recall(preds, targets)[1] == sk.recall_score(targets, preds)


def test_08_every_head_has_an_auc():
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, 3, (300,), generator=generator)
    logits = torch.randn(300, 3, generator=generator) + F.one_hot(targets, 3)
    with pytest.raises(ValueError, match="multi_class must be in"):
        sk.roc_auc_score(targets, logits.softmax(1))
    assert 0.6 < roc_auc(evaluate(nn.Identity(), [(logits, targets)])) < 0.9

    one, yes = 100 * logits[:, :1], (targets == 0).long()  # a sure one-logit head
    with pytest.raises(IndexError):
        one.softmax(1)[:, 1]
    assert torch.max(one, 1).indices.sum() == 0  # it never says yes
    found = evaluate(nn.Identity(), [(one, yes)])
    assert found.preds.sum() > 0
    assert sk.roc_auc_score(yes, one.sigmoid()) < roc_auc(found) - 0.01  # float32 probabilities tie at 0 and 1
    assert roc_auc(found) == pytest.approx(sk.roc_auc_score(yes, one))


def test_16_what_inference_saves_is_memory():
    net, x = nn.Sequential(*[nn.Sequential(nn.Linear(64, 64), nn.ReLU()) for _ in range(4)]), torch.ones(256, 64)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (kept.append(t.nbytes), t)[1], lambda t: t):
        net.eval()(x)
        with_eval_only, _ = sum(kept), kept.clear()
        with evaluation_mode(net):
            net(x)
        ours = sum(kept)
    assert with_eval_only > 4 * 256 * 64 * 4  # every layer's input, for a backward that never comes
    assert ours == 0


def test_17_labels_need_no_activation():
    two, one = torch.tensor([[0.0, 1e-9]]), torch.tensor([[1e-9]])
    # Rounding in float32 even takes the answer away: both probabilities become exactly one half.
    assert two.softmax(1).argmax(1).item() == 0
    assert (one.sigmoid() > 0.5).item() is False
    yes = torch.tensor([1])
    assert evaluate(nn.Identity(), [(two, yes)]).preds.item() == 1
    assert evaluate(nn.Identity(), [(one, yes)]).preds.item() == 1


def test_19_equal_parameters_are_not_an_equal_model(trained):
    model, loader = trained(), batches(digits().test, 64)
    other = copy.deepcopy(model)
    other.layers[2].running_mean += 1
    both = zip(model.parameters(), other.parameters(), strict=True)
    assert all(torch.equal(p, q) for p, q in both)  # the common check: it forgets the buffers
    nothing = zip(model.parameters(), nn.Identity().parameters(), strict=False)
    assert all(torch.equal(p, q) for p, q in nothing)  # and an empty list passes
    assert evaluate(model, loader).fingerprint() != evaluate(other, loader).fingerprint()
    assert evaluate(model, loader).fingerprint() == evaluate(copy.deepcopy(model), loader).fingerprint()


def test_24_a_tiny_difference_is_a_signal():
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(1000, 2, generator=generator), torch.randint(0, 2, (1000,), generator=generator)
    damaged = logits.clone()
    damaged[0] = damaged[0].flip(0)
    before, after = (evaluate(nn.Identity(), [(x, targets)]) for x in (logits, damaged))
    assert 0 < abs(before.accuracy - after.accuracy) < 0.01  # "within a tiny margin": accepted
    assert before.fingerprint() != after.fingerprint()
    assert before.fingerprint() == evaluate(nn.Identity(), [(logits.clone(), targets)]).fingerprint()


def test_25_equal_confusion_matrices_different_predictions():
    targets = torch.tensor([1] * 55 + [0] * 45)
    first = torch.tensor([1] * 50 + [0] * 5 + [1] * 10 + [0] * 35)
    second = torch.tensor([0] * 5 + [1] * 50 + [0] * 35 + [1] * 10)
    assert (first != second).sum() == 30
    matrices = [sk.confusion_matrix(targets, preds).tolist() for preds in (first, second)]
    assert matrices[0] == matrices[1] == [[35, 10], [5, 50]]  # "loaded correctly"
    made = [evaluate(nn.Identity(), [(F.one_hot(p, 2).float(), targets)]) for p in (first, second)]
    assert torch.equal(made[0].confusion, made[1].confusion)
    assert made[0].fingerprint() != made[1].fingerprint()


@DEVICES
def test_26_a_forgotten_eval_looks_like_a_damaged_file(trained, device):
    def accuracy_without_eval(model, loader):
        with torch.no_grad():
            return np.mean([(model(x.to(device)).argmax(1).cpu() == y).float().mean() for x, y in loader])

    x, y = digits().test.tensors
    sorted_by_class = in_batches(x[y.argsort()], y[y.argsort()], 36)
    model = trained().to(device)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    honest = evaluate(model, in_batches(x, y, 64)).accuracy
    assert honest > 0.93
    assert evaluate(model, in_batches(x, y, 2)).accuracy == honest
    assert evaluate(model, sorted_by_class).accuracy == honest
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())

    assert accuracy_without_eval(trained().to(device), in_batches(x, y, 2)) < honest - 0.2
    assert accuracy_without_eval(model, sorted_by_class) < honest - 0.3
    # And no_grad did not protect the statistics: the model itself has changed.
    assert not torch.equal(before["layers.2.running_mean"], model.state_dict()["layers.2.running_mean"])


def test_29_accuracy_comes_with_its_baseline():
    targets, preds = np.r_[np.zeros(9775, int), np.ones(225, int)], np.zeros(10_000, int)
    preds[9775 : 9775 + 27] = 1  # 12 % of the frauds
    preds[:2] = 1
    accuracy = sk.accuracy_score(targets, preds)
    assert round(accuracy, 2) == 0.98  # all that the common code prints
    logits = F.one_hot(torch.from_numpy(preds), 2).float()
    report = evaluate(nn.Identity(), [(logits, torch.from_numpy(targets))]).report(["honest", "fraud"])
    assert 'accuracy 0.980 (always "honest": 0.978)' in report
    assert "0.120" in next(line for line in report.splitlines() if line.startswith("fraud"))


def test_30_one_is_malignant():
    data = load_breast_cancer()
    assert data.target_names[1] == "benign"  # so recall_score's default is the recall of the harmless ones
    splits = tumours()
    x, y = splits.test.tensors
    malignant = sum(int(part.tensors[1].sum()) for part in (splits.train, splits.validation, splits.test))
    assert malignant == (data.target == 0).sum() == 212
    preds = (x[:, 20] > 0).long()  # "its worst radius is above the average"
    sklearns_labels = 1 - y.long()
    common = sk.recall_score(sklearns_labels, 1 - preds)
    assert common == pytest.approx(recall(preds, y)[0])  # benign
    assert recall(preds, y)[1] == pytest.approx(sk.recall_score(sklearns_labels, 1 - preds, pos_label=0))
    assert recall(preds, y)[1] != common


def test_31_an_auc_does_not_say_excellent():
    rng = np.random.default_rng(0)

    def at(share):
        y = (rng.random(200_000) < share).astype(int)
        s = rng.normal(size=200_000) + 2 * y
        return roc_auc(s, y), average_precision(s, y)

    (common_auc, common_ap), (rare_auc, rare_ap) = at(0.5), at(0.01)
    assert min(common_auc, rare_auc) > 0.9  # "excellent", both of them
    assert common_ap > 0.9
    assert rare_ap < 0.35
    upside_down = roc_auc([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0])
    assert upside_down == 0.0  # not "fail": flip the sign and it is perfect
    assert roc_auc([-0.1, -0.2, -0.8, -0.9], [1, 1, 0, 0]) == 1.0
    assert math.isclose(common_auc, rare_auc, abs_tol=0.02)

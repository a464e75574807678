"""evaluate(): exact whatever the batches, without side effects, and loud about what can't be evaluated."""

import math
import subprocess
import sys
import warnings
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import course_lib.evaluation.loop
from course_lib.errors import InputError
from course_lib.evaluation import Evaluation, evaluate, evaluation_mode

N, C = 103, 5


@pytest.fixture
def logits():
    return 3 * torch.randn(N, C, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def targets():
    return torch.randint(0, C, (N,), generator=torch.Generator().manual_seed(1))


def in_batches(inputs, targets, size):
    return [(inputs[i : i + size], targets[i : i + size]) for i in range(0, len(targets), size)]


def noisy_net():
    """Batch norm and dropout, with statistics that are not the initial ones."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
    net(torch.randn(64, 4))
    return net


# evaluation_mode


def test_mode_restores_every_flag_also_after_an_error():
    net = noisy_net()
    net[1].eval()
    before = [module.training for module in net.modules()]
    with evaluation_mode(net):
        assert not any(module.training for module in net.modules())
        assert not torch.is_grad_enabled()
    assert [module.training for module in net.modules()] == before
    with pytest.raises(KeyError), evaluation_mode(net):
        raise KeyError
    assert [module.training for module in net.modules()] == before
    assert torch.is_grad_enabled()


def test_mode_restores_when_a_module_refuses_eval():
    class Stubborn(nn.Module):
        def train(self, mode=True):
            raise RuntimeError("not me")

    net = noisy_net()
    with pytest.raises(RuntimeError, match="not me"), evaluation_mode(net, Stubborn()):
        pass
    assert all(module.training for module in net.modules())
    assert torch.is_grad_enabled()


def test_mode_switches_several_models_and_decorates():
    first, second = noisy_net(), noisy_net()

    @evaluation_mode(first, second)
    def flags():
        return first.training, second.training

    assert flags() == (False, False) == flags()
    assert first.training
    assert second.training


def test_mode_refuses_a_list():
    with pytest.raises(InputError, match=r"got list.*Unpack"), evaluation_mode([noisy_net()]):
        pass


# the loss


LOSSES = {
    "plain": nn.CrossEntropyLoss(),
    "function": F.cross_entropy,
    "weights": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1, 10, 0.1, 3])),
    "smoothing": nn.CrossEntropyLoss(label_smoothing=0.2),
    "all of it": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1, 10, 0.1, 3]), label_smoothing=0.2, ignore_index=4),
    "partial": partial(F.cross_entropy, ignore_index=2, label_smoothing=0.1),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "nll": nn.NLLLoss(weight=torch.tensor([1.0, 1, 10, 0.1, 3])),
    "nll function": F.nll_loss,
}


@pytest.mark.parametrize("size", [1, 32, 50, 103])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_is_that_of_all_examples_at_once(name, size, logits, targets):
    loss_fn = LOSSES[name]
    logits[96:] += 20 * F.one_hot((targets[96:] + 1) % C, C)  # the short last batch is the hardest
    expected = loss_fn(logits, targets).item()
    evaluation = evaluate(nn.Identity(), in_batches(logits, targets, size), loss_fn=loss_fn)
    assert evaluation.loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "sum"])
def test_loss_without_the_logits_is_the_same(name, logits, targets, monkeypatch):
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 7 * C)  # so that there are many bites
    targets[:20] = -100 if ignored_is_default(LOSSES[name]) else targets[:20]
    loss_fn = LOSSES[name]
    whole = evaluate(nn.Identity(), in_batches(logits, targets, 6), loss_fn=loss_fn)
    bites = evaluate(nn.Identity(), in_batches(logits, targets, 6), loss_fn=loss_fn, keep_logits=False)
    assert bites.loss == pytest.approx(loss_fn(logits, targets).item(), rel=1e-5)
    assert torch.equal(bites.confusion, whole.confusion)
    assert (bites.n, bites.accuracy) == (whole.n, whole.accuracy)


def ignored_is_default(loss_fn):
    options = loss_fn.keywords if isinstance(loss_fn, partial) else vars(loss_fn)
    return options.get("ignore_index", -100) == -100


def test_a_whole_batch_of_ignored_targets_does_no_harm(logits, targets, monkeypatch):
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 1)
    targets[32:64] = -100
    assert math.isnan(F.cross_entropy(logits[32:64], targets[32:64]).item())  # what a mean of means meets
    for keep in (True, False):
        found = evaluate(nn.Identity(), in_batches(logits, targets, 32), loss_fn=F.cross_entropy, keep_logits=keep)
        assert found.loss == pytest.approx(F.cross_entropy(logits, targets).item(), rel=1e-6)
        assert found.n == found.confusion.sum() == N - 32
        kept = targets != -100
        right = (logits.argmax(1)[kept] == targets[kept]).float().mean().item()
        assert found.accuracy == pytest.approx(right)


def test_ignored_targets_stay_aligned_with_the_logits(logits, targets):
    targets[3] = -100
    found = evaluate(nn.Identity(), in_batches(logits, targets, 32), loss_fn=F.cross_entropy)
    assert torch.equal(found.targets, targets)
    assert torch.equal(found.logits, logits)
    assert found.counted.logical_not().nonzero().tolist() == [[3]]


def test_one_logit_loss_with_int_and_float_targets(logits, targets):
    yes = (targets > 2).long()
    loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))
    expected = loss_fn(logits[:, 0], yes.float()).item()
    for labels in (yes, yes.float(), yes.bool()):
        for keep in (True, False):
            batches = in_batches(logits[:, :1], labels, 32)
            found = evaluate(nn.Identity(), batches, loss_fn=loss_fn, keep_logits=keep)
            assert found.loss == pytest.approx(expected, rel=1e-6)


def test_own_loss_needs_the_logits(logits, targets):
    def root_mean(logits, targets):  # not a mean of anything per example
        return F.cross_entropy(logits, targets).sqrt()

    batches = in_batches(logits, targets, 32)
    found = evaluate(nn.Identity(), batches, loss_fn=root_mean)
    assert found.loss == pytest.approx(root_mean(logits, targets).item())
    with pytest.raises(InputError, match=r"can't be added up exactly. Use keep_logits=True"):
        evaluate(nn.Identity(), batches, loss_fn=root_mean, keep_logits=False)

    class Focal(nn.CrossEntropyLoss):  # a subclass may compute something else
        def forward(self, logits, targets):
            return super().forward(logits, targets) ** 2

    with pytest.raises(InputError, match="can't be added up"):
        evaluate(nn.Identity(), batches, loss_fn=Focal(), keep_logits=False)


def test_loss_must_be_one_number(logits, targets):
    with pytest.raises(InputError, match=r"one number.*\(103,\).*reduction='mean'"):
        evaluate(nn.Identity(), [(logits, targets)], loss_fn=nn.CrossEntropyLoss(reduction="none"))


def test_cross_entropy_on_one_logit_is_refused(logits, targets):
    # PyTorch takes N logits for the N classes of one example, and says nothing
    F.cross_entropy(logits[:, 0], (targets > 2).float())
    with pytest.raises(InputError, match="BCEWithLogitsLoss"):
        evaluate(nn.Identity(), [(logits[:, :1], targets > 2)], loss_fn=F.cross_entropy)


# what is in an Evaluation


def test_c_logits(logits, targets):
    found = evaluate(nn.Identity(), in_batches(logits, targets, 32))
    assert torch.equal(found.preds, logits.argmax(1))
    assert torch.equal(found.probabilities, logits.softmax(1))
    assert found.loss is None
    assert found.n == N
    for true in range(C):
        for pred in range(C):
            cell = ((targets == true) & (logits.argmax(1) == pred)).sum()
            assert found.confusion[true, pred] == cell
    with pytest.raises(AttributeError):
        found.loss = 0


@pytest.mark.parametrize("shape", [(N, 1), (N,)])
def test_one_logit(shape, logits, targets):
    yes = targets > 2
    found = evaluate(nn.Identity(), in_batches(logits[:, 0].reshape(shape), yes, 32))
    assert found.logits.shape == found.targets.shape == found.probabilities.shape == (N,)
    assert found.targets.dtype == torch.int64
    assert torch.equal(found.preds, (logits[:, 0] > 0).long())
    assert found.preds.sum() > 0  # argmax(1) would say 0 for all
    assert found.confusion.tolist() == [
        [(~yes & (logits[:, 0] <= 0)).sum(), (~yes & (logits[:, 0] > 0)).sum()],
        [(yes & (logits[:, 0] <= 0)).sum(), (yes & (logits[:, 0] > 0)).sum()],
    ]


def test_a_class_that_never_occurs_keeps_its_row(logits):
    found = evaluate(nn.Identity(), [(logits, torch.zeros(N, dtype=torch.int64))])
    assert found.confusion.shape == (C, C)


def test_half_precision_is_widened(logits, targets):
    found = evaluate(nn.Identity(), [(logits.bfloat16(), targets)], loss_fn=F.cross_entropy)
    assert found.logits.dtype == torch.float32
    assert found.loss == pytest.approx(F.cross_entropy(logits.bfloat16().float(), targets).item())
    assert evaluate(nn.Identity(), [(logits.double(), targets)]).logits.dtype == torch.float64


def test_fingerprint_sees_one_bit_and_a_swap(logits, targets):
    def print_of(logits, targets, size=32):
        return evaluate(nn.Identity(), in_batches(logits, targets, size)).fingerprint()

    first = print_of(logits, targets)
    assert first == print_of(logits, targets, size=7)
    assert len(first) == 64
    nudged = logits.clone()
    nudged[50, 2] = torch.nextafter(nudged[50, 2], torch.tensor(math.inf))
    assert print_of(nudged, targets) != first
    assert print_of(logits.flip(0), targets.flip(0)) != first
    assert print_of(logits, (targets + 1) % C) != first


def test_report_names_classes_and_baseline(logits, targets):
    found = evaluate(nn.Identity(), [(logits, targets)], loss_fn=F.cross_entropy)
    text = found.report(["ant", "bee", "cat", "dog", "elephant"])
    assert f"loss {found.loss:.4f}" in text
    commonest = targets.bincount().max().item() / N
    assert f": {commonest:.3f})" in text
    assert "elephant" in text
    assert "macro" in text
    with pytest.raises(InputError, match="5 classes need as many names; got 1"):
        found.report(["ant"])


def test_without_logits_memory_is_bounded_and_the_rest_says_why(logits, targets, monkeypatch):
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 40 * C)
    alive, most = [0], [0]

    class Counting(nn.Module):
        def forward(self, x):
            return x

    real_add = course_lib.evaluation.loop._Total.add

    def counting_add(self, held):
        most[0] = max(most[0], sum(len(y) for _, y in held))
        alive[0] += 1
        real_add(self, held)

    monkeypatch.setattr(course_lib.evaluation.loop._Total, "add", counting_add)
    found = evaluate(Counting(), in_batches(logits, targets, 10), keep_logits=False)
    assert alive[0] == 3
    assert most[0] == 40
    assert found.logits is None
    assert found.targets is None
    assert found.n == N
    for what in ("preds", "probabilities"):
        with pytest.raises(InputError, match="keep_logits=True"):
            getattr(found, what)
    with pytest.raises(InputError, match="keep_logits=True"):
        found.fingerprint()
    assert "macro" in found.report()


# no side effects


@pytest.mark.parametrize("keep", [True, False])
def test_evaluating_changes_nothing_in_the_model(keep):
    net = noisy_net()
    net[3].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    flags = [module.training for module in net.modules()]
    evaluate(net, [(torch.randn(8, 4), torch.zeros(8, dtype=torch.int64))], keep_logits=keep)
    assert [module.training for module in net.modules()] == flags
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_flags_come_back_after_a_bad_batch():
    net = noisy_net()
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        evaluate(net, [(torch.randn(8, 99), torch.zeros(8, dtype=torch.int64))])
    assert net.training


def test_an_unshuffled_loader_leaves_the_global_random_state_alone(logits, targets):
    loader = DataLoader(TensorDataset(logits, targets), 32)
    before = torch.get_rng_state()
    evaluate(nn.Identity(), loader)
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_that_ignores_eval_shows_as_a_changing_fingerprint(logits, targets):
    class Noisy(nn.Module):
        def forward(self, x):
            return F.dropout(x, 0.5)

    assert evaluate(Noisy(), [(logits, targets)]).fingerprint() != evaluate(Noisy(), [(logits, targets)]).fingerprint()


def test_what_a_data_set_caches_can_still_be_trained_on():
    cache = {}

    def batches():
        if "x" not in cache:
            cache["x"] = torch.randn(8, 4)
        yield cache["x"], torch.zeros(8, dtype=torch.int64)

    net = noisy_net()
    evaluate(net, batches())
    assert not cache["x"].is_inference()
    net(cache["x"]).sum().backward()


def test_logits_are_ordinary_tensors_that_keep_no_larger_storage(targets):
    class LastOfSequence(nn.Module):
        def forward(self, x):
            return x.expand(100, *x.shape).contiguous()[-1]

    x = torch.randn(N, C)
    found = evaluate(LastOfSequence(), in_batches(x, targets, 32))
    assert not found.logits.is_inference()
    assert found.logits.untyped_storage().nbytes() == x.nbytes
    scale = torch.ones(1, requires_grad=True)
    (found.logits * scale).sum().backward()  # inference tensors could not be saved for this


def test_a_buffer_that_the_model_uses_again_is_copied(logits, targets):
    class Reusing(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = torch.empty(1, C)

        def forward(self, x):
            return self.out.copy_(x)

    assert torch.equal(evaluate(Reusing(), in_batches(logits, targets, 1)).logits, logits)


def test_nested_inputs_and_a_progress_bar_on_stdout(logits, targets, capsys):
    class Picks(nn.Module):
        def forward(self, batch):
            return batch["x"][0]

    batches = [({"x": (x, None)}, y) for x, y in in_batches(logits, targets, 32)]
    assert torch.equal(evaluate(Picks(), batches, progress=True).logits, logits)
    seen = capsys.readouterr()
    assert "0/4" in seen.out
    assert seen.err == ""


# errors


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "no example.*empty.*DataLoader"),
        (iter(()), "no example"),
        ([torch.zeros(4, 2)], r"Batch 0: expected \(inputs, targets\)"),
        ([(torch.zeros(4, 2), torch.zeros(4).long(), 1)], "Batch 0: expected.*got tuple of 3"),
        ([(torch.zeros(4, 2), [0, 1, 0, 1])], "Batch 0: expected"),
        ([(torch.zeros(4, 2), torch.zeros(4, 1).long())], r"shape \(4,\), got \(4, 1\).*squeeze\(1\)"),
        ([(torch.zeros(4, 1), torch.zeros(4, 1))], r"shape \(4,\), got \(4, 1\).*squeeze\(1\)"),
        ([(torch.zeros(4, 2), torch.zeros(4, 2).long())], r"one-hot.*argmax\(1\)"),
        ([(torch.zeros(4, 2), torch.zeros(3).long())], r"4 rows of logits need targets of shape \(4,\)"),
        ([(torch.zeros(4, 2, 3), torch.zeros(4).long())], r"got torch.float32 \(4, 2, 3\)"),
        ([(torch.tensor(1.0), torch.tensor(1))], r"\(B,\); got torch.float32 \(\).*squeeze"),
        ([(torch.zeros(4).long(), torch.zeros(4).long())], "float logits"),
        ([(torch.zeros(4, 3), torch.tensor([0, 1, 2, 3]))], "between 0 and 2; got 0 to 3.*counted from 1"),
        ([(torch.zeros(4, 3), torch.tensor([0, 1, 2, -100]))], "got -100 to 2"),
        ([(torch.zeros(4, 1), torch.tensor([0, 1, 2, 1]))], "between 0 and 1"),
        ([(torch.zeros(2), torch.tensor([0.2, 1.0]))], "class indices.*fractions"),
        ([(torch.tensor([[1.0, math.nan]]), torch.tensor([0]))], "1 of 2 logits are NaN"),
    ],
)
@pytest.mark.parametrize("keep", [True, False])
def test_what_cannot_be_evaluated(batches, message, keep):
    with pytest.raises(InputError, match=message):
        evaluate(nn.Identity(), batches, keep_logits=keep)


def test_only_ignored_targets():
    batch = (torch.zeros(2, 3), torch.tensor([-100, -100]))
    with pytest.raises(InputError, match="all its targets are ignored"):
        evaluate(nn.Identity(), [batch], loss_fn=F.cross_entropy)


def test_model_that_returns_no_tensor_or_is_no_module():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    batch = (torch.zeros(2, 3), torch.tensor([0, 1]))
    with pytest.raises(InputError, match=r"Batch 0: the model must return float logits.*got tuple"):
        evaluate(Pair(), [batch])
    with pytest.raises(InputError, match=r"Expected nn.Module, got function"):
        evaluate(lambda x: x, [batch])


def test_device_is_checked_not_changed():
    net = noisy_net()
    batch = (torch.zeros(2, 4), torch.tensor([0, 1]))
    assert evaluate(net, [batch], device="cpu").n == 2
    with pytest.raises(InputError, match=r"on cpu, not on meta.*model.to\('meta'\)"):
        evaluate(net, [batch], device="meta")
    assert next(net.parameters()).device.type == "cpu"


def test_import_is_light():
    heavy = "sklearn matplotlib IPython ipywidgets nbgrader scipy pandas"
    code = f"import sys, course_lib.evaluation; print([m for m in '{heavy}'.split() if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_evaluation_can_be_built_by_hand():
    made = Evaluation(None, None, 0.5, torch.tensor([[3, 1], [0, 4]]))
    assert (made.n, made.accuracy) == (8, 7 / 8)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestOnAGpu:
    def test_same_result_as_on_the_cpu_and_no_wait_per_batch(self):
        net = noisy_net()
        x, y = torch.randn(1000, 4), torch.randint(0, 3, (1000,))
        loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3]))
        cpu = evaluate(net, in_batches(x, y, 64), loss_fn=loss_fn)
        net.cuda(), loss_fn.cuda()
        batches = in_batches(x.cuda(), y.cuda(), 64)

        class Quiet(nn.Module):
            """From the second batch on, any synchronisation before the last batch is an error."""

            def __init__(self):
                super().__init__()
                self.net, self.seen = net, 0

            def forward(self, x):
                self.seen += 1
                torch.cuda.set_sync_debug_mode("default" if self.seen == len(batches) else "error")
                return self.net(x)

        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "Synchronization debug mode is a prototype"
            )  # torch's own, once a process
            try:
                gpu = evaluate(Quiet(), batches, loss_fn=loss_fn)
            finally:
                torch.cuda.set_sync_debug_mode("default")
        assert gpu.logits.device.type == gpu.confusion.device.type == "cpu"
        assert torch.allclose(gpu.logits, cpu.logits, atol=1e-4)
        assert gpu.loss == pytest.approx(cpu.loss, rel=1e-4)

    def test_inputs_are_moved_and_a_model_elsewhere_is_named(self):
        net = noisy_net().cuda()
        batch = (torch.zeros(2, 4), torch.tensor([0, 1]))
        assert evaluate(net, [batch]).n == 2
        assert evaluate(net, [batch], device="cuda").n == 2
        with pytest.raises(InputError, match=r"cuda:0, not on cpu"):
            evaluate(net, [batch], device="cpu")


class Remembers(nn.Module):
    """Makes a table at its first call and keeps it, as rotary embeddings and causal masks do."""

    def __init__(self, buffer):
        super().__init__()
        self.scale, self.head = nn.Parameter(torch.ones(1)), nn.Linear(6, 3)
        self.register_buffer("table", None, persistent=False) if buffer else setattr(self, "table", None)

    def forward(self, x):
        if self.table is None or len(self.table) != x.shape[1]:
            self.table = torch.arange(x.shape[1]).float().cos()
        return self.head(x * self.scale * self.table)


@pytest.mark.parametrize("buffer", [False, True])
@pytest.mark.parametrize("how", ["evaluate", "evaluate in bites", "evaluation_mode"])
def test_a_model_that_kept_what_it_made_while_evaluated_can_still_train(buffer, how):
    model, x = Remembers(buffer), torch.randn(8, 6)
    if how == "evaluation_mode":
        with evaluation_mode(model):
            model(x)
    else:
        evaluate(model, [(x, torch.zeros(8).long())], keep_logits=how == "evaluate")
    model(x).sum().backward()
    assert model.scale.grad is not None
    assert not model.table.is_inference()


# the core meets the world


def test_multi_label_and_soft_targets_are_called_by_their_name():
    model, x = nn.Identity(), torch.randn(4, 5)
    several = torch.tensor([[1, 0, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 0, 0]])
    for targets in (several, several.float(), several.bool()):
        with pytest.raises(InputError, match=r"0 to 5 ones in a row, is multi-label.*logits\[:, k\]"):
            evaluate(model, [(x, targets)])
    with pytest.raises(InputError, match=r"a single 1 in each row is one-hot: use \.argmax\(1\)"):
        evaluate(model, [(x, torch.eye(5)[[1, 3, 0, 4]].double())])
    with pytest.raises(InputError, match="soft labels"):
        evaluate(model, [(x, torch.rand(4, 5).softmax(1))])


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    ("last", "x"),
    [
        (nn.Softmax(1), torch.linspace(-3, 3, 60).reshape(20, 3)),
        (nn.Softmax(1), torch.linspace(-3, 3, 60).reshape(20, 3).half()),
        (nn.Sigmoid(), torch.linspace(-3, 3, 20).reshape(20, 1)),
        (nn.Sigmoid(), torch.linspace(-3, 3, 60).reshape(20, 3)),
    ],
)
def test_a_model_that_ends_in_softmax_or_sigmoid_is_noticed(last, x, keep, monkeypatch):
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 9)
    batches = in_batches(x, torch.zeros(20).long(), 4)
    with pytest.warns(UserWarning, match=f"as after a {type(last).__name__.lower()}, but evaluate needs") as caught:
        evaluate(last, batches, keep_logits=keep)
    assert caught[0].filename == __file__
    # A single example outside of 0 to 1 clears it: a warning here is an error, as in all tests.
    evaluate(nn.Identity(), [*in_batches(last(x), torch.zeros(20).long(), 4), (x[:2] + 9, torch.zeros(2))])


def test_outputs_of_a_narrow_range_and_one_hot_outputs_are_no_probabilities():
    evaluate(nn.Identity(), [(torch.linspace(0.2, 0.5, 9), torch.zeros(9))])
    evaluate(nn.Identity(), [(torch.eye(3), torch.zeros(3))])
    evaluate(nn.LogSoftmax(1), [(torch.randn(5, 3), torch.zeros(5))], loss_fn=F.nll_loss)


def test_overflowed_half_logits_are_told_and_a_masked_class_is_not():
    big = torch.tensor([[9e4, 1.0], [1.0, 2.0], [3.0, 4.0]]).half()
    with pytest.warns(UserWarning, match=r"1 examples have an infinite logit.*65,504"):
        evaluate(nn.Identity(), [(big, torch.tensor([0, 1, 1]))])
    with pytest.warns(UserWarning, match="2 examples"):
        evaluate(nn.Identity(), [(torch.tensor([-9e4, 9e4, 0.5]).half(), torch.tensor([0, 1, 1]))])
    masked = torch.tensor([[1.0, -math.inf], [2.0, 1.0]]).bfloat16()
    assert evaluate(nn.Identity(), [(masked, torch.tensor([0, 0]))]).accuracy == 1


@pytest.mark.parametrize(("size", "left"), [(7, 5), (100, 3), (4, 3)])
def test_a_loader_that_drops_its_last_batch(size, left, logits, targets):
    loader = DataLoader(TensorDataset(logits, targets), size, drop_last=True)
    with pytest.warns(UserWarning, match=f"drop_last=True: {left} of 103 examples are left out"):
        assert evaluate(nn.Identity(), loader).n == 103 - left
    by_sampler = DataLoader(loader.dataset, batch_sampler=loader.batch_sampler)
    with pytest.warns(UserWarning, match=f"{left} of 103"):
        evaluate(nn.Identity(), by_sampler)


def test_a_loader_that_drops_nothing_is_not_told_off(logits, targets):
    evaluate(nn.Identity(), DataLoader(TensorDataset(logits[:100], targets[:100]), 25, drop_last=True))
    evaluate(nn.Identity(), DataLoader(TensorDataset(logits, targets), 25))
    with pytest.raises(InputError, match=r"no example.*drop_last=True"):
        evaluate(nn.Identity(), DataLoader(TensorDataset(logits, targets), 200, drop_last=True))


@pytest.mark.parametrize(
    ("many", "processes", "drop_last", "told"),
    [
        (103, 4, False, "takes 1 example a second time"),
        (10, 4, False, "takes 2 examples a second time"),
        (103, 4, True, "leaves out 3 examples"),
        (100, 4, False, None),
    ],
)
def test_examples_that_a_distributed_sampler_repeats_or_leaves_out_are_told(many, processes, drop_last, told):
    data = TensorDataset(torch.randn(many, 3), torch.randint(0, 3, (many,)))
    sampler = DistributedSampler(data, processes, 1, shuffle=False, drop_last=drop_last)
    loader = DataLoader(data, 8, sampler=sampler)
    if told is None:
        evaluate(nn.Identity(), loader)
    else:
        with pytest.warns(UserWarning, match=told):
            evaluate(nn.Identity(), loader)


@pytest.mark.parametrize("keep", [True, False])
def test_many_classes_need_no_matrix(keep):
    classes = 40_000
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, classes, (60,), generator=generator)
    logits = torch.randn(60, classes, generator=generator)
    logits[:45] += 99 * F.one_hot(targets[:45], classes)
    targets[0] = 65535
    loss_fn = nn.CrossEntropyLoss(ignore_index=65535)
    found = evaluate(nn.Identity(), in_batches(logits, targets, 7), loss_fn=loss_fn, keep_logits=keep)
    assert (found.n, found.accuracy) == (59, pytest.approx(44 / 59))
    assert found.loss == pytest.approx(loss_fn(logits, targets).item(), rel=1e-5)
    assert found.counts.support[targets[5]] >= 1
    assert len(found.report().splitlines()) < 200
    with pytest.raises(
        InputError, match="13 GB" if keep else r"40,000 classes was kept \(12\.8 GB\).*keep_logits=True"
    ):
        _ = found.confusion


def test_a_matrix_that_was_not_kept_is_made_from_the_logits(logits, targets, monkeypatch):
    targets[4] = -100
    options = {"loss_fn": F.cross_entropy}
    usual = evaluate(nn.Identity(), in_batches(logits, targets, 30), **options)
    monkeypatch.setattr(course_lib.evaluation.loop, "_MATRIX_CLASSES", C - 1)
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 40 * C)
    for keep in (True, False):
        lean = evaluate(nn.Identity(), in_batches(logits, targets, 30), keep_logits=keep, **options)
        assert lean.matrix is None
        assert (lean.n, lean.accuracy, lean.report()) == (usual.n, usual.accuracy, usual.report())
        for mine, theirs in zip(lean.counts, usual.counts, strict=True):
            assert mine.tolist() == theirs.tolist()
        if keep:
            assert torch.equal(lean.confusion, usual.confusion)


def test_many_logits_are_joined_in_pieces_to_the_same_bits(logits, targets, monkeypatch):
    whole = evaluate(nn.Identity(), in_batches(logits, targets, 4), loss_fn=F.cross_entropy)
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", 3 * C)
    for kind in (torch.float32, torch.bfloat16):
        pieces = evaluate(nn.Identity(), in_batches(logits.to(kind), targets, 4), loss_fn=F.cross_entropy)
        assert torch.equal(pieces.logits, logits.to(kind).float())
        assert torch.equal(pieces.targets, targets)
    pieces = evaluate(nn.Identity(), in_batches(logits, targets, 4), loss_fn=F.cross_entropy)
    assert pieces.fingerprint() == whole.fingerprint()
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-6)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("held", [1, 1 << 20])
def test_batches_of_different_width_are_refused(keep, held, logits, targets, monkeypatch):
    monkeypatch.setattr(course_lib.evaluation.loop, "_LOGITS_HELD", held)
    batches = [(logits, targets), (logits[:, :4], targets.clamp(max=3))]
    with pytest.raises(InputError, match="Every batch needs logits of one shape"):
        evaluate(nn.Identity(), batches, keep_logits=keep)

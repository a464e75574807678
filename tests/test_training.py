"""fit, its callbacks, its Ctrl-C, and ModelCheckpoint."""

import _thread
import io
import math
import os
import random
import signal
import subprocess
import sys
import threading
import warnings
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, CyclicLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR
from torch.utils.data import DataLoader, TensorDataset

from course_lib.checkpoints import CheckpointManager, GeneratorState, ModelCheckpoint, RNGState, load_file, save_file
from course_lib.checkpoints.callback import METRICS
from course_lib.errors import CheckpointError, InputError
from course_lib.evaluation import evaluate
from course_lib.training import Callback, Run, fit

LOSS = nn.CrossEntropyLoss()


def data(n=103, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=generator)
    return TensorDataset(x, (x.sum(1) > 0).long())


class Noisy(TensorDataset):
    """Augmentation that draws from the global generator, in the loader."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return x + 0.1 * torch.randn(4), y


class Experiment:
    """Everything a run has, from a seed; batch norm, dropout, shuffling, augmentation, a schedule."""

    def __init__(self, folder, seed=0, *, own_generator=True, scheduler=None, loader=DataLoader, dataset=Noisy):
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.scheduler = CosineAnnealingLR(self.optimizer, 4) if scheduler is None else scheduler(self.optimizer)
        self.generator = torch.Generator().manual_seed(seed) if own_generator else None
        self.batches = loader(dataset(*data().tensors), 16, shuffle=True, generator=self.generator)
        objects = {"rng": RNGState(), "model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}
        if own_generator:
            objects["loader"] = GeneratorState(self.generator)
        self.manager = CheckpointManager(folder, objects, monitor="val_loss")

    def fit(self, epochs=4, **options):
        resume = self.manager.load() if self.manager.files else None
        return fit(
            self.model, self.batches, self.optimizer, LOSS, epochs=epochs, validation=DataLoader(data(50, seed=1), 20),
            scheduler=self.scheduler, manager=self.manager, resume=resume, progress=False, **options,
        )  # fmt: skip

    def weights(self):
        return torch.cat([tensor.flatten().double() for tensor in self.model.state_dict().values()])


# --- one run ----------------------------------------------------------------------------------------------------------


def test_learns_and_reports_one_row_per_epoch(tmp_path):
    experiment = Experiment(tmp_path)
    history = experiment.fit()
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    assert all(list(row) == ["epoch", *METRICS] for row in history)
    assert history[-1]["loss"] < history[0]["loss"]
    assert experiment.scheduler.get_last_lr()[0] == pytest.approx(0, abs=1e-9)
    assert experiment.manager.history[-1]["metrics"]["val_loss"] == history[-1]["val_loss"]
    result = evaluate(experiment.model, [data(50, seed=1).tensors], loss_fn=LOSS)
    assert history[-1]["val_loss"] == pytest.approx(result.loss, rel=1e-6)
    assert history[-1]["val_accuracy"] == result.accuracy


def test_training_loss_is_the_mean_over_examples_not_over_batches():
    x = torch.cat([torch.zeros(96, 1), torch.full((7, 1), 5.0)])
    model = nn.Linear(1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    y = torch.zeros(103, dtype=torch.long)
    batches = list(zip(x.split(32), y.split(32), strict=True))
    history = fit(model, batches, optimizer, LOSS, epochs=1, progress=False)
    assert history[0]["loss"] == pytest.approx(LOSS(model(x), y).item(), rel=1e-6)
    assert history[0]["accuracy"] == (model(x).argmax(1) == y).double().mean().item()


def test_same_weights_as_the_loop_everybody_writes():
    def make():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(), nn.Linear(8, 2))
        return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    batches = [data().tensors] * 3
    model, optimizer = make()
    fit(model, batches, optimizer, LOSS, epochs=2, progress=False)
    plain, its_optimizer = make()
    for _ in range(2):
        for x, y in batches:
            its_optimizer.zero_grad()
            LOSS(plain(x), y).backward()
            its_optimizer.step()
    assert torch.equal(model[0].weight, plain[0].weight)


@pytest.mark.parametrize(
    "head", [nn.Linear(4, 1), nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))], ids=["(B, 1)", "(B,)"]
)
def test_one_logit_heads(head):
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    x, y = data().tensors
    for targets in (y, y.float()):
        history = fit(
            head,
            [(x, targets)],
            optimizer,
            nn.BCEWithLogitsLoss(),
            epochs=20,
            validation=[(x, targets)],
            progress=False,
        )
    assert history[-1]["accuracy"] > 0.9
    assert history[-1]["val_accuracy"] > 0.9


def test_shapes_that_would_broadcast_are_refused():
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = data().tensors
    with pytest.raises(InputError, match=r"targets\.squeeze\(1\)"):
        fit(model, [(x, y[:, None])], optimizer, nn.BCEWithLogitsLoss(), epochs=1, progress=False)


def test_no_batches_is_an_error_not_nan():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    used_up = iter([data().tensors])
    with pytest.raises(InputError, match="used-up iterator"):
        fit(model, used_up, optimizer, LOSS, epochs=2, progress=False)


def test_switches_a_model_in_eval_mode_but_keeps_frozen_layers_frozen():
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[1].eval()
    fit(model, [data().tensors], optimizer, LOSS, epochs=2, validation=[data().tensors], progress=False)
    assert model.training
    assert not model[1].training
    assert model[1].num_batches_tracked == 0
    model.eval()
    fit(model, [data().tensors], optimizer, LOSS, epochs=1, progress=False)
    assert model[1].training
    assert model[1].num_batches_tracked == 1


def test_plateau_scheduler_sees_the_validation_loss():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # so that nothing improves
    optimizer.param_groups[0]["lr"] = 1e-12
    scheduler = ReduceLROnPlateau(optimizer, patience=0, factor=0.5, eps=0)
    fit(
        model,
        [data().tensors],
        optimizer,
        LOSS,
        epochs=3,
        validation=[data().tensors],
        scheduler=scheduler,
        progress=False,
    )
    assert scheduler.get_last_lr()[0] < 1e-12


def test_progress_bar_goes_to_stdout(capsys):
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, [data().tensors] * 2, optimizer, LOSS, epochs=3)
    shown = capsys.readouterr()
    assert "6/6" in shown.out
    assert "accuracy=" in shown.out
    assert shown.err == ""
    fit(model, (data().tensors for _ in range(1)), optimizer, LOSS, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")


# --- one accounting with evaluate -----------------------------------------------------------------------------------


class Hinge(nn.Module):
    """A loss that this library doesn't know, with a label that it ignores."""

    ignore_index = 2

    def forward(self, logits, targets):
        kept = targets != self.ignore_index
        return F.multi_margin_loss(logits[kept], targets[kept])


WEIGHTS = torch.tensor([1.0, 5.0, 0.25])
MEANS = {
    "plain": nn.CrossEntropyLoss(),
    "function": F.cross_entropy,
    "class weights": nn.CrossEntropyLoss(weight=WEIGHTS),
    "smoothed and weighted": nn.CrossEntropyLoss(weight=WEIGHTS, label_smoothing=0.2),
    "another label ignored": nn.CrossEntropyLoss(weight=WEIGHTS, ignore_index=1),
    "a partial": partial(F.cross_entropy, ignore_index=0, label_smoothing=0.1),
    "a weight of zero": nn.CrossEntropyLoss(weight=torch.tensor([0.0, 1.0, 1.0])),
    "a sum": nn.CrossEntropyLoss(reduction="sum", weight=WEIGHTS),
    "a partial sum": partial(F.multi_margin_loss, reduction="sum"),
    "unknown": nn.MultiMarginLoss(),
    "unknown, ignoring": Hinge(),
}
SIZES = (11, 1, 4, 7)


def row_at_rate_zero(model, batches, loss_fn):
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    (row,) = fit(model, batches, optimizer, loss_fn, epochs=1, validation=batches, progress=False)
    return row


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.float32, torch.float64])
@pytest.mark.parametrize("name", MEANS)
def test_with_frozen_weights_training_counts_as_validation_does(name, dtype):
    generator = torch.Generator().manual_seed(3)
    x, y = torch.randn(23, 5, generator=generator), torch.randint(0, 3, (23,), generator=generator)
    if name in ("plain", "function", "class weights", "smoothed and weighted") and dtype != torch.uint8:
        y[torch.rand(23, generator=generator) < 0.3] = -100
        y[12:16] = -100  # a whole batch
    row = row_at_rate_zero(
        nn.Linear(5, 3), list(zip(x.split(SIZES), y.to(dtype).split(SIZES), strict=True)), MEANS[name]
    )
    assert math.isfinite(row["loss"])
    assert row["loss"] == pytest.approx(row["val_loss"], rel=2e-6)
    assert row["accuracy"] == row["val_accuracy"]


@pytest.mark.parametrize("dtype", [torch.int16, torch.float32, torch.bool])
@pytest.mark.parametrize(
    "loss_fn",
    [
        nn.BCEWithLogitsLoss(),
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor(7.0)),
        nn.BCEWithLogitsLoss(weight=torch.tensor([3.0])),
        partial(F.binary_cross_entropy_with_logits, reduction="sum"),
        nn.SoftMarginLoss(),
    ],
)
def test_one_logit_counts_as_validation_does(loss_fn, dtype):
    x = torch.randn(23, 5, generator=torch.Generator().manual_seed(1))
    y = (x.sum(1) > 0.5).to(dtype)
    row = row_at_rate_zero(nn.Linear(5, 1), list(zip(x.split(SIZES), y.split(SIZES), strict=True)), loss_fn)
    assert row["loss"] == pytest.approx(row["val_loss"], rel=2e-6)
    assert row["accuracy"] == row["val_accuracy"]


@pytest.mark.parametrize(
    ("targets", "outputs"),
    [
        (torch.tensor([1, 2, 3, 2]), 3),
        (torch.tensor([0, 255, 1, 2], dtype=torch.uint8), 3),
        (torch.tensor([0, -1, 1, 2]), 3),
        (torch.tensor([0.0, 0.5, 1.0, 2.0]), 3),
        (torch.tensor([0.0, math.nan, 1.0, 2.0]), 3),
        (torch.eye(4)[:, :3], 3),
        (torch.tensor([[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]), 3),
        (torch.tensor([0, 2, 1, 1]), 1),
        (torch.tensor([0.2, 0.9, 0.0, 1.0]), 1),
        (torch.tensor([0, 1, 1]), 3),
    ],
    ids=["from 1", "padded", "-1", "fractions", "nan", "one-hot", "multi-label", "2 of 1", "soft", "too few"],
)
def test_labels_that_evaluate_refuses_are_refused_before_a_step(targets, outputs):
    model, batches = nn.Linear(5, outputs), [(torch.randn(4, 5), targets)]
    loss_fn = nn.CrossEntropyLoss() if outputs > 1 else nn.BCEWithLogitsLoss()
    before = model.weight.clone()
    said = []
    for run in (
        lambda: evaluate(model, batches, loss_fn=loss_fn),
        lambda: fit(model, batches, torch.optim.SGD(model.parameters(), 0.1), loss_fn, epochs=1, progress=False),
    ):
        with pytest.raises(InputError) as caught:
            run()
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize(
    ("outputs", "loss_fn", "words"),
    [
        (1, nn.CrossEntropyLoss(), "one-logit head needs BCEWithLogitsLoss"),
        (2, nn.BCEWithLogitsLoss(), "Several classes.* need CrossEntropyLoss"),
        (2, nn.CrossEntropyLoss(reduction="none"), r"one number as a tensor; got a tensor of shape \(103,\)"),
        (2, lambda logits, targets: 0.5, "one number as a tensor; got 0.5"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused_as_by_evaluate(outputs, loss_fn, words):
    model = nn.Linear(4, outputs)
    for run in (
        lambda: evaluate(model, [data().tensors], loss_fn=loss_fn),
        lambda: fit(
            model, [data().tensors], torch.optim.SGD(model.parameters(), 0.1), loss_fn, epochs=1, progress=False
        ),
    ):
        with pytest.raises(InputError, match=words):
            run()


@pytest.mark.parametrize("loss_fn", [nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction="sum"), Hinge()])
def test_a_batch_without_a_label_that_counts_takes_no_step(loss_fn):
    ignored = -100 if isinstance(loss_fn, nn.CrossEntropyLoss) else 2
    x, y = data(4).tensors
    model = nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5)  # it would move without a gradient
    fit(model, [(x, y)], optimizer, loss_fn, epochs=1, progress=False)
    before = model.weight.clone()
    with pytest.raises(InputError, match="all labels are ignored"):
        fit(model, [(x, torch.full((4,), ignored))], optimizer, loss_fn, epochs=1, progress=False)
    assert torch.equal(before, model.weight)
    (row,) = fit(model, [(x, torch.full((4,), ignored)), (x, y)], optimizer, loss_fn, epochs=1, progress=False)
    assert math.isfinite(row["loss"])
    assert model.weight.isfinite().all()


def test_what_is_no_batch_and_a_model_elsewhere_are_told_as_by_evaluate():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(InputError, match=r"Batch 0: expected \(inputs, targets\).*got dict of 2"):
        fit(model, [{"x": 1, "y": 2}], optimizer, LOSS, epochs=1, progress=False)
    with pytest.raises(InputError, match=r"The model is on cpu, not on meta\. Move it first"):
        fit(model, [data().tensors], optimizer, LOSS, epochs=1, device="meta", progress=False)


# --- before the first step: whose parameters, which schedule ----------------------------------------------------------


def untouched(model, optimizer, words, **options):
    before = [one.detach().clone() for one in model.parameters()]
    with pytest.raises(InputError, match=words):
        fit(model, [data().tensors] * 3, optimizer, LOSS, epochs=2, progress=False, **options)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_an_optimizer_of_another_model_is_refused():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    copied = torch.optim.SGD(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).parameters(), 0.1)
    untouched(model, copied, r"None of the optimizer's 4 parameters is one of the model's 4.*SGD\(model\.parameters")
    frozen = torch.optim.Adam(model[0].requires_grad_(False).parameters())
    untouched(model, frozen, "All of the optimizer's 2 parameters are frozen")


def test_half_a_ghost_is_warned_of_and_what_is_meant_is_silent():
    def train(model, parameters, loss_fn=LOSS):
        fit(model, [data().tensors], torch.optim.SGD(parameters, 0.1), loss_fn, epochs=1, progress=False)

    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    before = list(model.parameters())
    model[1] = nn.Linear(3, 2)
    with pytest.warns(RuntimeWarning, match="2 of the optimizer's 4 .*, and 2 of the model's 4 trainable") as said:
        train(model, before)
    assert said[0].filename == __file__

    class WithScale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, logits, targets):
            return F.cross_entropy(logits * self.scale, targets)

    loss_fn, critic = WithScale(), nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(model, model[1].parameters())  # only a head
        train(model, [*model[1].parameters(), *loss_fn.parameters()], loss_fn)
        train(model, [*model.parameters(), *critic.parameters()])
        train(torch.nn.DataParallel(model), model.parameters())
        model[0].requires_grad_(False)
        train(model, [*model[1].parameters(), *critic.parameters()])


def one_cycle(steps):
    return lambda optimizer: OneCycleLR(optimizer, 0.05, total_steps=steps)


def rates_seen(make, epochs=2):
    """The learning rate of each of 3 batches an epoch, by fit and by the loop that PyTorch's documentation shows."""
    seen = []
    for way in ("fit", "plain"):
        model = nn.Linear(4, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
        scheduler, rates = make(optimizer), []
        optimizer.register_step_pre_hook(lambda one, *_, rates=rates: rates.append(one.param_groups[0]["lr"]))
        if way == "fit":
            options = {"epochs": epochs, "scheduler": scheduler, "progress": False}
            fit(model, [data().tensors] * 3, optimizer, LOSS, **options)
        else:
            for _ in range(3 * epochs):
                optimizer.step()
                scheduler.step()
        seen.append(rates)
    return seen


@pytest.mark.parametrize(
    "make",
    [
        one_cycle(6),
        lambda one: CyclicLR(one, 0.001, 0.1, step_size_up=2),
        lambda one: SequentialLR(one, [LinearLR(one, 0.1, total_iters=2), one_cycle(4)(one)], [2]),
    ],
    ids=["one cycle", "cyclic", "warm-up first"],
)
def test_a_schedule_that_counts_batches_is_stepped_after_each(make):
    ours, theirs = rates_seen(make)
    assert ours == theirs
    assert len(set(ours)) >= 3


def test_a_cycle_too_short_is_refused_with_the_number_to_use():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    words = r"OneCycleLR has 2 steps left, and this run has 6 batches left, of 2 epochs with 3 each.*total_steps=6\."
    untouched(model, optimizer, words, scheduler=one_cycle(2)(optimizer))  # counted in epochs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, [data().tensors] * 3, optimizer, LOSS, epochs=2, scheduler=one_cycle(6)(optimizer), progress=False)
    with pytest.warns(RuntimeWarning, match=r"has 9 steps left.*won't come down.*total_steps=6\."):
        fit(model, [data().tensors] * 3, optimizer, LOSS, epochs=2, scheduler=one_cycle(9)(optimizer), progress=False)


def test_a_scheduler_of_another_optimizer_is_refused():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    another = torch.optim.SGD(model.parameters(), 0.05)
    for make in (one_cycle(6), lambda one: CosineAnnealingLR(one, 2), ReduceLROnPlateau):
        untouched(model, optimizer, "learning rate of another optimizer", scheduler=make(another))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_labels_on_the_cpu_make_no_batch_wait_for_the_gpu():
    model = nn.Linear(4, 2).cuda()
    batches = [tuple(one.pin_memory() for one in data().tensors)] * 3
    loss_fn = nn.CrossEntropyLoss(weight=torch.ones(2)).cuda()
    waits = []

    class Count(Callback):
        def on_fit_start(self, run):
            torch.cuda.set_sync_debug_mode("warn")

        def on_epoch_end(self, run):
            torch.cuda.set_sync_debug_mode("default")

    for number in (1, 3):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            fit(model, batches[:number], optimizer, loss_fn, epochs=1, callbacks=[Count()], progress=False)
        # torch warns once a process that the mode is a prototype; that is no wait
        waits.append(sum("prototype" not in str(warning.message) for warning in caught))
    assert waits[0] == waits[1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_trains_on_a_gpu(tmp_path):
    experiment = Experiment(tmp_path)
    experiment.model.cuda()
    history = experiment.fit(epochs=2)
    assert next(experiment.model.parameters()).is_cuda
    assert math.isfinite(history[-1]["val_loss"])


# --- callbacks ------------------------------------------------------------------------------------------------------


def test_callbacks_see_the_run_and_may_stop_it(tmp_path):
    seen = []

    class Watch(Callback):
        def on_fit_start(self, run):
            seen.append(("start", run.epoch, run.metric_names))

        def on_epoch_end(self, run):
            seen.append((run.epoch, run.metrics, len(run.history)))
            run.stop = run.epoch == 2

        def on_fit_end(self, run):
            seen.append(("end", run.epoch))

    experiment = Experiment(tmp_path)
    history = experiment.fit(callbacks=[Watch(), Callback()])
    assert seen[0] == ("start", 0, METRICS)
    assert [entry[0] for entry in seen] == ["start", 1, 2, "end"]
    assert seen[2][1] == {name: value for name, value in history[1].items() if name != "epoch"}
    assert len(history) == 2
    assert experiment.manager.load().step == 2


# --- resume ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own_generator", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_run_in_two_parts_equals_a_run_in_one(tmp_path, cut, own_generator):
    whole = Experiment(tmp_path / "whole", own_generator=own_generator)
    history = whole.fit()
    Experiment(tmp_path / "parts", own_generator=own_generator).fit(epochs=cut)
    resumed = Experiment(tmp_path / "parts", seed=99, own_generator=own_generator)
    assert resumed.fit() == history
    assert torch.equal(resumed.weights(), whole.weights())
    assert resumed.manager.history == whole.manager.history
    assert resumed.fit() == history  # all epochs are done: nothing happens


def test_a_new_run_in_an_old_folder_fails_before_it_trains(tmp_path):
    Experiment(tmp_path).fit(epochs=2)
    again = Experiment(tmp_path)
    before = again.weights()
    with pytest.raises(InputError, match="steps only go up"):
        fit(again.model, again.batches, again.optimizer, LOSS, epochs=3, manager=again.manager, progress=False)
    assert torch.equal(before, again.weights())
    options = {"epochs": 3, "manager": again.manager, "resume": again.manager.load(), "progress": False}
    before = again.weights()
    with pytest.raises(InputError, match="no step could be best"):  # val_loss is monitored; no validation data
        fit(again.model, again.batches, again.optimizer, LOSS, **options)
    assert torch.equal(before, again.weights())


@pytest.mark.parametrize(
    ("resume", "got"),
    [
        ("last", "'last'"),
        ("runs/step-00000001.pt", "'runs/step-00000001.pt'"),
        (True, "True"),
        (False, "False"),
        (3, "a int"),
        ({"model": {}}, "a dict"),
    ],
)
def test_resume_takes_what_load_returned(tmp_path, resume, got):
    experiment = Experiment(tmp_path)
    experiment.fit(epochs=1)
    for manager in (experiment.manager, None):
        options = {"epochs": 2, "manager": manager, "resume": resume, "progress": False}
        with pytest.raises(InputError, match=rf'resume=manager\.load\("last"\)\); got {got}\. To start anew'):
            fit(experiment.model, experiment.batches, experiment.optimizer, LOSS, **options)


def test_a_loader_that_has_become_shorter_is_told(tmp_path):
    interrupted(Experiment(tmp_path), 5)
    resumed = Experiment(tmp_path)
    options = {"epochs": 4, "manager": resumed.manager, "resume": resumed.manager.load(), "progress": False}
    with pytest.raises(InputError, match="5 batches of this epoch are done, and now there are fewer"):
        fit(resumed.model, list(resumed.batches)[:3], resumed.optimizer, LOSS, validation=[data().tensors], **options)


class VeryNoisy(TensorDataset):
    """Augmentation that draws from all three generators, in whatever process it runs."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return x + 0.1 * torch.randn(4) + random.random() + float(np.random.rand()), y


WORKERS = {"loader": partial(DataLoader, num_workers=2), "dataset": VeryNoisy}


@pytest.mark.parametrize("own_generator", [True, False])
@pytest.mark.parametrize("at", [3, 7, 10])
def test_workers_that_start_anew_each_epoch_resume_exactly(tmp_path, at, own_generator):
    options = WORKERS | {"own_generator": own_generator}
    whole = Experiment(tmp_path / "whole", **options)
    history = whole.fit(epochs=3)
    interrupted(Experiment(tmp_path / "cut", **options), at)
    resumed = Experiment(tmp_path / "cut", seed=99, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert resumed.fit(epochs=3) == history
    assert torch.equal(resumed.weights(), whole.weights())


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # the loader's
def test_workers_that_live_on_are_warned_of(tmp_path):
    options = WORKERS | {"loader": partial(DataLoader, num_workers=1, persistent_workers=True)}
    for epochs in (1, 2):  # a new run, and a resumed one
        with pytest.warns(RuntimeWarning, match="persistent_workers=False") as said:
            Experiment(tmp_path, **options).fit(epochs=epochs)
        assert said[0].filename == __file__
    with warnings.catch_warnings():  # who saves nothing resumes nothing
        warnings.simplefilter("error", RuntimeWarning)
        loader = Experiment(tmp_path / "other", **options).batches
        model = nn.Linear(4, 2)
        fit(model, loader, torch.optim.SGD(model.parameters(), 0.1), LOSS, epochs=1, progress=False)


def test_a_manager_that_saves_something_else_is_warned_of(tmp_path):
    def train(**objects):
        manager = CheckpointManager(tmp_path / str(len(os.listdir(tmp_path))), objects)
        optimizer = objects.get("optimizer") or torch.optim.SGD(model.parameters(), 0.1)
        if "other" in objects:
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
        fit(model, [data().tensors], optimizer, LOSS, epochs=1, manager=manager, progress=False)

    model, stale = nn.Linear(4, 2), nn.Linear(4, 2)
    with pytest.warns(RuntimeWarning, match="saves another model than the one"):
        train(model=stale)
    with pytest.warns(RuntimeWarning, match="saves another optimizer than the one"):
        train(model=model, other=torch.optim.SGD(stale.parameters(), 0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(model=model, average=stale, optimizer=torch.optim.SGD(model.parameters(), 0.1))
        train(rng=RNGState())


def test_a_partial_save_of_the_version_before_is_read(tmp_path):
    whole = Experiment(tmp_path / "whole")
    history = whole.fit()
    interrupted(Experiment(tmp_path / "cut"), 10)
    path = Experiment(tmp_path / "cut").manager.files[-1]
    content = load_file(path)
    del content["partial"]["weights"]
    save_file(content, path)
    assert Experiment(tmp_path / "cut", seed=9).fit() == history


def test_resume_needs_the_manager(tmp_path):
    experiment = Experiment(tmp_path)
    experiment.fit(epochs=1)
    with pytest.raises(InputError, match="resume needs the manager"):
        fit(experiment.model, [], experiment.optimizer, LOSS, epochs=2, resume=experiment.manager.load())


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


class CtrlC:
    """A loss function that presses Ctrl-C while the n-th batch is trained."""

    def __init__(self, *at):
        self.at, self.calls, self.ignore_index = set(at), 0, LOSS.ignore_index

    def __call__(self, logits, targets):
        if logits.requires_grad:
            self.calls += 1
            if self.calls in self.at:
                signal.raise_signal(signal.SIGINT)
        return LOSS(logits, targets)


def interrupted(experiment, *at):
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(
            experiment.model, experiment.batches, experiment.optimizer, CtrlC(*at), epochs=4,
            validation=DataLoader(data(50, seed=1), 20), scheduler=experiment.scheduler, manager=experiment.manager,
            resume=experiment.manager.load() if experiment.manager.files else None, progress=False,
        )  # fmt: skip
    return str(caught.value)


@pytest.mark.parametrize("own_generator", [True, False])
@pytest.mark.parametrize("at", [1, 5, 7, 8, 20])  # an epoch has 7 batches
def test_ctrl_c_saves_and_the_resumed_run_is_bit_identical(tmp_path, at, own_generator):
    whole = Experiment(tmp_path / "whole", own_generator=own_generator)
    history = whole.fit()
    message = interrupted(Experiment(tmp_path / "cut", own_generator=own_generator), at)
    epoch, batch = (at - 1) // 7 + 1, (at - 1) % 7 + 1
    where = f"in epoch {epoch} after batch {batch}" if batch < 7 else f"after epoch {epoch}"
    assert message.startswith(f"Stopped {where}, and saved: {tmp_path}")
    resumed = Experiment(tmp_path / "cut", seed=99, own_generator=own_generator)
    assert resumed.fit() == history
    assert torch.equal(resumed.weights(), whole.weights())


@pytest.mark.parametrize("at", [1, 9, 14, 20])
@pytest.mark.parametrize(
    "scheduler", [one_cycle(28), lambda one: CyclicLR(one, 0.001, 0.1, 3, cycle_momentum=False)], ids=["one", "cyclic"]
)
def test_a_schedule_that_counts_batches_resumes_exactly(tmp_path, at, scheduler):
    whole = Experiment(tmp_path / "whole", scheduler=scheduler)
    history = whole.fit()
    interrupted(Experiment(tmp_path / "cut", scheduler=scheduler), at)
    resumed = Experiment(tmp_path / "cut", seed=99, scheduler=scheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert resumed.fit() == history
    assert torch.equal(resumed.weights(), whole.weights())
    assert resumed.scheduler.get_last_lr() == whole.scheduler.get_last_lr()


def test_ignored_labels_resume_exactly(tmp_path):
    class Ignoring(Noisy):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, y if index % 3 else torch.tensor(-100)

    whole = Experiment(tmp_path / "whole", dataset=Ignoring)
    history = whole.fit()
    interrupted(Experiment(tmp_path / "cut", dataset=Ignoring), 12)
    assert Experiment(tmp_path / "cut", seed=9, dataset=Ignoring).fit() == history


def test_a_run_that_became_nan_is_stopped_and_its_good_files_stay(tmp_path):
    experiment = Experiment(tmp_path, dataset=TensorDataset)
    experiment.manager.monitor = None
    experiment.fit(epochs=2)
    interrupted(experiment, 3)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(before) == 3
    experiment.batches.dataset.tensors[0][5] = math.inf
    for ending, words in ((experiment.fit, "NaN or infinite at step"), (None, "and not saved: .*NaN or infinite")):
        if ending is not None:
            with pytest.raises(InputError, match=words):
                fit(
                    experiment.model, experiment.batches, experiment.optimizer, LOSS, epochs=4, progress=False,
                    manager=experiment.manager, resume=experiment.manager.load(),
                )  # fmt: skip
        else:
            poisoned = [(torch.full((4, 4), math.nan), torch.zeros(4, dtype=torch.long))] * 9
            with pytest.raises(KeyboardInterrupt, match=words):
                fit(
                    experiment.model, poisoned, experiment.optimizer, CtrlC(5), epochs=4, progress=False,
                    manager=experiment.manager, resume=experiment.manager.load(),
                )  # fmt: skip
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    fresh = Experiment(tmp_path, seed=9)
    assert fresh.manager.load().step == 2
    assert fresh.weights().isfinite().all()


def test_stopped_again_and_again(tmp_path):
    whole = Experiment(tmp_path / "whole")
    history = whole.fit()
    for seed in range(9):
        interrupted(Experiment(tmp_path / "cut", seed=seed), 2)
    resumed = Experiment(tmp_path / "cut", seed=99)
    assert resumed.fit() == history
    assert torch.equal(resumed.weights(), whole.weights())


def test_ctrl_c_during_validation_lets_the_epoch_be_saved(tmp_path):
    class Press(Callback):
        def on_epoch_end(self, run):
            if run.epoch == 2:
                _thread.interrupt_main()

    experiment = Experiment(tmp_path)
    with pytest.raises(KeyboardInterrupt, match=r"Stopped after epoch 2, and saved: .*step-00000002\.pt"):
        experiment.fit(callbacks=[Press()])
    loaded = experiment.manager.load()
    assert (loaded.step, loaded.partial) == (2, None)


def test_a_second_ctrl_c_leaves_at_once_and_the_handler_is_put_back(tmp_path):
    def mine(*args):
        raise KeyboardInterrupt("at once")

    before = signal.signal(signal.SIGINT, mine)
    try:
        experiment = Experiment(tmp_path)
        experiment.fit(epochs=1)
        assert signal.getsignal(signal.SIGINT) is mine
        pressed_twice = CtrlC(3)
        single = pressed_twice.__call__

        def twice(logits, targets):
            loss = single(logits, targets)
            if pressed_twice.calls == 3:
                signal.raise_signal(signal.SIGINT)
            return loss

        with pytest.raises(KeyboardInterrupt, match="at once"):
            fit(
                experiment.model, experiment.batches, experiment.optimizer, twice, epochs=2,
                validation=[data().tensors], manager=experiment.manager, resume=experiment.manager.load(),
                progress=False,
            )  # fmt: skip
        assert signal.getsignal(signal.SIGINT) is mine
        assert experiment.manager.load().step == 1
    finally:
        signal.signal(signal.SIGINT, before)


def test_works_outside_the_main_thread(tmp_path):
    results = []
    thread = threading.Thread(target=lambda: results.append(Experiment(tmp_path).fit(epochs=2)))
    thread.start()
    thread.join()
    assert len(results[0]) == 2


SCRIPT = """
import sys, torch
sys.path.insert(0, {tests!r})
from test_training import Experiment
print("ready", flush=True)
Experiment({folder!r}).fit(epochs=100_000)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal to a process")
def test_a_real_ctrl_c_to_a_real_process(tmp_path):
    script = SCRIPT.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        while not any(tmp_path.iterdir()):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt: Stopped " in errors
    assert "saved: " in errors
    manager = Experiment(tmp_path, seed=5).manager
    assert str(manager.load().path) in errors


# --- ModelCheckpoint ---------------------------------------------------------------------------------------------------


def run_with(callback, values, monitor="val_loss"):
    """Drive a callback through epochs with the given values; the weight is the epoch's number."""
    run = Run(nn.Linear(1, 1, bias=False), None, METRICS, [])
    callback.on_fit_start(run)
    for run.epoch, value in enumerate(values, start=1):
        nn.init.constant_(run.model.weight, run.epoch)
        run.metrics = dict.fromkeys(METRICS, 0.5) | {monitor: value}
        callback.on_epoch_end(run)
    callback.on_fit_end(run)
    return run


def names(folder):
    return sorted(os.listdir(folder))


def test_saves_every_epoch_under_its_name(tmp_path):
    callback = ModelCheckpoint(tmp_path / "runs" / "{epoch:02d}-{val_loss:.2f}.pt")
    run_with(callback, [0.5, 0.25, 0.75])
    assert names(tmp_path / "runs") == ["01-0.50.pt", "02-0.25.pt", "03-0.75.pt"]
    assert (callback.best, callback.best_path.name) == (0.25, "02-0.25.pt")
    content = load_file(callback.best_path)
    assert (content["epoch"], content["model"]["weight"].item(), content["metrics"]["val_loss"]) == (2, 2.0, 0.25)


def test_every_n_epochs(tmp_path):
    run_with(ModelCheckpoint(tmp_path / "{epoch}.pt", every_n_epochs=2), [0.1, 0.2, 0.3, 0.4, 0.5])
    assert names(tmp_path) == ["2.pt", "4.pt"]


@pytest.mark.parametrize(
    ("mode", "values", "saved"),
    [("min", [0.5, 0.6, 0.4, 0.4], ["1.pt", "3.pt"]), ("max", [0.5, 0.6, 0.4, 0.6], ["1.pt", "2.pt"])],
)
def test_save_best_only(tmp_path, mode, values, saved):
    callback = ModelCheckpoint(tmp_path / "{epoch}.pt", monitor="accuracy", mode=mode, save_best_only=True)
    run_with(callback, values, monitor="accuracy")
    assert names(tmp_path) == saved


@pytest.mark.parametrize("options", [{"save_best_only": True}, {}], ids=["best only", "all"])
def test_restore_best(tmp_path, options):
    template = tmp_path / ("model.pt" if options else "{epoch}.pt")
    run = run_with(ModelCheckpoint(template, restore_best=True, **options), [0.5, 0.2, 0.9])
    assert run.model.weight.item() == 2


def test_restore_best_refuses_a_replaced_or_damaged_file(tmp_path):
    callback = ModelCheckpoint(tmp_path / "best.pt", save_best_only=True, restore_best=True)
    run = run_with(callback, [0.5, 0.2, 0.9])
    save_file({"model": {}, "epoch": 7, "metrics": {"val_loss": 0.1}}, tmp_path / "best.pt")
    with pytest.raises(CheckpointError, match="holds epoch 7, not the best"):
        callback.on_fit_end(run)
    (tmp_path / "best.pt").write_bytes(b"")
    with pytest.raises(CheckpointError, match="empty"):
        callback.on_fit_end(run)
    with pytest.raises(CheckpointError, match="No epoch was saved"):
        run_with(ModelCheckpoint(tmp_path / "{epoch}.pt", restore_best=True, every_n_epochs=9), [0.1])


def test_the_mode_follows_from_the_monitor(tmp_path):
    modes = {name: ModelCheckpoint("x.pt", monitor=name).mode for name in METRICS}
    assert modes == {"loss": "min", "accuracy": "max", "val_loss": "min", "val_accuracy": "max"}
    callback = ModelCheckpoint(tmp_path / "{epoch}.pt", monitor="val_accuracy", save_best_only=True)
    run_with(callback, [0.5, 0.9, 0.7], monitor="val_accuracy")
    assert (names(tmp_path), callback.best) == (["1.pt", "2.pt"], 0.9)
    assert ModelCheckpoint("x.pt", monitor="val_accuracy", mode="min").mode == "min"


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_model_with_weights_that_are_nan_is_not_saved(tmp_path, number):
    callback = ModelCheckpoint(tmp_path / "best.pt", monitor="loss", save_best_only=True)
    run = run_with(callback, [0.5], monitor="loss")
    before = (tmp_path / "best.pt").read_bytes()
    nn.init.constant_(run.model.weight, number)
    run.epoch, run.metrics = 2, dict.fromkeys(METRICS, 0.1)
    with pytest.raises(InputError, match=r"model\.weight has 1 of 1 numbers NaN or infinite in epoch 2"):
        callback.on_epoch_end(run)
    assert (tmp_path / "best.pt").read_bytes() == before
    assert callback.best == 0.5


def test_a_folder_in_the_home_a_url_and_a_folder_that_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    run_with(ModelCheckpoint("~/runs/{epoch}.pt"), [0.5])
    assert names(tmp_path / "home" / "runs") == ["1.pt"]
    assert names(tmp_path) == ["home"]
    with pytest.raises(InputError, match="s3://bucket"):
        ModelCheckpoint("s3://bucket/{epoch}.pt")

    relative = ModelCheckpoint("run/{epoch}.pt")
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "notes")
    run_with(relative, [0.5])
    assert relative.best_path == tmp_path / "run" / "1.pt"
    assert names(tmp_path / "run") == ["1.pt"]

    here, there = tmp_path / "here", tmp_path / "there"
    first = ModelCheckpoint(here / "{epoch}.pt", restore_best=True)
    run_with(first, [0.2, 0.5])
    here.rename(there)
    resumed = ModelCheckpoint(there / "{epoch}.pt", restore_best=True)
    resumed.load_state_dict(first.state_dict())
    run = Run(nn.Linear(1, 1, bias=False), None, METRICS, [], epoch=2)
    resumed.on_fit_end(run)
    assert (run.model.weight.item(), resumed.best_path) == (1, there / "1.pt")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_is_never_best(tmp_path, value):
    callback = ModelCheckpoint(tmp_path / "{epoch}.pt")
    with pytest.raises(InputError, match="can't be compared"):
        run_with(callback, [0.5, value])
    assert callback.best == 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"template": "{epoch}-{vall_loss}.pt"}, "names 'vall_loss'. fit measures epoch, loss"),
        ({"template": "{}.pt"}, "names ''"),
        ({"template": "{epoch.pt"}, "can't be filled in"),
        ({"template": "{epoch:.2q}.pt"}, "can't be filled in"),
        ({"template": "{val_loss:d}.pt"}, "can't be filled in"),
        ({"template": "{epoch.__class__}.pt"}, "names 'epoch.__class__'"),
        ({"template": "x.pt", "monitor": "val_acc"}, "'val_acc' is unknown; fit measures loss"),
        ({"template": "x.pt", "mode": "auto"}, "'min' or 'max'"),
        ({"template": "x.pt", "every_n_epochs": 0}, "at least 1"),
        ({"template": "x.pt", "restore_best": True}, r"Put \{epoch\} into the template"),
    ],
)
def test_mistakes_are_told_at_construction(arguments, words):
    with pytest.raises(InputError, match=words):
        ModelCheckpoint(**arguments)


def test_missing_validation_data_is_told_before_the_first_epoch(tmp_path):
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = model.weight.clone()
    for callback in (ModelCheckpoint("x.pt"), ModelCheckpoint("{val_accuracy}.pt", monitor="loss")):
        with pytest.raises(InputError, match="need validation data"):
            fit(model, [data().tensors], optimizer, LOSS, epochs=1, callbacks=[callback], progress=False)
    assert torch.equal(before, model.weight)


def test_resumed_with_the_manager_it_remembers_the_best(tmp_path):
    def experiment(seed, folder):
        made = Experiment(tmp_path / folder, seed)
        callback = ModelCheckpoint(tmp_path / f"{folder}-best.pt", save_best_only=True, restore_best=True)
        made.manager.objects["best"] = callback
        return made, callback

    whole, its_callback = experiment(0, "whole")
    history = whole.fit(callbacks=[its_callback])
    first, callback = experiment(0, "parts")
    first.fit(epochs=2, callbacks=[callback])
    resumed, callback = experiment(9, "parts")
    assert resumed.fit(callbacks=[callback]) == history
    assert callback.best == its_callback.best == min(row["val_loss"] for row in history)
    assert torch.equal(resumed.weights(), whole.weights())  # of the best epoch, both


def test_saved_files_are_plain_enough_for_anyone(tmp_path):
    experiment = Experiment(tmp_path / "run")
    experiment.fit(epochs=1, callbacks=[ModelCheckpoint(tmp_path / "{epoch}.pt")])
    stream = io.BytesIO((tmp_path / "1.pt").read_bytes())
    model = Experiment(tmp_path / "other", seed=3).model
    model.load_state_dict(torch.load(stream, weights_only=True)["model"])
    assert torch.equal(model[0].weight, experiment.model[0].weight)

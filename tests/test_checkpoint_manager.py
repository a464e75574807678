"""CheckpointManager: what it keeps, what it restores, and what it refuses."""

import copy
import math
import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.checkpoints import CheckpointManager, GeneratorState, Loaded, RNGState, load_file, save_file
from course_lib.checkpoints.monitor import mode_of, require_finite
from course_lib.errors import CheckpointError, InputError, NotHereError


class Value:
    """The smallest thing with a state."""

    def __init__(self, value=0):
        self.value = value
        self.restored = 0

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.restored += 1
        self.value = state["value"]


def manager_in(folder, objects=None, **options):
    return CheckpointManager(folder, {"value": Value()} if objects is None else objects, **options)


def save_steps(manager, metrics):
    for step, value in enumerate(metrics, start=1):
        manager.objects["value"].value = step
        manager.save(step, {"loss": value})


def steps(manager):
    return [int(str(path).split("step-")[1].split(".")[0]) for path in manager.files]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    with open(path, "wb") as file:
        file.write(content)


def damage(path):
    path.write_bytes(path.read_bytes()[:-5])


# --- what is kept -------------------------------------------------------------------------------------------------


def test_keeps_the_last_and_the_best(tmp_path):
    manager = manager_in(tmp_path, monitor="loss", keep_last=2, keep_best=2)
    save_steps(manager, [0.5, 0.1, 0.3, 0.2, 0.9, 0.8, 0.7])
    assert steps(manager) == [2, 4, 6, 7]
    assert [entry["step"] for entry in manager.history] == [1, 2, 3, 4, 5, 6, 7]
    assert manager.history[1] == {"step": 2, "metrics": {"loss": 0.1}}


def test_without_a_monitor_only_the_last(tmp_path):
    manager = manager_in(tmp_path, keep_last=1)
    saved = [manager.save(step) for step in (1, 2, 5)]
    assert steps(manager) == [5]
    assert not any(one.is_best for one in saved)
    assert saved[1].removed == (saved[0].path,)
    with pytest.raises(InputError, match="without a monitor"):
        manager.load("best")


def test_max_mode_and_of_equals_the_earlier(tmp_path):
    manager = manager_in(tmp_path, monitor="accuracy", mode="max")
    best = [manager.save(step, {"accuracy": a}).is_best for step, a in enumerate([0.5, 0.9, 0.9, 0.95, 0.1])]
    assert best == [True, True, False, True, False]
    assert manager.load("best").step == 3


def test_the_new_file_is_whole_before_an_old_one_goes(tmp_path, monkeypatch):
    manager = manager_in(tmp_path, keep_last=1)
    manager.save(1)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CheckpointError, match="No space left"):
        manager.save(2)
    monkeypatch.undo()
    assert manager.load().step == 1
    assert len(os.listdir(tmp_path)) == 1
    assert manager.history == [{"step": 1, "metrics": {}}]


def test_a_killed_saves_temporary_file_goes_and_strangers_files_stay(tmp_path):
    strangers = ["notes.txt", "model.pt", "step-1.pt", "model.tmp-1234"]
    for name in ("step-00000002.tmp-0a1b2c3d", "step-00000002-partial.tmp-0a1b2c3d", *strangers):
        (tmp_path / name).write_bytes(b"?")
    manager = manager_in(tmp_path)
    assert manager.files == []
    manager.save(1)
    assert sorted(os.listdir(tmp_path)) == sorted([*strangers, "step-00000001.pt"])


# --- metrics that can't be best ---------------------------------------------------------------------------------


@pytest.mark.parametrize("metrics", [None, {}, {"val_acc": 0.5}, {"Loss": 0.5}])
def test_a_missing_monitor_is_an_error(tmp_path, metrics):
    manager = manager_in(tmp_path, monitor="loss")
    with pytest.raises(InputError, match="monitor='loss' is not among"):
        manager.save(1, metrics)
    assert manager.files == []


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, torch.tensor(math.nan), np.float32("nan")])
def test_a_monitor_that_is_not_finite_is_an_error_and_never_best(tmp_path, mode, value):
    manager = manager_in(tmp_path, monitor="loss", mode=mode)
    manager.save(1, {"loss": 0.5})
    with pytest.raises(InputError, match="neither good nor bad"):
        manager.save(2, {"loss": value})
    assert manager.load("best").step == 1
    manager.save(2, {"loss": 0.4, "other": value})  # a metric that is not monitored may be anything


LESS = [
    "loss", "val_loss", "valLoss", "Test Loss", "eval/loss", "train_loss_epoch", "loss2", "log_loss", "val_mae", "RMSE",
    "top5_error", "error_rate", "perplexity", "val_ppl", "brier_score", "ECE", "wer", "mean_nll", "FID",
]  # fmt: skip
MORE = [
    "accuracy", "val_acc", "valAccuracy", "top5Acc", "acc@1", "balanced_accuracy", "accuracy_score", "f1", "val_f1_macro",
    "testF1", "roc_auc", "AUROC", "auc_pr", "average_precision", "recall@5", "mIoU", "val/mAP50", "dice_score", "BLEU-4",
    "r2_score", "R2", "PSNR", "cohen_kappa", "mcc",
]  # fmt: skip
EITHER = [
    "score", "neg_loss", "-loss", "loss_scale", "1-accuracy", "1 - dice", "accuracy_loss", "loss/acc", "learning_rate", "lr",
    "reward", "grad_norm", "log_likelihood", "val_los", "epoch", "rate", "anomaly_score", "f1_drop", "max_error", "", "lossé",
    "false_positive_rate", "val - -loss",
]  # fmt: skip


def test_the_mode_follows_from_a_name_that_can_only_mean_one_thing(tmp_path):
    assert {name for name in LESS if mode_of(name) != "min"} == set()
    assert {name for name in MORE if mode_of(name) != "max"} == set()
    for name in EITHER:
        with pytest.raises(InputError, match=r"monitor=.* doesn't say .*mode='min' .* or mode='max'"):
            manager_in(tmp_path, monitor=name)
        assert [manager_in(tmp_path, monitor=name, mode=mode).mode for mode in ("min", "max")] == ["min", "max"]
    assert manager_in(tmp_path, monitor="accuracy", mode="min").mode == "min"  # what is said counts
    for mode in ("auto", "Max", "", 1):
        with pytest.raises(InputError, match="'min' or 'max'"):
            manager_in(tmp_path, monitor="accuracy", mode=mode)


def test_the_best_accuracy_is_the_highest(tmp_path):
    manager = manager_in(tmp_path, monitor="val_accuracy", keep_last=1)
    best = [manager.save(step, {"val_accuracy": a}).is_best for step, a in enumerate([0.5, 0.9, 0.7, 0.8], start=1)]
    assert best == [True, True, False, False]
    assert steps(manager) == [2, 4]
    assert manager_in(tmp_path, monitor="val_accuracy").load("best").step == 2


def test_a_metric_that_was_nan_before_it_was_monitored_is_never_best(tmp_path):
    manager = manager_in(tmp_path, keep_last=5)
    for step, loss in enumerate([math.nan, 0.5, -math.inf, 0.2, 0.3], start=1):
        manager.save(step, {"loss": loss})
    assert manager_in(tmp_path, monitor="loss").load("best").step == 4


# --- weights that are no longer a model -----------------------------------------------------------------------------


def poisoned(module, name, number=math.nan):
    with torch.no_grad():
        module.get_parameter(name).view(-1)[-1] = number
    return module


def net():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def norm_of(running):
    module = net()
    getattr(module[1], running)[1] = math.inf
    return module


def only_optimizer():
    return torch.optim.SGD(poisoned(net(), "0.bias").parameters(), 0.1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: poisoned(net(), "2.weight"), r"one\.2\.weight has 1 of 3 numbers"),
        (lambda: poisoned(net(), "0.bias", math.inf), r"one\.0\.bias has 1 of 3"),
        (lambda: poisoned(net(), "0.bias", -math.inf).double(), r"one\.0\.bias has 1 of 3"),
        (lambda: poisoned(net().half(), "0.weight", math.inf), r"one\.0\.weight has 1 of 6"),
        (lambda: poisoned(net(), "0.bias").requires_grad_(False), r"one\.0\.bias"),
        (lambda: nn.DataParallel(poisoned(net(), "0.bias")), r"one\.module\.0\.bias"),
        (lambda: torch.compile(poisoned(net(), "0.bias")), r"one\._orig_mod\.0\.bias"),
        (lambda: torch.optim.swa_utils.AveragedModel(poisoned(net(), "0.bias")), r"one\.module\.0\.bias"),
        (only_optimizer, r"one\.param_groups\[0\] has 1 of 3"),
        (lambda: norm_of("running_mean"), r"one\.1\.running_mean has 1 of 3"),
        (lambda: norm_of("running_var"), r"one\.1\.running_var has 1 of 3"),
        (lambda: nn.ParameterDict({"w": torch.tensor([1j, complex(0, math.inf)])}), r"one\.w has 1 of 2"),
    ],
)
@pytest.mark.parametrize("monitor", [None, "loss"])
@pytest.mark.parametrize("partial", [None, {"batch": 2}])
def test_a_run_that_became_nan_evicts_nothing(tmp_path, make, words, monitor, partial):
    good = manager_in(tmp_path, {"one": net()}, monitor=monitor, keep_last=1)
    good.save(1, {"loss": 0.5})
    good.save(1, partial={"batch": 1})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    bad = manager_in(tmp_path, {"one": make()}, monitor=monitor, keep_last=1)
    with pytest.raises(InputError, match=words + ".*Nothing was saved, and no older file was touched"):
        bad.save(1 if partial else 2, {"loss": 0.1}, partial=partial)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


class Masked(nn.Module):
    """Infinite on purpose: a mask as a buffer, one as a frozen parameter, an observer's first range."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.full((3, 3), -math.inf).triu(1))
        self.also = nn.Parameter(torch.full((3, 3), -math.inf).triu(1), requires_grad=False)
        self.register_buffer("low", torch.tensor(math.nan))
        self.layer = nn.Linear(2, 2)


def test_what_may_be_infinite_and_what_only_looks_so_is_saved(tmp_path):
    large = nn.Linear(300, 300).half()  # its numbers add up to more than float16 holds
    nn.init.constant_(large.weight, 60000.0)
    huge = nn.Linear(2, 2)
    nn.init.constant_(huge.weight, 3e38)
    objects = {"mask": Masked(), "large": large, "huge": huge, "empty": nn.ParameterDict({"w": torch.ones(0)})}
    manager = manager_in(tmp_path, objects, monitor="loss")
    assert manager.save(1, {"loss": 0.5, "grad_norm": math.inf}).is_best
    assert manager.load().metrics["grad_norm"] == math.inf
    lazy, meta = nn.LazyLinear(2), nn.Linear(2, 2, device="meta")
    small = nn.Parameter(torch.ones(3).to(torch.float8_e4m3fn))
    sparse = nn.Parameter(torch.eye(3).to_sparse())
    integers = nn.ParameterList([nn.Parameter(torch.ones(2, dtype=torch.int8), requires_grad=False)])
    require_finite({"a": lazy, "b": meta, "c": nn.ParameterList([small, sparse]), "d": integers}, "now")
    for one in (small, sparse):
        one.data = torch.full((3,), math.nan).to(one.dtype) if one is small else (torch.eye(3) * math.nan).to_sparse()
        with pytest.raises(InputError, match=r"c\.. has \d of \d numbers NaN"):
            require_finite({"c": nn.ParameterList([one])}, "now")


# --- the optimizer's state, by name -------------------------------------------------------------------------------------


def moments(optimizer, model):
    """The sum of every parameter's first moment, by the parameter's name."""
    return {name: optimizer.state[one]["exp_avg"].sum().item() for name, one in model.named_parameters()}


def trained(model, parameters, **options):
    optimizer = torch.optim.Adam(parameters, **options)
    for number, one in enumerate(model.parameters(), start=1):
        one.grad = torch.full_like(one, number)
    optimizer.step()
    return optimizer


def same_shapes():
    return nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(None)], ids=["backwards", "as saved"])
def test_an_optimizer_gets_its_state_by_name(tmp_path, order):
    model = same_shapes()
    optimizer = trained(model, model.named_parameters())
    manager_in(tmp_path, {"model": model, "optimizer": optimizer}).save(1)
    twin = same_shapes()
    other = torch.optim.Adam(list(twin.named_parameters())[order])
    manager_in(tmp_path, {"model": twin, "optimizer": other}).load()
    assert moments(other, twin) == moments(optimizer, model)
    assert other.param_groups[0]["param_names"] == [name for name, _ in list(twin.named_parameters())[order]]
    for net, its_optimizer in ((model, optimizer), (twin, other)):
        for one in net.parameters():
            one.grad = torch.ones_like(one)
        its_optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def groups(model, first, *, reverse=False):
    """Two groups of named parameters: those of the layer `first`, and the others."""
    named = list(model.named_parameters())[:: -1 if reverse else 1]
    in_first = [pair for pair in named if pair[0].startswith(first)]
    return [{"params": in_first, "lr": 0.5}, {"params": [pair for pair in named if not pair[0].startswith(first)]}]


def test_groups_are_matched_by_name_or_refused(tmp_path):
    model = same_shapes()
    optimizer = trained(model, groups(model, "1"))
    manager_in(tmp_path, {"optimizer": optimizer}).save(1)
    twin = same_shapes()
    other = torch.optim.Adam(groups(twin, "1", reverse=True))
    manager_in(tmp_path, {"optimizer": other}).load()
    assert moments(other, twin) == moments(optimizer, model)
    assert [group["lr"] for group in other.param_groups] == [0.5, 0.001]

    moved = trained(twin, groups(twin, "2"))
    before = moments(moved, twin)
    words = (
        r"'optimizer' can't take .*group 0 was saved for other .*file are 1\.bias, 1\.weight, only in .* 2\.bias, 2\."
    )
    with pytest.raises(InputError, match=words):
        manager_in(tmp_path, {"optimizer": moved}).load()
    assert moments(moved, twin) == before


def test_a_wrapper_changes_no_names_and_without_names_the_order_decides(tmp_path):
    model = same_shapes()
    manager_in(tmp_path / "named", {"optimizer": trained(model, nn.DataParallel(model).named_parameters())}).save(1)
    manager_in(tmp_path / "plain", {"optimizer": trained(model, model.parameters())}).save(1)
    twin = same_shapes()
    backwards = list(twin.named_parameters())[::-1]
    for folder, parameters, first in (
        ("named", backwards, "0.weight"),
        ("named", [one for _, one in backwards], "2.bias"),
        ("plain", backwards, "2.bias"),
        ("plain", twin.parameters(), "0.weight"),
    ):
        optimizer = torch.optim.Adam(parameters)
        manager_in(tmp_path / folder, {"optimizer": optimizer}).load()
        assert optimizer.state[twin.get_parameter(first)]["exp_avg"].flatten()[0].item() == pytest.approx(0.1)


def test_metrics_are_stored_as_float(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    saved = manager.save(1, {"loss": np.float64(0.25), "t": torch.tensor(2.0, requires_grad=True), "n": np.int64(3)})
    assert saved.metrics == {"loss": 0.25, "t": 2.0, "n": 3.0}
    assert {type(value) for value in load_file(saved.path)["metrics"].values()} == {float}
    with pytest.raises(InputError, match=r"'loss'.*one number"):
        manager.save(2, {"loss": torch.ones(2)})


# --- steps only go up -----------------------------------------------------------------------------------------------


def test_a_new_run_in_an_old_folder_is_refused(tmp_path):
    save_steps(manager_in(tmp_path, monitor="loss"), [3.0, 2.0, 1.0])
    other = manager_in(tmp_path, monitor="loss")
    for step in (1, 3):
        with pytest.raises(InputError, match=r"steps only go up.*load\('last'\).*new folder"):
            other.save(step, {"loss": 0.0})
    assert other.save(4, {"loss": 0.5}).is_best
    assert [entry["step"] for entry in other.history] == [1, 2, 3, 4]  # the history goes on


def test_require_saveable_says_it_before_the_work_is_done(tmp_path):
    manager = manager_in(tmp_path, monitor="val_loss")
    manager.save(2, {"val_loss": 1.0})
    manager.require_saveable(3, ["loss", "val_loss"])
    with pytest.raises(InputError, match="steps only go up"):
        manager.require_saveable(2, ["val_loss"])
    with pytest.raises(InputError, match="no step could be best"):
        manager.require_saveable(3, ["loss"])


def test_a_damaged_step_may_be_saved_again(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    save_steps(manager, [3.0, 2.0, 1.0])
    damage(manager.files[2])
    fresh = manager_in(tmp_path, monitor="loss")
    with pytest.warns(UserWarning, match="Fell back"):
        assert fresh.load().step == 2
    fresh.objects["value"].value = 33
    fresh.save(3, {"loss": 1.5})
    again = manager_in(tmp_path, monitor="loss")
    assert again.load().step == 3
    assert again.objects["value"].value == 33
    assert [entry["metrics"]["loss"] for entry in again.history] == [3.0, 2.0, 1.5]


def test_a_damaged_file_takes_no_good_ones_place(tmp_path):
    manager = manager_in(tmp_path, keep_last=2)
    for step in (1, 2):
        manager.save(step)
    damage(manager.files[1])
    fresh = manager_in(tmp_path, keep_last=2)
    with pytest.warns(UserWarning, match="Fell back"):
        fresh.load()
    fresh.save(3)
    assert steps(fresh) == [1, 2, 3]  # 1 and 3 are the last two good ones
    damage(fresh.files[2])
    with pytest.warns(UserWarning, match="Fell back"):
        assert fresh.load().step == 1


# --- loading --------------------------------------------------------------------------------------------------------


def test_last_best_and_by_path(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    save_steps(manager, [0.5, 0.1, 0.3])
    fresh = manager_in(tmp_path, monitor="loss")
    assert fresh.load() == fresh.load("last") == Loaded(manager.files[2], 3, {"loss": 0.3})
    assert fresh.objects["value"].value == 3
    assert fresh.load("best").step == fresh.objects["value"].value == 2
    for path in (manager.files[0], str(manager.files[0]), "step-00000001.pt"):
        assert fresh.load(path).step == 1
    assert fresh.history == [{"step": 1, "metrics": {"loss": 0.5}}]


def test_history_is_read_from_the_newest_good_file(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    assert manager.history == []
    save_steps(manager, [0.5, 0.1, 0.3])
    damage(manager.files[2])
    fresh = manager_in(tmp_path, {}, monitor="loss")
    assert [entry["step"] for entry in fresh.history] == [1, 2]
    fresh.history.clear()
    assert len(fresh.history) == 2  # a copy


def test_falls_back_and_says_so(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    save_steps(manager, [0.5, 0.1, 0.3])
    newest = manager.files[2]
    flip(newest)
    with pytest.warns(UserWarning, match=r"Fell back to .*step-00000002\.pt, step 2\. .*step-00000003\.pt: ") as said:
        loaded = manager.load()
    assert said[0].filename == __file__  # the warning points at the caller
    assert loaded.step == manager.objects["value"].value == 2
    assert [path for path, _ in loaded.skipped] == [newest]
    flip(manager.files[1])
    with pytest.warns(UserWarning, match="Fell back"):
        loaded = manager.load("best")
    assert loaded.step == 1
    assert {path.name for path, _ in loaded.skipped} == {"step-00000003.pt", "step-00000002.pt"}


def test_the_best_file_deleted_by_hand(tmp_path):
    manager = manager_in(tmp_path, monitor="loss")
    save_steps(manager, [0.5, 0.1, 0.3])
    manager.files[1].unlink()
    with pytest.warns(UserWarning, match=r"step-00000002\.pt can't be read"):
        assert manager.load("best").step == 3


def test_no_good_file_is_an_error_and_changes_nothing(tmp_path):
    manager = manager_in(tmp_path)
    with pytest.raises(CheckpointError, match=r"no checkpoint 'last'.*it has none.*if manager\.files"):
        manager.load()
    manager.save(1)
    manager.save(2)
    for path in manager.files:
        damage(path)
    manager.objects["value"].value = 7
    with pytest.raises(CheckpointError, match=r"No good checkpoint.*step-00000002.*step-00000001"):
        manager.load()
    assert manager.objects["value"].value == 7


def test_a_path_is_loaded_or_refused_never_replaced(tmp_path):
    manager = manager_in(tmp_path)
    manager.save(1)
    manager.save(2)
    damage(manager.files[1])
    with pytest.raises(CheckpointError, match=r"step-00000002\.pt"):
        manager.load(manager.files[1])
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        manager.load("bset")
    assert manager.objects["value"].restored == 0


def test_a_path_may_be_written_in_any_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    manager = manager_in("runs/a")
    manager.save(1)
    manager.save(2)
    shutil.copytree("runs/a", "elsewhere")
    name = manager.files[0].name
    for path in (f"runs/a/{name}", f"./runs/../runs/a/{name}", tmp_path / "runs" / "a" / name, f"~/runs/a/{name}"):
        assert manager.load(path).step == 1
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        manager.load(tmp_path / "elsewhere" / name)
    assert manager_in("~/runs/a").files == [tmp_path / "runs" / "a" / path.name for path in manager.files]
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(
    ("step", "metrics", "words"),
    [
        (-1, None, r"from 0; got -1"),
        (2.0, None, r"A step is a whole number.*got 2\.0"),
        ("3", None, "got '3'"),
        (3, 0.5, r"metrics have names.*got a float alone"),
        (3, [("loss", 0.5)], "got a list alone"),
    ],
)
def test_a_step_and_its_metrics_are_checked(tmp_path, step, metrics, words):
    manager = manager_in(tmp_path)
    with pytest.raises(InputError, match=words):
        manager.save(step, metrics)
    assert manager.files == []
    assert manager.save(np.int64(3)).step == manager.load().step == 3


def test_renamed_and_foreign_files_are_left_out(tmp_path):
    manager = manager_in(tmp_path)
    manager.save(1)
    shutil.copy(manager.files[0], tmp_path / "step-00000005.pt")
    save_file({"model": 1}, tmp_path / "step-00000006.pt")
    with pytest.warns(UserWarning, match="not saved by a CheckpointManager.*step 1 under another name"):
        assert manager.load().step == 1


# --- all or nothing ---------------------------------------------------------------------------------------------------


def test_every_object_must_be_in_the_file_and_the_other_way_round(tmp_path):
    manager_in(tmp_path, {"a": Value(1), "b": Value(2)}).save(1)
    for names in ("a", "abc", "ac"):
        objects = {name: Value() for name in names}
        with pytest.raises(InputError, match=r"has the objects \['a', 'b'\].*Nothing was changed"):
            manager_in(tmp_path, objects).load()
        assert not any(one.restored for one in objects.values())
    objects = {"a": Value(), "other": Value()}
    manager_in(tmp_path, objects).load(only=["a"])
    assert (objects["a"].value, objects["other"].restored) == (1, 0)
    for only in (["b"], ["other"], "a, other"):
        with pytest.raises(InputError, match="Nothing was changed"):
            manager_in(tmp_path, objects).load(only=only)


class Refuses(Value):
    def load_state_dict(self, state):
        super().load_state_dict({"value": "half"})
        if self.restored == 1:  # takes its own back
            raise RuntimeError("no")
        super().load_state_dict(state)


def test_if_one_object_refuses_all_are_as_before(tmp_path):
    saved = {"model": nn.Linear(2, 2), "optimizer": Value(5), "rng": RNGState()}
    manager_in(tmp_path, saved).save(1)
    model = nn.Linear(2, 2)
    weights = copy.deepcopy(model.state_dict())
    objects = {"model": model, "optimizer": Refuses(8), "rng": RNGState()}
    with pytest.raises(InputError, match=r"'optimizer' can't take its state .*; everything is as it was before\. no"):
        manager_in(tmp_path, objects).load()
    assert all(torch.equal(weights[name], model.state_dict()[name]) for name in weights)
    assert objects["optimizer"].value == 8


def test_a_model_of_other_shapes_is_as_before(tmp_path):
    manager_in(tmp_path, {"model": nn.Linear(2, 3)}).save(1)
    model = nn.Linear(2, 3)
    model.bias = nn.Parameter(torch.zeros(4))  # load_state_dict alone would have copied the weight, then raised
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(InputError, match="size mismatch"):
        manager_in(tmp_path, {"model": model}).load()
    assert all(torch.equal(before[name], model.state_dict()[name]) for name in before)


def test_rng_is_restored_last_whatever_the_order(tmp_path):
    class Draws(Value):
        def load_state_dict(self, state):
            torch.rand(3)
            super().load_state_dict(state)

    generator = torch.Generator().manual_seed(1)
    objects = {"rng": RNGState(), "draws": Draws(), "loader": GeneratorState(generator)}
    manager = manager_in(tmp_path, objects)
    manager.save(1)
    expected = torch.rand(4), np.random.rand(), torch.rand(4, generator=generator)
    manager.load()
    assert torch.equal(expected[0], torch.rand(4))
    assert expected[1] == np.random.rand()
    assert torch.equal(expected[2], torch.rand(4, generator=generator))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("map_location", ["cpu", "cuda"])
def test_a_run_on_a_gpu_resumes_exactly(tmp_path, map_location):
    def make(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2)).cuda()
        optimizer = torch.optim.Adam(model.parameters())
        return model, optimizer, manager_in(tmp_path, {"model": model, "optimizer": optimizer, "rng": RNGState()})

    def train(model, optimizer):
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(16, 4, device="cuda")).square().mean().backward()
            optimizer.step()

    model, optimizer, manager = make(0)
    train(model, optimizer)
    manager.save(1)
    train(model, optimizer)
    resumed, its_optimizer, its_manager = make(9)
    its_manager.load(map_location=map_location)
    train(resumed, its_optimizer)
    assert all(
        torch.equal(a, b) for a, b in zip(model.state_dict().values(), resumed.state_dict().values(), strict=True)
    )


# --- interrupted steps ------------------------------------------------------------------------------------------------


def test_partial_saves(tmp_path):
    manager = manager_in(tmp_path, monitor="loss", keep_last=2)
    manager.save(0, partial={"batch": 3})  # before the first whole step; needs no metric
    assert manager.load().partial == {"batch": 3}
    save_steps(manager, [0.5, 0.4])
    assert [path.name for path in manager.files] == ["step-00000001.pt", "step-00000002.pt"]
    manager.save(2, partial={"batch": 1})
    saved = manager.save(2, partial={"batch": 7})  # goes on, is stopped again
    assert not saved.is_best
    assert len(manager.files) == 3
    fresh = manager_in(tmp_path, monitor="loss")
    loaded = fresh.load()
    assert (loaded.step, loaded.partial) == (2, {"batch": 7})
    assert [entry["step"] for entry in fresh.history] == [1, 2]
    assert fresh.load("best").partial is None
    with pytest.raises(InputError, match="steps only go up"):
        fresh.save(1, partial={"batch": 1})
    fresh.save(3, {"loss": 0.3})
    assert steps(fresh) == [1, 2, 3]


# --- construction -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objects": {"generator": torch.Generator()}}, "GeneratorState"),
        ({"objects": {"epoch": 3}}, "int without state_dict"),
        ({"objects": nn.Linear(2, 2)}, r"\{'model': model\}; got a Linear alone"),
        ({"objects": [nn.Linear(2, 2)]}, "got a list alone"),
        ({"mode": "auto"}, "'min' or 'max'"),
        ({"keep_last": 0}, "keep_last is at least 1"),
        ({"keep_best": -1}, "keep_best at least 0"),
    ],
)
def test_wrong_arguments(tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        manager_in(tmp_path, **options)


def test_an_unloadable_state_is_refused_with_its_place(tmp_path):
    manager = manager_in(tmp_path, {"mine": Value(np.float64(3))})
    with pytest.raises(InputError, match=r"obj\['objects'\]\['mine'\]\['value'\] is a numpy\.float64"):
        manager.save(1)
    assert manager.files == []


def test_the_folder_is_made_at_the_first_save_only(tmp_path):
    manager = manager_in(tmp_path / "a" / "b")
    assert manager.files == manager.history == []
    assert not (tmp_path / "a").exists()
    manager.save(1)
    assert len(manager.files) == 1
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="can't be made"):
        manager_in(tmp_path / "file" / "x").save(1)


# --- other file systems -------------------------------------------------------------------------------------------------


def test_memory_url(request):
    url = f"memory://course-lib/{request.node.name}"
    manager = manager_in(url, monitor="loss", keep_last=2)
    assert manager.files == []
    save_steps(manager, [0.1, 0.5, 0.4, 0.3])
    assert manager.files == [f"{url}/step-0000000{step}.pt" for step in (1, 3, 4)]
    fresh = manager_in(url + "/", monitor="loss", keep_last=1)
    assert (fresh.load().step, fresh.objects["value"].value) == (4, 4)
    assert fresh.load("best").step == fresh.load(manager.files[0]).step == 1
    filesystem = manager._folder.filesystem
    path = f"{manager._folder.root}/step-00000004.pt"
    filesystem.pipe_file(path, filesystem.cat_file(path)[:-3])
    filesystem.pipe_file(f"{manager._folder.root}/step-00000009.pt.tmp-upload", b"half")
    with pytest.warns(UserWarning, match=r"Fell back to memory://.*step 3.*step-00000004\.pt: "):
        assert fresh.load().step == 3
    fresh.save(4, {"loss": 0.0})
    assert fresh.files == [f"{url}/step-00000004.pt"]  # best and last in one, and no half upload
    assert len(filesystem.ls(manager._folder.root)) == 1


def test_file_url_is_local(tmp_path):
    manager = manager_in(f"file://{tmp_path}/run")
    manager.save(1)
    assert manager.files == [tmp_path / "run" / "step-00000001.pt"]


def test_local_needs_no_fsspec_and_a_url_says_that_it_does(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    manager = manager_in(tmp_path)
    manager.save(1)
    assert manager.load().step == 1
    with pytest.raises(NotHereError, match="pip install fsspec"):
        manager_in("s3://bucket/run")


def test_importing_checkpoints_imports_nothing_heavy():
    code = (
        "import sys, torch; before = set(sys.modules); import course_lib.checkpoints; "
        "print({'matplotlib', 'IPython', 'ipywidgets', 'sklearn', 'fsspec', 'nbgrader'} & set(sys.modules) - before)"
    )
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_nothing_warns_in_the_normal_case(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manager = manager_in(tmp_path, {"model": nn.Linear(2, 2), "rng": RNGState()}, monitor="loss")
        manager.save(1, {"loss": 0.1})
        manager.load("best")

"""Mistakes of common tutorials about saving: each fails here as they write it, and passes as we do.

The numbers are those of the list of errata that this project was built from.
"""

import math
import os
import struct

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from course_lib.checkpoints import (
    CheckpointManager,
    GeneratorState,
    ModelCheckpoint,
    RNGState,
    check_file,
    load_file,
    save_file,
)
from course_lib.data import batches
from course_lib.devices import saved_as
from course_lib.errors import DamagedFileError, InputError
from course_lib.training import Callback, fit

EPOCHS = 4
LOSS = nn.CrossEntropyLoss()


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = CosineAnnealingLR(optimizer, EPOCHS)
    x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    data = torch.utils.data.TensorDataset(x, (x.sum(1) > 0).long())
    return model, optimizer, scheduler, batches(data, 16, shuffle=True, seed=seed)


def train_epoch(model, optimizer, scheduler, loader):
    for x, y in loader:
        optimizer.zero_grad()
        loss = LOSS(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    return loss


def weights(model):
    return torch.cat([tensor.flatten().double() for tensor in model.state_dict().values()])


def manager_of(folder, model, optimizer, scheduler, loader, **options):
    objects = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    objects |= {"loader": GeneratorState(loader.generator), "rng": RNGState()}
    return CheckpointManager(folder, objects, **options)


@pytest.fixture
def uninterrupted():
    run = make(0)
    for _ in range(EPOCHS):
        train_epoch(*run)
    return run


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")  # even torch notices that something is wrong
def test_9_model_and_optimizer_are_not_an_exact_continuation(tmp_path, uninterrupted):
    run = make(0)
    epoch = 2
    for _ in range(epoch):
        loss = train_epoch(*run)
    common = {"epoch": epoch, "model": run[0].state_dict(), "optimizer": run[1].state_dict(), "loss": loss}
    torch.save(common, tmp_path / "common.pt")
    manager_of(tmp_path / "ours", *run).save(2)

    resumed = make(9)
    loaded = torch.load(tmp_path / "common.pt", weights_only=True)
    resumed[0].load_state_dict(loaded["model"])
    resumed[1].load_state_dict(loaded["optimizer"])
    for _ in (3, 4):
        train_epoch(*resumed)
    assert not torch.equal(weights(resumed[0]), weights(uninterrupted[0]))
    assert resumed[2].get_last_lr()[0] > 0.001  # the schedule began anew
    assert uninterrupted[2].get_last_lr()[0] == pytest.approx(0, abs=1e-9)

    resumed = make(9)
    manager_of(tmp_path / "ours", *resumed).load("last")
    for _ in (3, 4):
        train_epoch(*resumed)
    assert torch.equal(weights(resumed[0]), weights(uninterrupted[0]))
    assert resumed[2].state_dict() == uninterrupted[2].state_dict()


def test_10_loss_in_the_checkpoint_is_the_last_batchs_tensor_or_makes_the_file_unloadable(tmp_path):
    model, optimizer, scheduler, loader = make(0)
    losses = []
    for x, y in loader:
        loss = LOSS(model(x), y)
        losses.append(loss.item())
    torch.save({"model": model.state_dict(), "loss": loss}, tmp_path / "tensor.pt")
    loaded = torch.load(tmp_path / "tensor.pt", weights_only=True)["loss"]
    assert loaded.requires_grad
    assert abs(loaded.item() - np.mean(losses)) > 1e-3
    torch.save({"model": model.state_dict(), "loss": np.mean(losses)}, tmp_path / "numpy.pt")  # says nothing
    with pytest.raises(Exception, match="numpy"):
        torch.load(tmp_path / "numpy.pt", weights_only=True)  # and the weights are lost too

    with pytest.raises(InputError, match=r"obj\['loss'\] is a numpy\.float64"):
        save_file({"model": model.state_dict(), "loss": np.mean(losses)}, tmp_path / "ours.pt")
    manager = manager_of(tmp_path / "ours", model, optimizer, scheduler, loader, monitor="loss")
    manager.save(1, {"loss": np.mean(losses)})
    assert manager.load().metrics == {"loss": float(np.mean(losses))}
    (row,) = fit(model, loader, optimizer, LOSS, epochs=1, progress=False)
    assert type(row["loss"]) is float


def test_11_starting_at_the_saved_epoch_trains_it_twice(tmp_path):
    epochs, saved_after = [], 2
    for epoch in range(EPOCHS):
        epochs.append(epoch)
        if epoch == saved_after:
            torch.save({"epoch": epoch}, tmp_path / "common.pt")
            break
    start = torch.load(tmp_path / "common.pt", weights_only=True)["epoch"]
    epochs += range(start, EPOCHS)
    assert epochs == [0, 1, 2, 2, 3]

    class Count(Callback):
        epochs = []

        def on_epoch_end(self, run):
            self.epochs.append(run.epoch)
            run.stop = run.epoch == 3 and len(self.epochs) == 3

    for seed in (0, 9):
        run = make(seed)
        manager = manager_of(tmp_path / "ours", *run)
        model, optimizer, scheduler, loader = run
        fit(
            model, loader, optimizer, LOSS, epochs=EPOCHS, scheduler=scheduler, manager=manager,
            resume=manager.load() if manager.files else None, callbacks=[Count()], progress=False,
        )  # fmt: skip
    assert Count.epochs == [1, 2, 3, 4]


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # the child saves, and no more
def test_12_a_kill_during_torch_save_takes_the_previous_checkpoint_too(tmp_path):
    state = {"w": torch.zeros(10_000)}

    def killed_while_saving(save, path):
        save(state, path)
        child = os.fork()
        if child == 0:
            # The process dies when the first bytes of the new file have been written.
            real_write = torch._C.PyTorchFileWriter.write_record
            torch._C.PyTorchFileWriter.write_record = lambda self, *rest: (real_write(self, *rest), os._exit(9))
            save(state, path)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    killed_while_saving(torch.save, tmp_path / "common.pt")
    with pytest.raises((EOFError, RuntimeError)):
        torch.load(tmp_path / "common.pt", weights_only=True)
    killed_while_saving(save_file, tmp_path / "ours.pt")
    assert torch.equal(load_file(tmp_path / "ours.pt")["w"], state["w"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="shows what happens without a GPU")
def test_12_a_gpus_checkpoint_does_not_load_without_map_location(tmp_path):
    with saved_as("cuda:0"):
        torch.save({"w": torch.ones(2)}, tmp_path / "common.pt")
        save_file({"w": torch.ones(2)}, tmp_path / "ours.pt")
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(tmp_path / "common.pt", weights_only=True)
    assert load_file(tmp_path / "ours.pt")["w"].device.type == "cpu"


def test_27_a_flipped_bit_loads_in_silence(tmp_path):
    weight = torch.full((100,), 0.0625)
    for save in (torch.save, save_file):
        path = tmp_path / f"{save.__name__}.pt"
        save({"w": weight}, path)
        content = bytearray(path.read_bytes())
        content[content.index(struct.pack("<2f", 0.0625, 0.0625)) + 3] ^= 0x40
        path.write_bytes(content)
        assert torch.load(path, weights_only=True)["w"][0] > 2e37  # no error, no warning
        for ours in (load_file, check_file):
            with pytest.raises(DamagedFileError):
                ours(path)


def test_27_or_makes_another_model_of_it(tmp_path):
    path = save_file({"w": torch.full((100,), 0.0625)}, tmp_path / "x.pt")
    good = path.read_bytes()
    silent = 0
    for place in range(0, len(good), 7):
        content = bytearray(good)
        content[place] ^= 0x10
        path.write_bytes(content)
        try:
            changed = not torch.equal(torch.load(path, weights_only=True)["w"], torch.full((100,), 0.0625))
        except Exception:  # torch.load raises nearly every type
            continue
        if changed:
            silent += 1
            with pytest.raises(DamagedFileError):
                load_file(path)
    assert silent >= 50


def test_32_best_is_not_a_copy(tmp_path):
    model, optimizer, scheduler, loader = make(0)
    best_loss, best = math.inf, None
    losses = iter([0.3, 0.1, 0.5, 0.4])  # the second epoch is best
    for loss in losses:
        train_epoch(model, optimizer, scheduler, loader)
        if loss < best_loss:
            best_loss, best = loss, model.state_dict()
            of_the_best_epoch = weights(model).clone()
    assert torch.equal(torch.cat([t.flatten().double() for t in best.values()]), weights(model))  # the last's
    assert not torch.equal(weights(model), of_the_best_epoch)

    class Script(Callback):
        """Plays the same losses to the same training, so that the second epoch is best again."""

        def on_epoch_end(self, run):
            run.metrics["loss"] = [0.3, 0.1, 0.5, 0.4][run.epoch - 1]

    model, optimizer, scheduler, loader = make(0)
    manager = manager_of(tmp_path / "run", model, optimizer, scheduler, loader, monitor="loss")
    checkpoint = ModelCheckpoint(tmp_path / "best.pt", monitor="loss", save_best_only=True, restore_best=True)
    fit(
        model, loader, optimizer, LOSS, epochs=EPOCHS, scheduler=scheduler, manager=manager,
        callbacks=[Script(), checkpoint], progress=False,
    )  # fmt: skip
    assert torch.equal(weights(model), of_the_best_epoch)
    other = make(9)
    assert manager_of(tmp_path / "run", *other, monitor="loss").load("best").step == 2
    assert torch.equal(weights(other[0]), of_the_best_epoch)


def test_32_a_typo_in_the_monitor_does_not_turn_best_into_last(tmp_path):
    run = make(0)
    with pytest.raises(InputError, match="no step could be best"):
        manager_of(tmp_path, *run, monitor="val_acc").save(1, {"val_accuracy": 0.9})
    with pytest.raises(InputError, match="'val_acc' is unknown"):
        ModelCheckpoint(tmp_path / "x.pt", monitor="val_acc")
    assert not os.listdir(tmp_path)

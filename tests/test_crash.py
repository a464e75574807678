"""A hundred SIGKILLs at random moments of a training run that checkpoints all the time.

A kill leaves what the operating system already has, so this proves the order of the operations, not that a disk
survives a power cut; that the bytes are forced to the disk is tested in test_checkpoint_files.

torch takes seconds to import, so one process imports it, has a single thread, and forks every run to be killed.
"""

import contextlib
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

EPOCHS = 8


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_hundred_kills():
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", __file__]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    print({key: value for key, value in results.items() if key != "runs"})
    runs = results["runs"]
    assert len(runs) == 100
    for run in runs:
        assert run["loaded"] >= run["saved"], run  # whatever save() returned for is there
        assert run["trained"] - run["loaded"] <= 1, run  # at most one interval is lost
        assert not run["skipped"], run  # no file was half
        assert run["equal"], run  # the resumed run ends bit-identical
        assert not run["strays"], run  # what the killed save left is cleared away
    # The kills really came at all stages, also in the middle of writing a file.
    assert len({run["loaded"] for run in runs}) >= 6
    assert sum(run["half_written"] for run in runs) >= 5
    # The common code, torch.save onto the same file, under the same kills.
    assert results["plain_unreadable"] >= 1


def prepare(folder, seed, shared=None):
    import torch
    from torch import nn

    from course_lib.checkpoints import CheckpointManager, GeneratorState, RNGState
    from course_lib.data import batches
    from course_lib.seeding import seed_everything
    from course_lib.training import Callback, fit

    class Manager(CheckpointManager):
        def save(self, step, *args, **options):
            result = super().save(step, *args, **options)
            if shared:
                shared[8:] = struct.pack("q", step)
            return result

    class Trained(Callback):
        def on_epoch_end(self, run):
            if shared:
                shared[:8] = struct.pack("q", run.epoch)

    seed_everything(seed)  # Python's generator too, which a fork seeds anew
    model = nn.Sequential(nn.Linear(16, 256), nn.BatchNorm1d(256), nn.Dropout(), nn.Linear(256, 256), nn.Linear(256, 2))
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    x = torch.randn(64, 16, generator=torch.Generator().manual_seed(1))
    loader = batches(torch.utils.data.TensorDataset(x, (x.sum(1) > 0).long()), 32, shuffle=True, seed=seed)
    objects = {
        "model": model, "optimizer": optimizer, "scheduler": scheduler, "loader": GeneratorState(loader.generator),
        "rng": RNGState(),
    }  # fmt: skip
    manager = Manager(folder, objects, monitor="loss", keep_last=2)

    def train():
        loaded = manager.load("last") if manager.files else None
        fit(
            model, loader, optimizer, nn.CrossEntropyLoss(), epochs=EPOCHS, scheduler=scheduler, manager=manager,
            resume=loaded, callbacks=[Trained()], progress=False,
        )  # fmt: skip
        return loaded, {name: one.state_dict() for name, one in objects.items()}

    return train


def bits(state):
    import torch

    if isinstance(state, torch.Tensor):
        return state.numpy().tobytes()
    if isinstance(state, dict):
        return [(key, bits(value)) for key, value in state.items()]
    return [bits(item) for item in state] if isinstance(state, list | tuple) else state


def kill_after(seconds, run):
    """Fork, run there, kill; whether the kill came before the end."""
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main():
    import torch

    torch.set_num_threads(1)
    rng = random.Random(os.environ.get("CRASH_SEED", "0"))
    with tempfile.TemporaryDirectory() as folder:
        _, expected = prepare(f"{folder}/warm", 0)()
        start = time.perf_counter()
        _, again = prepare(f"{folder}/reference", 0)()
        duration_seconds = time.perf_counter() - start
        assert bits(again) == bits(expected)
        runs = []
        attempts = 0
        while len(runs) < 100 and attempts < 500:
            attempts += 1
            run_folder = Path(folder, str(attempts))
            shared = mmap.mmap(-1, 16)  # what the child has done, readable after its death
            killed = kill_after(rng.uniform(0, duration_seconds), lambda: prepare(run_folder, 0, shared)())  # noqa: B023
            if not killed:  # it was done before: this machine has become faster than it was when measured
                duration_seconds *= 0.95
                continue
            trained, saved = struct.unpack("qq", shared)
            half_written = len(list(run_folder.glob("*.tmp-*")))
            has_files = any(run_folder.glob("*.pt"))
            loaded, state = prepare(run_folder, 99 if has_files else 0)()
            runs.append(
                {
                    "trained": trained, "saved": saved, "half_written": half_written,
                    "loaded": loaded.step if loaded else 0, "skipped": len(loaded.skipped) if loaded else 0,
                    "equal": bits(state) == bits(expected), "strays": len(list(run_folder.glob("*.tmp-*"))),
                }
            )  # fmt: skip

        path = Path(folder, "plain.pt")
        torch.save(expected, path)

        def save_for_ever():
            while True:
                torch.save(expected, path)

        unreadable = 0
        for _ in range(20):
            kill_after(rng.uniform(0.01, 0.05), save_for_ever)
            try:
                torch.load(path, weights_only=True)
            except Exception:  # EOFError, RuntimeError, ...
                unreadable += 1
    print(json.dumps({"runs": runs, "run_seconds": duration_seconds, "plain_unreadable": unreadable}))


if __name__ == "__main__":
    main()

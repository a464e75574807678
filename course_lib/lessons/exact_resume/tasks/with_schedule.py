"""Your turn: a per-batch schedule and its optimizer, both as they were when they were saved."""

import copy
from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.exact_resume.tasks.shared import kind_of
from course_lib.seeding import sealed


class WithSchedule(Task):
    """Fill sgd from a file, and return its OneCycleLR, filled too."""

    visible: ClassVar = {
        "on the way up": {"done": 4, "total": 40},
        "on the way down": {"done": 17, "total": 25},
        "after the first batch": {"done": 1, "total": 60},
    }
    hints: ClassVar = {
        "build": "`torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)` builds it; return it.",
        "count": "It counts the batches: `schedule.load_state_dict(saved['schedule'])`.",
        "momentum": "`sgd.load_state_dict(saved['sgd'])` brings the momentum of each weight and the learning rate.",
        "order": "Building a OneCycleLR sets the learning rate to that of the cycle's start. So build first, load `sgd` "
        "afterwards.",
    }

    def run(self, case: Case) -> tuple[nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.OneCycleLR]:
        """A run after `done` batches."""
        with sealed(case.seed % 1000), torch.inference_mode(False), torch.enable_grad():
            net = nn.Linear(3, 2)
            sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
            schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=case.total)
            steps(net, sgd, schedule, case.done)
        return net, sgd, schedule

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand out fresh objects on the same weights, look, and take two batches more."""
        net, old_sgd, old_schedule = self.run(case)
        saved = copy.deepcopy({"sgd": old_sgd.state_dict(), "schedule": old_schedule.state_dict()})
        sgd, found = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), {}

        def use() -> None:
            schedule = answer(sgd, saved, case.total)
            found["kind"] = kind_of(schedule)
            found["is one"] = isinstance(schedule, torch.optim.lr_scheduler.OneCycleLR)
            if not found["is one"]:
                return
            found["its sgd"] = schedule.optimizer is sgd
            found["count"] = schedule.last_epoch
            found["total"] = schedule.total_steps
            found.update(settings(sgd))
            with torch.inference_mode(False), torch.enable_grad():
                steps(net, sgd, schedule, 2)
            found["weights"] = net.weight.detach()
            found["rate then"] = sgd.param_groups[0]["lr"]

        return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Schedule, momentum, learning rate, and the weights two batches later."""
        found = seen.also["found"]
        net, sgd, schedule = self.run(case)
        if "kind" not in found:
            return failed(f"`with_schedule(sgd, saved, total)` raised {first_line(seen.error)}.", hint="build")
        if not found["is one"]:
            return failed(f"It returned {found['kind']}. Expected the OneCycleLR.", hint="build")
        if not found["its sgd"]:
            return failed("The schedule that was returned sets the rate of another optimizer than `sgd`.", hint="build")
        if found["count"] != schedule.last_epoch:
            return failed(
                f"The schedule stands at batch {found['count']}; in the file it is at {schedule.last_epoch}.",
                hint="count",
            )
        expected = settings(sgd)
        buffers = found["buffers"]
        if len(buffers) != len(expected["buffers"]) or not all(map(near, buffers, expected["buffers"])):
            return failed("`sgd` has not the momentum of each weight that is in the file.", hint="momentum")
        if not near(found["rate"], expected["rate"], rtol=1e-6):
            return failed(
                f"The learning rate is {found['rate']:.5f}, and in the file it is {expected['rate']:.5f}: building a "
                "schedule sets the rate, so `sgd` is loaded after that.",
                hint="order",
            )
        if not near(found["momentum"], expected["momentum"], rtol=1e-6):
            return failed(
                f"The momentum setting is {found['momentum']:.4f}, and in the file it is {expected['momentum']:.4f}: "
                "a OneCycleLR sets that too when it is built.",
                hint="order",
            )
        steps(net, sgd, schedule, 2)
        if seen.error:
            return failed(f"Filled, but the next batches raised {first_line(seen.error)}.", hint="count")
        if not near(found["weights"], net.weight.detach()) or not near(
            found["rate then"], sgd.param_groups[0]["lr"], rtol=1e-6
        ):
            return failed("Two batches later the weights or the rate are not the unbroken run's.", hint="count")
        return passed("The next step is the unbroken run's.")


def steps(
    net: nn.Module, sgd: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler, number: int
) -> None:
    """So many batches, the schedule stepped after each."""
    x = torch.linspace(-1, 1, 12, dtype=torch.float32).reshape(4, 3)
    for _ in range(number):
        sgd.zero_grad()
        (net(x) - 1).square().mean().backward()
        sgd.step()
        schedule.step()


def settings(sgd: torch.optim.Optimizer) -> dict[str, Any]:
    """The learning rate, the momentum setting and the momentum of each weight."""
    group = sgd.param_groups[0]
    buffers = [one["momentum_buffer"].clone() for one in sgd.state.values() if one.get("momentum_buffer") is not None]
    return {"rate": float(group["lr"]), "momentum": float(group["momentum"]), "buffers": buffers}

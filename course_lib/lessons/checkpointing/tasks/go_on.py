"""Your turn: fill a network, an optimizer and a scheduler from a file, and say where to go on."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.shared import same_weights
from course_lib.seeding import sealed

Run = tuple[nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]


class GoOn(Task):
    """Fill a network, an optimizer and a scheduler from a file; return the next epoch."""

    visible: ClassVar = {"after epoch 3": {"done": 3}, "after epoch 5": {"done": 5}, "nothing is done yet": {"done": 0}}
    hints: ClassVar = {
        "load": "`saved = torch.load(path, weights_only=True)` is the dictionary; `net.load_state_dict(saved['net'])` "
        "fills the network.",
        "optimizer": "The optimizer has a state of its own: `sgd.load_state_dict(saved['sgd'])`.",
        "scheduler": "The scheduler counts epochs: `schedule.load_state_dict(saved['schedule'])`.",
        "next": "`epochs_done` epochs are done, so the next has that number plus 1.",
    }

    def run(self, seed: int, epochs: int = 0) -> Run:
        """A small network with batch norm after so many epochs, with SGD and a rate that halves every second epoch."""
        with sealed(seed):
            net, x = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2)), torch.randn(8, 4)
        sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        schedule = torch.optim.lr_scheduler.StepLR(sgd, 2, 0.5)
        with torch.inference_mode(False), torch.enable_grad():
            for _ in range(epochs):
                sgd.zero_grad()
                (net(x.clone()) - 1).pow(3).mean().backward()
                sgd.step()
                schedule.step()
        return net, sgd, schedule

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save a run, hand out fresh objects, and look at them afterwards."""
        net, sgd, schedule = self.run(case.seed % 1000, case.done)
        new_net, new_sgd, new_schedule = self.run(case.seed % 1000 + 1)
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "run.pt")
            states = {"net": net.state_dict(), "sgd": sgd.state_dict(), "schedule": schedule.state_dict()}
            torch.save({**states, "epochs_done": case.done}, path)
            return observe(
                answer,
                path,
                new_net,
                new_sgd,
                new_schedule,
                also={
                    "weights": lambda: copied(new_net),
                    "momentum": lambda: [one.get("momentum_buffer") for one in new_sgd.state.values()],
                    "rate": lambda: new_sgd.param_groups[0]["lr"],
                    "count": lambda: new_schedule.last_epoch,
                    "set last": lambda: new_schedule.get_last_lr()[0],
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each of the three as it was saved, and the number of the next epoch."""
        net, sgd, schedule = self.run(case.seed % 1000, case.done)
        also = seen.also
        if seen.error:
            return failed(f"`go_on(...)` raised {seen.error}", hint="load")
        if not same_weights(also["weights"], copied(net)):
            weights = {name for name, _ in net.named_parameters()}
            names = weights & set(also["weights"])
            if same_weights(*({name: state[name] for name in names} for state in (also["weights"], copied(net)))):
                return failed("The network has the weights of the file, but not batch norm's statistics.", hint="load")
            return failed("The network has not the weights of the file.", hint="load")
        momentum = [one["momentum_buffer"] for one in sgd.state.values()]
        if len(also["momentum"]) != len(momentum) or not all(map(near, also["momentum"], momentum)):
            return failed("The optimizer has not the momentum of the file.", hint="optimizer")
        if also["count"] != schedule.last_epoch:
            return failed(
                f"The scheduler stands at epoch {also['count']}; in the file it is at {schedule.last_epoch}.",
                hint="scheduler",
            )
        if not near(also["set last"], schedule.get_last_lr()[0]):
            return failed(
                "The scheduler counts as the file's does, but has not its last learning rate: its state_dict holds both.",
                hint="scheduler",
            )
        if not near(also["rate"], sgd.param_groups[0]["lr"]):
            return failed("The optimizer has not the learning rate of the file.", hint="optimizer")
        if isinstance(seen.value, bool) or seen.value != case.done + 1:
            return failed(
                f"{case.done} epochs are done, so the next is {case.done + 1}; got {described(seen.value)}.",
                hint="next",
            )
        return passed("All three are as they were, and the next epoch is known.")

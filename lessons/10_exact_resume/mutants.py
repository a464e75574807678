"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 10_exact_resume` shows who notices."""

import copy
import random

import numpy as np
import torch

from course_lib.checkpoints import CheckpointManager, RNGState
from mutants import world

Optimizer, Scheduler = torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler
optimizer_load = Optimizer.load_state_dict


@world("the recipe is exact", noticed_by="Why: resumed, and nobody noticed")
def _():
    # nothing is drawn at random, and the rate is constant
    from course_lib.lessons.exact_resume import Drawing  # noqa: F401  (the room imports first)

    import course_lib.data
    import course_lib.models

    batches, MLP = course_lib.data.batches, course_lib.models.MLP
    course_lib.data.batches = lambda *args, **options: batches(
        *args, **{**options, "shuffle": False}
    )
    course_lib.models.MLP = lambda **options: MLP(**{**options, "dropout": 0.0})
    random.randint = lambda low, high: 0
    np.random.normal = lambda mean, spread, shape: np.zeros(shape)
    torch.rand = lambda *shape: torch.zeros(*shape)
    torch.optim.lr_scheduler.CosineAnnealingLR = lambda adam, T_max: (
        torch.optim.lr_scheduler.ConstantLR(adam, 1.0)
    )


@world("random.setstate does nothing", noticed_by="Learn: everything that makes a run")
def _():
    random.setstate = lambda state: None


@world("np.random.set_state does nothing", noticed_by="Learn: everything that makes a run")
def _():
    np.random.set_state = lambda state: None


@world("the global state is PyTorch's only", noticed_by="Learn: everything that makes a run")
def _():
    torch.set_rng_state = lambda state: None


@world(
    "a scheduler doesn't take its state back", noticed_by="Learn: everything that makes a run"
)
def _():
    Scheduler.load_state_dict = lambda self, state: None


@world("the rate alone decides about the next rates", noticed_by="Predict")
def _():
    # the scheduler reads its count from the optimizer, so that none is lost
    def load(self, state):
        optimizer_load(self, state)
        for group in self.param_groups:
            group["count"] = group.get("count", 0)

    step = torch.optim.lr_scheduler.CosineAnnealingLR.step

    def counted(self, *args):
        for group in self.optimizer.param_groups:
            if hasattr(self, "_loaded") or self.last_epoch > 0 or "count" not in group:
                group["count"] = self.last_epoch + 1
            else:
                self.last_epoch = group["count"]
                group["count"] += 1
        step(self, *args)

    Optimizer.load_state_dict = load
    torch.optim.lr_scheduler.CosineAnnealingLR.step = counted


@world("a scheduler's own state is needless", noticed_by="Predict")
def _():
    init = torch.optim.lr_scheduler.CosineAnnealingLR.get_lr

    def by_rate(self):  # one sixth of the first rate less, whatever the count
        if self.last_epoch == 0:
            return init(self)
        return [max(group["lr"] - 0.01 / 6, 0.0) for group in self.optimizer.param_groups]

    torch.optim.lr_scheduler.CosineAnnealingLR.get_lr = by_rate


@world("Adam's averages make no difference", noticed_by="Learn: what each part costs")
def _():
    class Sgd(torch.optim.SGD):
        def state_dict(self):
            return super().state_dict()

    adam = torch.optim.Adam
    torch.optim.Adam = lambda parameters, lr=0.001: (
        Sgd(parameters, lr=lr) if lr == 0.01 else adam(parameters, lr=lr)
    )


@world("Python's generator is NumPy's", noticed_by="Learn: what each part costs")
def _():
    random.randint = lambda low, high: int(np.random.randint(low, high + 1))


@world("building a layer draws nothing", noticed_by="Learn: an order that undoes nothing")
def _():
    reset = torch.nn.Linear.reset_parameters

    def still(self):
        state = torch.get_rng_state()
        reset(self)
        torch.set_rng_state(state)

    torch.nn.Linear.reset_parameters = still


@world("torch.load draws a number", noticed_by="Learn: an order that undoes nothing")
def _():
    load = torch.load

    def drawing(*args, **options):
        torch.rand(1)
        return load(*args, **options)

    torch.load = drawing


@world("building a schedule leaves the rate", noticed_by="Learn: an order that undoes nothing")
def _():
    linear = torch.optim.lr_scheduler.LinearLR

    def build(sgd, **options):
        loaded = any("initial_lr" in group for group in sgd.param_groups)
        rate = sgd.param_groups[0]["lr"]
        schedule = linear(sgd, **options)
        if loaded:
            sgd.param_groups[0]["lr"] = rate
        return schedule

    torch.optim.lr_scheduler.LinearLR = build


@world(
    "an optimizer's state stays on the CPU", noticed_by="Learn: an order that undoes nothing"
)
def _():
    def load(self, state):
        kept = copy.deepcopy(state["state"])
        optimizer_load(self, state)
        if any(p.is_meta for group in self.param_groups for p in group["params"]):
            for number, parameter in enumerate(self.param_groups[0]["params"]):
                self.state[parameter] = kept[number]

    Optimizer.load_state_dict = load


@world("the state of now draws the same order", noticed_by="Learn: in the middle of an epoch")
def _():
    torch.utils.data.RandomSampler.__iter__ = lambda self: iter(
        torch.randperm(
            len(self.data_source), generator=torch.Generator().manual_seed(0)
        ).tolist()
    )


@world("a loader draws batch by batch", noticed_by="Learn: in the middle of an epoch")
def _():
    def walk(self):
        left = list(range(len(self.data_source)))
        while left:
            at = torch.randint(len(left), (1,), generator=self.generator).item()
            yield left.pop(at)

    torch.utils.data.RandomSampler.__iter__ = walk


@world("a state_dict holds gradients", noticed_by="Learn: in the middle of a step")
def _():
    load = torch.nn.Module.load_state_dict
    grads = {}

    def remember(self, state, **options):
        grads[id(self)] = True
        return load(self, state, **options)

    torch.nn.Module.load_state_dict = remember
    zeros = torch.zeros
    torch.zeros = lambda *shape, **options: (
        torch.full(shape, 9.0) if shape == (1, 3) else zeros(*shape, **options)
    )


@world("a new scaler finds its scale at once", noticed_by="Learn: the scaler")
def _():
    scaler = torch.amp.GradScaler
    torch.amp.GradScaler = lambda device: scaler(device, init_scale=2.0)


@world("a scaler doesn't halve its scale", noticed_by="Learn: the scaler")
def _():
    scaler = torch.amp.GradScaler
    torch.amp.GradScaler = lambda device: scaler(device, backoff_factor=0.25)


@world(
    "the constructor's rate counts", noticed_by="Break it: the learning rate that you asked for"
)
def _():
    def load(self, state):
        rates = [group["lr"] for group in self.param_groups]
        optimizer_load(self, state)
        if rates == [0.0001]:
            self.param_groups[0]["lr"] = 0.0001

    Optimizer.load_state_dict = load


@world(
    "the constructor's T_max counts",
    noticed_by="Break it: the learning rate that you asked for",
)
def _():
    load = Scheduler.load_state_dict
    Scheduler.load_state_dict = lambda self, state: load(
        self, {name: value for name, value in state.items() if name != "T_max"}
    )


@world("names in an optimizer decide", noticed_by="Break it: moments that change places")
def _():
    from course_lib.checkpoints.state import in_order_of

    Optimizer.load_state_dict = lambda self, state: optimizer_load(
        self, in_order_of(self, state)
    )


@world("in_order_of sorts nothing", noticed_by="Break it: moments that change places")
def _():
    import course_lib.checkpoints.state

    course_lib.checkpoints.state.in_order_of = lambda optimizer, state: state


@world(
    "an optimizer copies what it is given", noticed_by="Break it: the checkpoint that trains on"
)
def _():
    Optimizer.load_state_dict = lambda self, state: optimizer_load(self, copy.deepcopy(state))


@world("persistent workers change nothing", noticed_by="Break it: workers that live on")
def _():
    init = torch.utils.data.DataLoader.__init__

    def build(self, *args, persistent_workers=False, **options):
        init(self, *args, **options)

    torch.utils.data.DataLoader.__init__ = build


@world("workers draw seeds of their own", noticed_by="Break it: workers that live on")
def _():
    import course_lib.lessons.exact_resume as room

    drawing = room.Drawing

    class Anyhow(drawing):
        def __getitem__(self, index):
            torch.seed()
            return super().__getitem__(index)

    room.Drawing = Anyhow


@world("the manager forgets the random states", noticed_by="Learn: the manager does the same")
def _():
    RNGState.load_state_dict = lambda self, state: None


@world("the manager restores nothing", noticed_by="Learn: the manager does the same")
def _():
    load = CheckpointManager.load
    CheckpointManager.load = lambda self, which: load(self, which, only=["model"])

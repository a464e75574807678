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


@world(
    "a scheduler doesn't take its state back", noticed_by="Learn: everything that makes a run"
)
def _():
    Scheduler.load_state_dict = lambda self, state: None


@world("the scheduler's state holds the rate, the optimizer's doesn't", noticed_by="Predict")
def _():
    def load(self, state):
        rates = [group["lr"] for group in self.param_groups]
        optimizer_load(self, state)
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate

    scheduler_load = Scheduler.load_state_dict

    def load_schedule(self, state):
        scheduler_load(self, state)
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    Optimizer.load_state_dict, Scheduler.load_state_dict = load, load_schedule


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


@world(
    "a loader draws every order from its seed", noticed_by="Learn: in the middle of an epoch"
)
def _():
    walk = torch.utils.data.RandomSampler.__iter__

    def same(self):
        if len(self.data_source) != 8:  # the small loader of this section
            return walk(self)
        return iter(torch.randperm(8, generator=torch.Generator().manual_seed(0)).tolist())

    torch.utils.data.RandomSampler.__iter__ = same


@world(
    "one batch less is done than the file says",
    noticed_by="Learn: the whole run, from the middle of an epoch",
)
def _():
    import itertools

    islice = itertools.islice

    def shorter(iterable, *numbers):
        if type(iterable).__name__ == "_SingleProcessDataLoaderIter":
            return islice(iterable, numbers[0] - 1)
        return islice(iterable, *numbers)

    itertools.islice = shorter


@world("a batch adds nothing to the gradients", noticed_by="Learn: in the middle of a step")
def _():
    torch.Tensor.square = lambda self: 0 * self


@world("a new scaler finds its scale at once", noticed_by="Learn: the scaler")
def _():
    scaler = torch.amp.GradScaler
    torch.amp.GradScaler = lambda device: scaler(device, init_scale=2.0)


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


@world("the manager restores nothing", noticed_by="Learn: the manager does the same")
def _():
    load = CheckpointManager.load
    CheckpointManager.load = lambda self, which: load(self, which, only=["model"])

"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 11_device_mapping` shows who notices."""

import torch
from torch import nn
from torch.optim import Optimizer

import course_lib.devices
import course_lib.seeding
from mutants import world

torch_load, load_state_dict = torch.load, nn.Module.load_state_dict


def change_load(changed):
    """Let every torch.load go through `changed(map_location)`, which returns the map_location to use."""
    torch.load = lambda path, map_location=None, **options: torch_load(
        path, map_location=changed(map_location), **options
    )


@world("torch.load ignores the tags", noticed_by="Predict")
def _():
    change_load(lambda place: "cpu" if place is None else place)


@world("torch.load has a device argument", noticed_by="Predict")
def _():
    torch.load = lambda path, map_location=None, device=None, **options: torch_load(
        path, map_location=device or map_location, **options
    )


@world("map_location='cuda' is a wish", noticed_by="Predict")
def _():
    change_load(
        lambda place: "cpu" if place == "cuda" and not torch.cuda.is_available() else place
    )


@world("a GPU too few is no error", noticed_by="Learn: four messages")
def _():
    change_load(lambda place: "cpu" if place is None and torch.cuda.is_available() else place)


@world("a function is asked once", noticed_by="Learn: four forms of map_location")
def _():
    def once(place):
        if not callable(place) or isinstance(place, torch.device):
            return place
        asked = []
        return lambda storage, tag: (
            storage if asked else asked.append(tag) or place(storage, tag)
        )

    change_load(once)


@world("the plan forgets what is on the CPU", noticed_by="Learn: four forms of map_location")
def _():
    plan = course_lib.devices.plan_map_location
    course_lib.devices.plan_map_location = lambda tags, available: {
        tag: place for tag, place in plan(tags, available).items() if tag != "cpu"
    }


@world(
    "load_state_dict() takes the loaded tensors themselves", noticed_by="What it does not do"
)
def _():
    nn.Module.load_state_dict = lambda self, state, strict=True, assign=False: load_state_dict(
        self, state, strict, assign=True
    )


@world("torch.load obeys the default device", noticed_by="What it does not do")
def _():
    def obey(place):
        default = torch.get_default_device()
        return default if place is None and default.type == "meta" else place

    change_load(obey)


@world("the random states don't come back", noticed_by="Learn: move a training and go on")
def _():
    course_lib.seeding.set_rng_state = lambda state: torch.rand(1)


@world(
    "the optimizer's state is not in the file", noticed_by="Learn: move a training and go on"
)
def _():
    load = Optimizer.load_state_dict

    def forget(self, state):
        load(self, state)
        for part in self.state.values():
            part["exp_avg"].zero_()

    Optimizer.load_state_dict = forget


@world("'meta' reads the bytes", noticed_by="Learn: larger than memory")
def _():
    change_load(lambda place: "cpu" if place == "meta" else place)


@world("a key that misses sends to the CPU", noticed_by="Break it: the key that misses")
def _():
    every = {"meta": "cpu", "cuda:0": "cpu"}
    change_load(lambda place: {**every, **place} if isinstance(place, dict) else place)


@world(
    "a random state is taken from any device",
    noticed_by="Break it: the random state on the GPU",
)
def _():
    set_rng_state = torch.set_rng_state
    torch.set_rng_state = lambda state: None if state.is_meta else set_rng_state(state)


@world(
    "the step counter goes where the parameter is",
    noticed_by="Break it: the random state on the GPU",
)
def _():
    load = Optimizer.load_state_dict

    def move(self, state):
        load(self, state)
        for parameter, part in self.state.items():
            part["step"] = part["step"].to(parameter.device)

    Optimizer.load_state_dict = move


@world(
    "assign=True keeps the Parameters",
    noticed_by="Break it: the optimizer built before the move",
)
def _():
    def load(self, state, strict=True, assign=False):
        kept = dict(self.named_parameters())
        report = load_state_dict(self, state, strict, assign)
        if assign:
            for name, parameter in list(self.named_parameters()):
                torch.utils.swap_tensors(kept[name], parameter)
                owner, _, last = name.rpartition(".")
                setattr(self.get_submodule(owner), last, kept[name])
        return report

    nn.Module.load_state_dict = load


@world(
    "a move always keeps the Parameters",
    noticed_by="Break it: the optimizer built before the move",
)
def _():
    torch.__future__.set_swap_module_params_on_conversion(True)

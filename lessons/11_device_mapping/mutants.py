"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 11_device_mapping` shows who notices."""

import torch
from torch import nn
from torch.optim import Optimizer

import course_lib.devices
import course_lib.lessons.device_mapping
import course_lib.models
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
    torch.set_rng_state = lambda state: torch.rand(1)


@world("building a model draws nothing", noticed_by="Learn: move a training and go on")
def _():
    init = course_lib.models.MLP.__init__

    def quiet(self, *args, **sizes):
        before = torch.get_rng_state()
        init(self, *args, **sizes)
        if torch.get_default_device().type == "cpu":
            torch.set_rng_state(before)

    course_lib.models.MLP.__init__ = quiet


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


@world("'meta' reads the bytes", noticed_by="An aside: larger than memory")
def _():
    change_load(lambda place: "cpu" if place == "meta" else place)


@world("a key without its number matches too", noticed_by="Break it: the key that misses")
def _():
    every = {"cpu": "meta", "cuda:0": "meta"}
    change_load(lambda place: every if isinstance(place, dict) and "cpu:0" in place else place)


@world(
    "a random state is taken from any device",
    noticed_by="Break it: the random state on the GPU",
)
def _():
    set_rng_state = torch.set_rng_state
    torch.set_rng_state = lambda state: None if state.is_meta else set_rng_state(state)


@world(
    "the step counter goes where the parameter is",
    noticed_by="Learn: move a training and go on",
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


@world("a GPU's step counters are on the GPU", noticed_by="Learn: a name beside the bytes")
def _():
    lesson = course_lib.lessons.device_mapping
    files = lesson.gpu_files

    def gpu_files(folder):
        said = files(folder)
        saved = torch_load(folder / "training.pt", map_location="cpu", weights_only=True)
        with course_lib.devices.saved_as("cuda:0"):
            torch.save(saved, folder / "training.pt")
        return said

    lesson.gpu_files = gpu_files


@world("the imitation's tags are not a GPU's", noticed_by="Learn: four messages")
def _():
    saved_as = course_lib.devices.saved_as
    course_lib.devices.saved_as = lambda tag, only=None: saved_as(tag.split(":")[0], only)


@world("is_available() asks the driver, whatever the build", noticed_by="Learn: four messages")
def _():
    torch.cuda.is_available = lambda: getattr(torch._C, "_cuda_getDeviceCount", lambda: 0)() > 0


@world("a dictionary takes torch.device values", noticed_by="Learn: four forms of map_location")
def _():
    change_load(
        lambda place: (
            {tag: str(where) for tag, where in place.items()}
            if isinstance(place, dict)
            else place
        )
    )


@world("None leaves a storage on the CPU", noticed_by="Learn: four forms of map_location")
def _():
    def kept(place):
        if not callable(place) or isinstance(place, torch.device):
            return place
        return lambda storage, tag: place(storage, tag) or storage

    change_load(kept)


@world("sums don't depend on the order", noticed_by="Learn: four forms of map_location")
def _():
    add = torch.Tensor.__add__
    torch.Tensor.__add__ = lambda a, b: add(a.double(), b)


@world(
    "current_accelerator() asks the machine, not the build",
    noticed_by="Learn: which device is here?",
)
def _():
    torch.accelerator.current_accelerator = lambda check_available=False: None


@world("select_device() believes the build", noticed_by="Learn: which device is here?")
def _():
    course_lib.devices.select_device = lambda: (
        torch._C._accelerator_getAccelerator() or torch.device("cpu")
    )


@world("the moments stay where they were read", noticed_by="Learn: move a training and go on")
def _():
    load = Optimizer.load_state_dict

    def left(self, state):
        load(self, state)
        for part in self.state.values():
            if part["exp_avg"].is_meta:
                part["exp_avg"] = torch.zeros(part["exp_avg"].shape)

    Optimizer.load_state_dict = left


@world("the CPU takes a GPU's random state", noticed_by="The GPU's own dice")
def _():
    set_rng_state = torch.set_rng_state
    torch.set_rng_state = lambda state: set_rng_state(state) if state.numel() > 100 else None


@world("mmap reads the whole file at once", noticed_by="An aside: larger than memory")
def _():
    torch.load = lambda path, mmap=None, **options: torch_load(path, **options)


@world(
    "Adam doesn't look at its step counter", noticed_by="Break it: the random state on the GPU"
)
def _():
    step = torch.optim.Adam.step

    def blind(self, closure=None):
        for part in self.state.values():
            if part["step"].is_meta:
                part["step"] = torch.tensor(1.0)
        return step(self, closure)

    torch.optim.Adam.step = blind


@world(
    "an optimizer's moments follow a change of dtype",
    noticed_by="Break it: the optimizer built before the move",
)
def _():
    adam = torch.optim.Adam
    made = []

    class Following(adam):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    double = nn.Module.double

    def follow(self):
        double(self)
        for optimizer in made:
            for part in optimizer.state.values():
                part["exp_avg"] = part["exp_avg"].double()
        return self

    torch.optim.Adam, nn.Module.double = Following, follow

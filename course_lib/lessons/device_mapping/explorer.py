"""Lesson 11: the device map. Its trace, `trace_devices`, is next door."""

import io
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import torch
from torch import nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer
from course_lib.classroom.style import BLUE, GREEN, VERMILION
from course_lib.devices import plan_map_location, saved_as
from course_lib.seeding import sealed

STORAGES = ("weight", "exp_avg", "exp_avg_sq", "step", "rng state")
AT_HOME_ON_CPU = ("step", "rng state")  # Adam's step counter and the random state: no GPU tags these
FILES = {"GPU 0's": "cuda:0", "GPU 1's": "cuda:1", "Apple's": "mps", "an NPU's": "npu:0", "a CPU's": "cpu"}
MACHINES = {
    "CPU only": ("cpu",),
    "one GPU": ("cpu", "cuda:0"),
    "two GPUs": ("cpu", "cuda:0", "cuda:1"),
    "Apple": ("cpu", "mps"),
}
PLAN = "plan_map_location"
MAPS: dict[str, Any] = {
    "none": None,
    '"cpu"': "cpu",
    '"cuda"': "cuda",
    '{"cuda": "cpu"}': {"cuda": "cpu"},
    '{"cuda:1": "cuda:0"}': {"cuda:1": "cuda:0"},
    "a plan": PLAN,
}
NO_CUDA = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a "
    "CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
)
NO_SUCH_GPU = (
    "Attempting to deserialize object on CUDA device {index} but torch.cuda.device_count() is {count}. Please use "
    "torch.load with map_location to map your storages to an existing device."
)
NO_MPS = "torch.UntypedStorage(): Storage device not recognized: mps"
UNKNOWN = "don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})"


def device_map() -> Explorer:
    """Tags in a file, a machine, a map_location: where each storage lands, or which error comes.

    >>> explorer = device_map()
    >>> explorer.set(map_location='"cpu"')
    >>> "RuntimeError" in explorer.state.text()
    False
    """
    return Explorer(
        DeviceMapState(),
        controls=[
            Choice("file", "File", {name: name for name in FILES}),
            Choice("machine", "Machine", {name: name for name in MACHINES}),
            Choice("map_location", "map_location", {name: name for name in MAPS}),
        ],
    )


@dataclass(frozen=True)
class Outcome:
    """What torch.load does: a device for each storage, or an error. `really`: it was loaded here, not worked out."""

    places: tuple[str, ...] = ()
    error: str = ""
    really: bool = False


def tags(file: str) -> tuple[str, ...]:
    """The tag of each storage in the file."""
    return tuple("cpu" if name in AT_HOME_ON_CPU else FILES[file] for name in STORAGES)


def _argument(file: str, machine: str, map_location: str) -> Any:
    chosen = MAPS[map_location]
    return plan_map_location(tags(file), MACHINES[machine]) if chosen == PLAN else chosen


def ruled(file: str, machine: str, map_location: str) -> Outcome:
    """The rule of torch.load, storage by storage: look the tag up, go there, or stop at the first that can't."""
    chosen, devices, places = _argument(file, machine, map_location), MACHINES[machine], []
    gpus = sum(device.startswith("cuda") for device in devices)
    for tag in tags(file):
        location = tag if chosen is None else chosen.get(tag, tag) if isinstance(chosen, dict) else chosen
        kind, _, index = location.partition(":")
        if kind == "cuda" and not gpus:
            return Outcome(error=NO_CUDA)
        if kind == "cuda" and int(index or 0) >= gpus:
            return Outcome(error=NO_SUCH_GPU.format(index=index, count=gpus))
        if kind == "mps" and "mps" not in devices:
            return Outcome(error=NO_MPS)
        if kind not in ("cpu", "cuda", "mps"):
            return Outcome(error=UNKNOWN.format(location=location))
        places.append("cuda:0" if location == "cuda" else location)  # no number: the current GPU, at first number 0
    return Outcome(tuple(places))


@lru_cache(maxsize=1)
def this_machine() -> str:
    """Which of the machines this one is, or an empty string."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    apple = ("mps",) if torch.backends.mps.is_available() else ()
    devices = ("cpu", *(f"cuda:{i}" for i in range(gpus)), *apple)
    return next((name for name, has in MACHINES.items() if has == devices), "")


@cache
def _file(file: str) -> bytes:
    """A checkpoint after one step of Adam, as the file's device would have tagged it."""
    with sealed(0):
        layer = nn.Linear(3, 2, bias=False)
        optimizer = torch.optim.Adam(layer.parameters())
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        state = optimizer.state[layer.weight]
        content = {"weight": layer.weight.detach(), **state, "rng state": torch.get_rng_state()}
        file_bytes = io.BytesIO()
        with saved_as(FILES[file], only=[content[name] for name in STORAGES if name not in AT_HOME_ON_CPU]):
            torch.save({name: content[name] for name in STORAGES}, file_bytes)
        return file_bytes.getvalue()


@cache
def loaded(file: str, machine: str, map_location: str) -> Outcome:
    """What torch.load really does with this file on this machine."""
    try:
        found = torch.load(
            io.BytesIO(_file(file)), map_location=_argument(file, machine, map_location), weights_only=True
        )
    except RuntimeError as error:
        return Outcome(error=str(error).splitlines()[0], really=True)
    places = [str(found[name].device) for name in STORAGES]
    return Outcome(tuple("mps" if place == "mps:0" else place for place in places), really=True)


@dataclass(frozen=True)
class DeviceMapState:
    """A file, a machine and what is passed as map_location."""

    file: str = "GPU 0's"
    machine: str = "CPU only"
    map_location: str = "none"

    @property
    def outcome(self) -> Outcome:
        """Loaded really where this machine is the one in question, by the rule where not."""
        how = loaded if self.machine == this_machine() else ruled
        return how(self.file, self.machine, self.map_location)

    @property
    def misplaced(self) -> list[str]:
        """What belongs on the CPU and was taken elsewhere."""
        pairs = zip(STORAGES, self.outcome.places, strict=False)
        return [name for name, place in pairs if name in AT_HOME_ON_CPU and place != "cpu"]

    @property
    def missed(self) -> bool:
        """Whether a dictionary was passed and none of its keys is a tag of the file."""
        chosen = MAPS[self.map_location]
        return isinstance(chosen, dict) and not set(chosen) & set(tags(self.file))

    def verdict(self) -> tuple[str, str]:
        """An icon with one word, and a sentence."""
        if self.outcome.error:
            return "✗ raises", "Nothing is loaded: the first storage that has nowhere to go ends it."
        if self.misplaced:
            return "! loads", "set_rng_state will refuse this random state, and Adam's step left the CPU."
        if self.missed:
            return "! loads", "No key of the dictionary is a tag of the file: it did nothing, and nobody says so."
        return "✓ loads", "The training can go on: random state and step counter are on the CPU."

    def text(self) -> str:
        """The picture in words."""
        outcome, how = self.outcome, "Really loaded here." if self.outcome.really else "By the rule: another machine."
        start = f"File: {self.file}; machine: {self.machine}; map_location: {self.map_location}. "
        if outcome.error:
            return f"{start}RuntimeError: {outcome.error.rstrip('.')}. {how}"
        landed: dict[str, list[str]] = {}
        for name, place in zip(STORAGES, outcome.places, strict=True):
            landed.setdefault(place, []).append(name)
        where = "; ".join(f"{len(names)} of 5 on {place} ({', '.join(names)})" for place, names in landed.items())
        return f"{start}{where}. {self.verdict()[1]} {how}"

    def svg(self) -> str:
        """The storages with their tags on the left, the machine's devices on the right, lines between them."""
        parts = [
            svg.heading(8, 250, f"In the file: {self.file}"),
            svg.heading(420, 712, f"On the machine: {self.machine}"),
        ]
        parts += [svg.text(335, 16, "map_location", size=12, anchor="middle", faint=True)]
        parts += [svg.text(335, 34, self.map_location, size=12, anchor="middle", bold=True)]
        for i, (name, tag) in enumerate(zip(STORAGES, tags(self.file), strict=True)):
            y = _row(i)
            color = GREEN if tag == "cpu" else BLUE
            parts += [svg.text(8, y + 4, name), svg.rect(150, y - 12, 100, 24, fill=color, opacity=0.3, rounded=4)]
            parts += [svg.text(200, y + 4, f"tag {tag}", anchor="middle")]
        parts.append(self._stopped() if self.outcome.error else self._landed())
        word, sentence = self.verdict()
        parts += [svg.text(8, 268, word, size=14, bold=True), svg.text(84, 268, sentence)]
        how = "what torch.load itself did" if self.outcome.really else "worked out by torch.load's rule"
        parts += [svg.text(8, 290, f"This is {how}.", size=11, faint=True)]
        return svg.picture(720, 300, *parts)

    def _landed(self) -> str:
        devices, parts = MACHINES[self.machine], []
        height = 180 / len(devices) - 8
        for i, device in enumerate(devices):
            y, color = 52 + i * (height + 8), GREEN if device == "cpu" else BLUE
            names = [n for n, p in zip(STORAGES, self.outcome.places, strict=True) if p == device]
            parts += [svg.rect(420, y, 292, height, fill=color, opacity=0.15, edge="currentColor", rounded=4)]
            parts += [svg.text(430, y + 18, device, bold=True)]
            parts += [svg.text(430, y + 36, ", ".join(names) or "empty", size=11, faint=not names)]
            for j, (name, place) in enumerate(zip(STORAGES, self.outcome.places, strict=True)):
                if place == device:
                    strayed = name in self.misplaced
                    line = VERMILION if strayed else "currentColor"
                    parts.append(svg.arrow((254, _row(j)), (418, y + height / 2 + 4 * (j - 2)), color=line))
        return "".join(parts)

    def _stopped(self) -> str:
        parts = [svg.rect(420, 52, 292, 172, edge=VERMILION, dash="5 4", rounded=4)]
        parts += [svg.text(430, 74, "✗ RuntimeError", bold=True)]
        parts += [svg.text(430, 96 + 17 * i, words) for i, words in enumerate(_wrapped(self.outcome.error, 42))]
        parts += [svg.arrow((254, _row(0)), (414, _row(0)), color=VERMILION)]
        return "".join(parts)


def _row(i: int) -> float:
    return 66 + 36 * i


def _wrapped(words: str, width: int) -> list[str]:
    """Lines of at most `width` characters, broken at spaces where there are any."""
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines

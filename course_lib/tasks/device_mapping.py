"""The tasks of lesson 11: files from one machine's devices, read on another's."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.serialization import _package_registry, register_package

from course_lib.devices import saved_as
from course_lib.tasks.observation import Observation, observe
from course_lib.tasks.task import Case, Task, Verdict, failed, near, passed


@contextmanager
def machine(devices: Sequence[str]) -> Iterator[dict[float, str]]:
    """Inside, `torch.load` finds these devices and no others, whatever this machine has.

    torch's own code chooses the place and writes the error. Only the last step differs: what goes to one of
    the devices stays in main memory, and the device is noted under the storage's first number.
    """
    landed: dict[float, str] = {}

    def place(storage: torch.UntypedStorage, location: str) -> torch.UntypedStorage | None:
        device = {"cuda": "cuda:0", "mps:0": "mps"}.get(location, location)
        if device not in devices or device == "cpu":
            return None  # torch goes on to its own rules, and to its own errors
        landed[torch.empty(0).set_(storage)[0].item()] = device
        return storage

    gpus = sum(device.startswith("cuda") for device in devices)
    first = min(priority for priority, *_ in _package_registry)
    register_package(first - 1, lambda storage: None, place)
    try:
        with patch.multiple(torch.cuda, is_available=lambda: gpus > 0, device_count=lambda: gpus):
            yield landed
    finally:
        _package_registry[:] = [entry for entry in _package_registry if entry[2] is not place]


def write(path: Path, content: Any, tags: Mapping[str, Sequence[Tensor]]) -> None:
    """Save `content` with the tensors under each tag tagged so."""
    with ExitStack() as stack:
        for tag, tensors in tags.items():
            if tag != "cpu":
                stack.enter_context(saved_as(tag, only=tensors))
        torch.save(content, path)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor in nested dictionaries and lists, with its dotted path."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, item in items:
        yield from leaves(item, f"{path}.{name}".lstrip("."))
    if isinstance(value, Tensor):
        yield path, value


class Touch:
    """An object whose unpickling makes a folder: what a stranger's file could do, made harmless."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple:
        """What to call when it is read."""
        import os

        return os.mkdir, (str(self.path),)


class LoadAnywhere(Task):
    """Load a file with any tags, on a machine that may have none of those devices."""

    visible: ClassVar = {
        "one GPU's file, on the CPU": {"tags": ("cuda:0",), "device": "cpu", "hostile": False},
        "another device": {"tags": ("cuda:1",), "device": "meta", "hostile": False},
    }
    graded: ClassVar = {
        "Apple's file": {"tags": ("mps",), "device": "cpu", "hostile": False},
        "two devices in one file": {"tags": ("cuda:0", "npu:3"), "device": "meta", "hostile": False},
        "a stranger's file": {"tags": ("cuda:0",), "device": "cpu", "hostile": True},
    }
    hints: ClassVar = {
        "map": "`torch.load(path, map_location=...)` decides where each storage goes. A string sends all of them to one "
        "place; a dictionary sends each tag to its own.",
        "tags": "To learn the tags of a file, load it once with a function: "
        "`map_location=lambda storage, tag: (tags.add(tag), storage)[1]`.",
        "stay": "What was on the CPU when it was saved belongs there: random states, and Adam's step counter. Leave the "
        "tag `cpu` out of your dictionary, and it stays.",
        "text": "The values of a dictionary are strings: `str(device)` works for a string and for a `torch.device`.",
        "safe": "`weights_only=True` refuses whatever is not plain data. Leave it on, however the error reads.",
    }

    def checkpoint(self, case: Case) -> tuple[dict[str, Any], dict[str, list[Tensor]]]:
        """A small checkpoint, and which of its tensors carry which tag."""
        g = case.generator()
        model = {"weight": torch.rand(3, 2, generator=g), "bias": torch.rand(3, generator=g)}
        state = {"step": torch.tensor(7.0), "exp_avg": torch.rand(3, 2, generator=g)}
        content = {
            "model": model,
            "optimizer": {"state": [state]},
            "rng": torch.arange(16, dtype=torch.uint8),
            "epoch": 4,
        }
        tags = {case.tags[0]: [*model.values()]}
        tags.setdefault(case.tags[-1], []).append(state["exp_avg"])
        return content, tags

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write the file, call the answer where nothing but the CPU is, and look where everything landed."""
        content, tags = self.checkpoint(case)
        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]):
            path, marker = Path(folder) / "checkpoint.pt", Path(folder) / "it_ran"
            if case.hostile:
                content["note"] = Touch(marker)
            write(path, content, tags)
            found = {}

            def use() -> Any:
                loaded = answer(path, torch.device(case.device) if case.device != "cpu" else case.device)
                found.update({name: str(tensor.device) for name, tensor in leaves(loaded)})
                return loaded

            return observe(use, also={"devices": lambda: found, "ran": lambda: marker.exists()})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Nothing ran, nothing is lost, and each tensor is where the contract says."""
        if seen.also["ran"]:
            return failed("Code from the file was executed: it made a folder. Expected it to be refused.", hint="safe")
        if case.hostile:
            if seen.error_type == "UnpicklingError":
                return passed("Refused.")
            return failed(
                f"A file with a foreign object in it gave {seen.error or seen.type}. Expected torch.load to refuse it.",
                hint="safe",
            )
        if seen.error:
            return failed(
                f"Loading a file tagged {' and '.join(case.tags)} for device {case.device!r} raised {seen.error}.",
                hint="text" if seen.error_type in ("TypeError", "AttributeError") else "map",
            )
        content, tags = self.checkpoint(case)
        away = {id(tensor) for tensors in tags.values() for tensor in tensors}
        for name, tensor in leaves(content):
            if name not in seen.also["devices"]:
                return failed(f"`{name}` is missing from what came back. Expected the whole content of the file.")
            device, expected = seen.also["devices"][name], case.device if id(tensor) in away else "cpu"
            if device != expected and expected == "cpu":
                return failed(f"`{name}` was on the CPU when it was saved, and is on {device} now.", hint="stay")
            if device != expected:
                return failed(f"`{name}` landed on {device}. Expected {expected}.", hint="tags")
        if case.device == "cpu":
            got = dict(leaves(seen.value))
            if wrong := [name for name, tensor in leaves(content) if not near(got.get(name), tensor)]:
                return failed(f"The numbers in `{wrong[0]}` are not those of the file.")
        return passed("Every tag, every device, and nothing executed.")


def home(tag: str, devices: Sequence[str]) -> str:
    """Where the contract of `device_plan` wants this tag's tensors."""
    kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
    return tag if tag in devices else (*kin, "cpu")[0]


class DevicePlan(Task):
    """Say where each tag of a file goes on a given machine."""

    visible: ClassVar = {
        "one GPU fewer": {"tags": ("cuda:1", "cpu"), "devices": ("cpu", "cuda:0")},
        "no GPU": {"tags": ("cuda:0", "cpu"), "devices": ("cpu",)},
    }
    graded: ClassVar = {
        "the same machine": {"tags": ("cuda:0", "cuda:1", "cpu"), "devices": ("cpu", "cuda:0", "cuda:1")},
        "Apple's file": {"tags": ("mps", "cpu"), "devices": ("cpu", "cuda:0")},
        "many kinds": {"tags": ("npu:0", "cuda:3", "cpu", "xla:1"), "devices": ("cpu", "mps")},
    }
    hints: ClassVar = {
        "exact": "A dictionary is asked for the tag's exact text. For `cuda:1` the key `cuda` is no answer, and a key that "
        "misses raises nothing by itself.",
        "kind": "`tag.split(':')[0]` is the kind of device. Look first for the tag itself, then for its kind, then take "
        "the CPU.",
        "stay": "A string sends every storage to one place, those of the CPU too. A dictionary lets them stay.",
        "text": "Keys and values of the dictionary are strings, such as `{'cuda:1': 'cuda:0'}`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the plan, load a file with these tags by it, and note where each tag's tensor landed."""
        tensors = {tag: torch.full((2,), i + 1.0) for i, tag in enumerate(case.tags)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint.pt"
            write(path, tensors, {tag: [tensor] for tag, tensor in tensors.items()})

            def use() -> dict[str, str]:
                plan = answer(set(case.tags), list(case.devices))
                with machine(case.devices) as landed:
                    loaded = torch.load(path, map_location=plan, weights_only=True)
                return {tag: landed.get(float(i), str(loaded[tag].device)) for i, tag in enumerate(case.tags, 1)}

            return observe(use)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Nothing raises, the CPU's stays, what can stay stays, and the rest goes where the contract says."""
        there = f"On a machine with {', '.join(case.devices)} "
        if seen.error:
            hint = "text" if seen.error_type in ("TypeError", "AttributeError") else "exact"
            return failed(f"{there}torch.load raised {seen.error}", hint=hint)
        for tag in case.tags:
            landed, expected = seen.value[tag], home(tag, case.devices)
            if landed == expected:
                continue
            if tag == "cpu":
                return failed(f"{there}the CPU's tensors went to {landed}. Expected them to stay.", hint="stay")
            why = (
                "it is there"
                if tag in case.devices
                else "its kind is there"
                if expected != "cpu"
                else "no kin is there"
            )
            return failed(
                f"{there}what was tagged {tag} went to {landed}. Expected {expected}: {why}.",
                hint="stay" if tag in case.devices else "kind",
            )
        return passed("Nothing raises, and everything that can stay stays.")


def train_steps(model: nn.Module, optimizer: torch.optim.Optimizer, case: Case, first: int, last: int) -> None:
    """Steps `first` to `last` of a training on this case's data; dropout draws from the global generator."""
    g = case.generator()
    x, y = torch.randn(16, 4, generator=g), torch.randint(3, (16,), generator=g)
    for _ in range(first, last):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def build_network() -> nn.Module:
    """A network with buffers and dropout, so that statistics and random numbers matter."""
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))


def optimizer_builder(case: Case) -> Callable[[Any], torch.optim.Optimizer]:
    """The case's optimizer."""
    if case.momentum:
        return lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    return lambda parameters: torch.optim.Adam(parameters, lr=0.02)


BEFORE, AFTER = 3, 3  # steps of training before saving, and after moving


class MoveTraining(Task):
    """Mend the move of a running training to another machine."""

    visible: ClassVar = {
        "to the CPU": {"tag": "cuda:1", "device": "cpu", "momentum": False},
        "to another device": {"tag": "cuda:0", "device": "meta", "momentum": False},
    }
    graded: ClassVar = {
        "from an Apple": {"tag": "mps", "device": "cpu", "momentum": False},
        "another optimizer": {"tag": "cuda:0", "device": "cpu", "momentum": True},
        "another optimizer, another device": {"tag": "npu:0", "device": "meta", "momentum": True},
    }
    hints: ClassVar = {
        "rng": "Building a model draws random numbers. So the random state is restored last, after everything is built.",
        "cpu": "`map_location=device` sends everything there, also the random state, which must stay on the CPU. Load "
        "onto the CPU, and let `.to(device)` and the optimizer's `load_state_dict` do the moving.",
        "ghosts": "An optimizer holds the Parameter objects it was given. `assign=True`, and a move to some devices, put "
        "new ones into the model. So build the optimizer last.",
        "state": "An optimizer's state doesn't follow the model. `optimizer.load_state_dict` puts it where the "
        "parameters are at that moment: move first, load afterwards.",
    }

    def trained(self, case: Case) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The training up to the save; the global generator stands where it stood then."""
        torch.random.default_generator.manual_seed(case.seed)
        model = build_network()
        optimizer = optimizer_builder(case)(model.parameters())
        train_steps(model, optimizer, case, 0, BEFORE)
        return model, optimizer

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, have it moved, look where everything is, and train on where that is possible."""
        model, optimizer = self.trained(case)
        rng = torch.get_rng_state()
        content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": rng}
        moments = [t for name, t in leaves(content["optimizer"]["state"]) if not name.endswith("step")]
        device, found = torch.device(case.device), {}

        def use() -> Any:
            moved, with_optimizer = answer(path, build_network, optimizer_builder(case), device)
            found["rng"] = torch.equal(torch.get_rng_state(), rng)
            found["model"] = sorted({str(t.device) for t in (*moved.parameters(), *moved.buffers())})
            held = [p for group in with_optimizer.param_groups for p in group["params"]]
            found["held"] = [id(p) for p in held] == [id(p) for p in moved.parameters()]
            state = [
                item for p in held for item in with_optimizer.state.get(p, {}).items() if isinstance(item[1], Tensor)
            ]
            found["moments"] = sorted({str(t.device) for name, t in state if name != "step"})
            found["step"] = sorted({str(t.device) for name, t in state if name == "step"})
            if case.device == "cpu":
                train_steps(moved, with_optimizer, case, BEFORE, BEFORE + AFTER)
            return moved.state_dict()

        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a load into a meta model says that it copies nothing
            path = Path(folder) / "training.pt"
            write(path, content, {case.tag: [*content["model"].values(), *moments]})
            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Placement, identity and RNG; and on the CPU, the same parameters as without the move."""
        found = seen.also["found"]
        if seen.error and "step" not in found:
            hint = "cpu" if "ByteTensor" in seen.error else "state" if "deserialize" not in seen.error else "cpu"
            return failed(f"Moving a file tagged {case.tag} to {case.device} raised {seen.error}", hint=hint)
        if found["model"] != [case.device]:
            return failed(f"The model is on {', '.join(found['model'])}. Expected {case.device}.", hint="state")
        if not found.get("held"):
            return failed(
                "The optimizer holds other Parameters than the model: it trains ghosts, and the model stands still.",
                hint="ghosts",
            )
        if found["moments"] != [case.device]:
            where = ", ".join(found["moments"]) or "nowhere: it was not loaded"
            return failed(f"The optimizer's state is on {where}. Expected {case.device}.", hint="state")
        if found["step"] not in ([], ["cpu"]):
            return failed(f"Adam's step counter is on {found['step'][0]}. Expected it on the CPU.", hint="cpu")
        if not found["rng"]:
            return failed(
                "The random state afterwards is not the saved one. Restored too early, or not at all?", hint="rng"
            )
        if seen.error:
            return failed(f"Moved; but the next training step raised {seen.error}", hint="state")
        if case.device == "cpu":
            got, expected = seen.value, self.unmoved(case)
            if wrong := [n for n in expected if not near(got.get(n), expected[n], rtol=1e-3, atol=1e-5)]:
                return failed(
                    f"After {AFTER} more steps {len(wrong)} tensors, such as `{wrong[0]}`, differ from a training that was "
                    "never moved.",
                    hint="state",
                )
        return passed("Moved, and it trains on as if nothing had happened.")

    def unmoved(self, case: Case) -> dict[str, Tensor]:
        """The state dict of a training that stayed where it was."""
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            model, optimizer = self.trained(case)
            train_steps(model, optimizer, case, BEFORE, BEFORE + AFTER)
        return {name: tensor.detach() for name, tensor in model.state_dict().items()}


NO_MPS_TEXT = "torch.UntypedStorage(): Storage device not recognized: mps"


def real_message(tag: str, gpus: int) -> str:
    """What torch.load says about a file with this tag on a machine with so many GPUs."""
    with tempfile.TemporaryDirectory() as folder, machine(["cpu", *(f"cuda:{i}" for i in range(gpus))]):
        path = Path(folder) / "file.pt"
        with saved_as(tag):
            torch.save(torch.ones(1), path)
        try:
            torch.load(path, weights_only=True)
        except Exception as error:  # torch 2.4 wraps it in an UnpicklingError
            return str(error)
    return NO_MPS_TEXT  # an Apple computer has the device: what others say there


class ReadError(Task):
    """Tell from the message what is missing, and what to pass as map_location."""

    visible: ClassVar = {
        "the second GPU": {"tag": "cuda:1", "gpus": 1, "cause": "NO_SUCH_GPU"},
        "no GPU": {"tag": "cuda:0", "gpus": 0, "cause": "NO_CUDA"},
    }
    graded: ClassVar = {
        "Apple": {"tag": "mps", "gpus": 0, "cause": "NO_MPS"},
        "unknown": {"tag": "npu:0", "gpus": 1, "cause": "UNKNOWN_DEVICE"},
        "the twelfth GPU": {"tag": "cuda:11", "gpus": 2, "cause": "NO_SUCH_GPU"},
        "another error": {"tag": "", "gpus": 0, "cause": ""},
    }
    hints: ClassVar = {
        "apart": "Two messages begin with `Attempting to deserialize object on`. One goes on with `a CUDA device but "
        "torch.cuda.is_available() is False`, the other names a device number and `device_count()`.",
        "number": "`re.search(r'CUDA device (\\d+)', message)` finds the number of the GPU that isn't there.",
        "dict": "The missing GPU's tensors can go to a GPU that is there: `{'cuda:1': 'cuda:0'}`. The rest of the file "
        "stays where it is.",
        "other": "A message that is none of the four has another cause. Guessing hides it: raise a ValueError.",
    }

    OTHER = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB"

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over the message."""
        message = real_message(case.tag, case.gpus) if case.tag else self.OTHER
        return observe(answer, message, also={"message": lambda: message})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The cause's name, and a map_location that gets this file loaded there."""
        message = seen.also["message"]
        short = f"For the message '{message[:90]}{'...' if len(message) > 90 else ''}'"
        if not case.cause:
            if seen.error_type == "ValueError":
                return passed("Right, that one is none of the four.")
            return failed(
                f"{short} came {seen.error or seen.value}. Expected a ValueError: it is none of the four.", hint="other"
            )
        if seen.error:
            return failed(f"{short} `read_error` raised {seen.error}.", hint="apart")
        if not isinstance(seen.value, list) or len(seen.value) != 2:
            return failed(f"{short} came {seen.type}. Expected a pair: the cause and a map_location.", hint="apart")
        cause, mend = seen.value
        if cause != case.cause:
            return failed(f"{short} the cause given is {cause!r}. Expected {case.cause!r}.", hint="apart")
        if case.cause != "NO_SUCH_GPU":
            return (
                passed("Read.")
                if mend == "cpu"
                else failed(f"{short} the mend is {mend!r}. Expected 'cpu'.", hint="dict")
            )
        if not isinstance(mend, dict) or set(mend) != {case.tag}:
            return failed(
                f"{short} the mend is {mend!r}. Expected a dictionary whose key is {case.tag!r}.", hint="number"
            )
        there = [f"cuda:{i}" for i in range(case.gpus)]
        if mend[case.tag] not in there:
            return failed(
                f"{short} the mend goes to {mend[case.tag]!r}. Expected a GPU that is there: {there}.", hint="dict"
            )
        return passed("Read: the number, and where to instead.")

"""Load a file with any tags, on a machine that may have none of those devices."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.inputs import Call, leaves
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, noting, shortly, write


def file_of(
    tags: tuple[str, ...], device: str | None, *, text: bool = True, odd: bool = False, hostile: bool = False
) -> dict[str, Any]:
    """The settings of a case. `device` None: the default; `odd`: names say nothing of the place; `hostile`: holds code."""
    return {"tags": tags, "device": device, "text": text, "odd": odd, "hostile": hostile}


def skeleton(value: Any) -> Any:
    """The nesting, and what is no tensor."""
    if isinstance(value, Mapping):
        return {str(name): skeleton(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [skeleton(item) for item in value]
    return "a tensor" if isinstance(value, Tensor) else plain(value)


class LoadAnywhere(Task):
    """Load a file with any tags, on a machine that may have none of those devices."""

    visible: ClassVar = {
        "one GPU's file, on the CPU": file_of(("cuda:0",), None),
        "another device": file_of(("cuda:1",), "meta", text=False),
        "tags of other makers, and names that tell nothing": file_of(("npu:3", "xpu:1"), "meta", odd=True),
        "a stranger's file": file_of(("cuda:0",), "cpu", hostile=True),
    }
    graded: ClassVar = {
        "Apple's file": file_of(("mps",), "cpu", text=False),
        "two devices in one file": file_of(("cuda:0", "vendor:12"), "meta"),
        "another stranger's file": file_of(("hpu:0",), "meta", text=False, odd=True, hostile=True),
        "nothing from a GPU": file_of(("cpu",), "meta", odd=True),
    }
    hints: ClassVar = {
        "map": "`torch.load(path, map_location=...)` decides where each storage goes. A string sends all of them to one "
        "place; a dictionary sends each tag to its own.",
        "tags": "To learn the tags of a file, load it once with a function: "
        "`map_location=lambda storage, tag: (tags.add(tag), storage)[1]`.",
        "stay": "What was on the CPU when it was saved belongs there: random states, and Adam's step counter. Leave the "
        "tag `cpu` out of your dictionary, and it stays.",
        "text": "The values of a dictionary are text: `str(device)` works for a string and for a `torch.device`.",
        "safe": "`weights_only=True` refuses whatever is not plain data. Leave it on, and let its error through.",
    }

    def checkpoint(self, case: Case) -> tuple[Any, dict[str, list[Tensor]]]:
        """A small checkpoint, and which of its tensors carry which tag."""
        g = case.generator()
        weight, bias, moment = (torch.rand(shape, generator=g) for shape in ((3, 2), (3,), (3, 2)))
        tags: dict[str, list[Tensor]] = {case.tags[0]: [weight, bias]}
        tags.setdefault(case.tags[-1], []).append(moment)
        rng = torch.randint(256, (16,), generator=g, dtype=torch.uint8)
        if case.odd:  # a frozen weight and a moment that were on the CPU, a counter and a generator that were not
            frozen, counter = torch.rand(4, generator=g).half(), torch.tensor(11.0)
            tags[case.tags[0]] += [counter, rng]
            first = {"model": weight, "rng": [frozen, bias]}
            return [first, {"exp_avg": {"step": moment}, "step": counter}, "spring", rng], tags
        state = {"step": torch.tensor(7.0), "exp_avg": moment}
        model, optimizer = {"weight": weight, "bias": bias}, {"state": [state], "lr": 0.25}
        return {"model": model, "optimizer": optimizer, "rng": rng, "epoch": case.seed % 50}, tags

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write the file, call the answer where nothing but the CPU is, and look where everything landed."""
        content, tags = self.checkpoint(case)
        found: dict[str, Any] = {}
        kinds, causes = [], []
        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]):
            path, marker = Path(folder) / "checkpoint.pt", Path(folder) / "it_ran"
            if case.hostile:
                content = {"all": content, "note": Call(os.mkdir, str(marker))}
            write(path, content, tags)
            device = () if case.device is None else (case.device if case.text else torch.device(case.device),)

            def use() -> Any:
                loaded = noting(answer, kinds, causes)(path, *device)
                found["devices"] = {name: str(tensor.device) for name, tensor in leaves(loaded)}
                found["skeleton"] = skeleton(loaded)
                return loaded

            look = {"found": lambda: found, "ran": lambda: marker.exists()}
            return observe(use, also=look | {"kinds": lambda: kinds, "causes": lambda: causes})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Nothing ran, nothing is lost, and each tensor is where the contract says."""
        if seen.also["ran"]:
            return failed("Code from the file was executed: it made a folder. Expected it to be refused.", hint="safe")
        if case.hostile:
            return self.judged_hostile(seen)
        device, tagged = case.device or "cpu", " and ".join(case.tags)
        if seen.error:
            what = f"Loading a file tagged {tagged} for device {device!r} raised {shortly(seen.error)}"
            if "unexpected keyword argument" in seen.error:
                word = seen.error.split("'")[-2]
                return failed(
                    f"torch.load has no argument {word!r}. The one that places tensors is `map_location`.", hint="map"
                )
            if seen.error_type in ("TypeError", "AttributeError") and "torch.device" in seen.error:
                return failed(f"{what}: a torch.device stands where torch.load wants text.", hint="text")
            if "device module is not loaded" in seen.error:
                return failed(
                    f"{what}: a storage's `.to` doesn't know that device. "
                    "`torch.serialization.default_restore_location(storage, str(device))` does.",
                    hint="text",
                )
            return failed(f"{what}.", hint="map" if "deserialize" in seen.error else "tags")
        content, tags = self.checkpoint(case)
        found, away = seen.also["found"], {id(t) for tag, tensors in tags.items() if tag != "cpu" for t in tensors}
        for name, tensor in leaves(content):
            if name not in found["devices"]:
                return failed(f"`{name}` is missing from what came back. Expected the whole content of the file.")
            landed, expected = found["devices"][name], device if id(tensor) in away else "cpu"
            if landed != expected and id(tensor) not in away:
                return failed(f"`{name}` was on the CPU when it was saved, and is on {landed} now.", hint="stay")
            if landed != expected:
                tag = next(tag for tag, tensors in tags.items() if any(tensor is t for t in tensors))
                return failed(f"`{name}`, tagged {tag}, landed on {landed}. Expected {expected}.", hint="tags")
        if found["skeleton"] != skeleton(content):
            return failed("What came back is not nested as in the file, or lacks what is no tensor.")
        got = dict(leaves(seen.value))
        for name, tensor in leaves(content):
            if found["devices"][name] == "cpu" and not same(got.get(name), tensor):
                return failed(f"The numbers in `{name}` are not those of the file.")
        return passed("Every tag, every device, and nothing executed.")

    def judged_hostile(self, seen: Observation) -> Verdict:
        """A file that holds more than plain data: the error of torch.load, or one that is a kind of it."""
        if "UnpicklingError" in seen.also["kinds"]:
            return passed("Refused.")
        if "UnpicklingError" in seen.also["causes"]:
            return failed(
                f"torch.load refused the file, and your function raised a {seen.error_type} in place of its "
                "UnpicklingError. Let that one through.",
                hint="safe",
            )
        if seen.error:
            return failed(
                f"A file with a foreign object in it raised {shortly(seen.error)}. Expected torch.load's UnpicklingError.",
                hint="safe",
            )
        return failed(
            f"A file with a foreign object in it came back as {seen.type}, without an error. Expected torch.load's "
            "UnpicklingError to come through.",
            hint="safe",
        )

"""Load a file with any tags, on a machine that may have none of those devices."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.inputs import Call, leaves
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, write


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
                content["note"] = Call(os.mkdir, str(marker))
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

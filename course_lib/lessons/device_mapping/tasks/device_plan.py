"""Say where each tag of a file goes on a given machine."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, write


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

"""Say where each tag of a file goes on a given machine."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, shortly, write


def home(tag: str, devices: Sequence[str]) -> str:
    """Where the contract of `device_plan` wants this tag's tensors."""
    kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
    return tag if tag in devices else (*kin, "cpu")[0]


class DevicePlan(Task):
    """Say where each tag of a file goes on a given machine."""

    visible: ClassVar = {
        "one GPU fewer": {"tags": ("cuda:1", "cpu"), "devices": ("cpu", "cuda:0")},
        "no GPU": {"tags": ("cuda:0",), "devices": ("cpu",)},
        "three GPUs, in an order of their own": {
            "tags": ("cuda:5", "cuda:2", "cpu"), "devices": ("cpu", "cuda:1", "cuda:0", "cuda:2"),
        },
        "another maker's": {"tags": ("xpu:2", "mps", "cpu"), "devices": ("cuda:0", "cpu", "xpu:1", "xpu:0")},
    }  # fmt: skip
    graded: ClassVar = {
        "the same machine": {"tags": ("cuda:0", "cuda:1", "cpu"), "devices": ("cpu", "cuda:0", "cuda:1")},
        "Apple's file": {"tags": ("mps", "cpu"), "devices": ("cuda:3", "cpu")},
        "Apple's file on an Apple": {"tags": ("mps", "cuda:0", "cpu"), "devices": ("cpu", "mps")},
        "many kinds": {"tags": ("npu:4", "cuda:3", "cpu", "xla:1"), "devices": ("cpu", "npu:2", "cuda:7", "npu:0")},
        "nothing on the CPU": {"tags": ("cuda:4",), "devices": ("cuda:2", "cuda:0", "cpu")},
    }
    hints: ClassVar = {
        "exact": "A dictionary is asked for the tag's exact text. For `cuda:1` the key `cuda` is no answer, and a key that "
        "misses raises nothing by itself.",
        "kind": "`tag.split(':')[0]` is the kind of device. Look first for the tag itself, then for the first device of "
        "its kind in the list, then take the CPU.",
        "stay": "A string sends every storage to one place, those of the CPU too. A dictionary lets them stay.",
        "text": "Keys and values of the dictionary are text, such as `{'cuda:1': 'cuda:0'}`.",
        "function": "A function as map_location returns the storage, or None, or "
        "`torch.serialization.default_restore_location(storage, 'cuda:0')`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the plan, load a file with these tags by it, and note where each tag's tensor landed."""
        tensors = {tag: torch.full((2,), i + 1.0) for i, tag in enumerate(case.tags)}
        found: dict[str, Any] = {"who": "answer"}

        def watched(plan: Any) -> Any:
            if isinstance(plan, dict):
                found["keys"] = [str(key) for key in plan]
                found["not_text"] = [repr(part) for pair in plan.items() for part in pair if not isinstance(part, str)]
            if not callable(plan) or isinstance(plan, torch.device):
                return plan

            def place(storage: torch.UntypedStorage, tag: str) -> Any:
                found["who"] = "function"
                result = plan(storage, tag)
                found["who"] = "load"
                if result is not None and not isinstance(result, torch.UntypedStorage):
                    found["returned"] = type(result).__name__
                return result

            return place

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint.pt"
            write(path, tensors, {tag: [tensor] for tag, tensor in tensors.items()})

            def use() -> dict[str, str]:
                plan = answer(set(case.tags), list(case.devices))
                found["who"], found["plan"] = "load", type(plan).__name__
                with machine(case.devices) as landed:
                    loaded = torch.load(path, map_location=watched(plan), weights_only=True)
                return {tag: landed.get(float(i), str(loaded[tag].device)) for i, tag in enumerate(case.tags, 1)}

            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Nothing raises, the CPU's stays, what can stay stays, and the rest goes where the contract says."""
        there, found = f"On a machine with {', '.join(case.devices)} ", seen.also["found"]
        if seen.error:
            return self.raised(seen, case, there)
        for tag in case.tags:
            landed, expected = seen.value[tag], home(tag, case.devices)
            if landed == expected:
                continue
            if tag == "cpu":
                return failed(f"{there}the CPU's tensors went to {landed}. Expected them to stay.", hint="stay")
            if tag in case.devices:
                why, hint = "it is there", "stay" if found["plan"] == "str" else "kind"
            elif expected != "cpu":
                why, hint = "it is the first of its kind in the list", "kind"
            else:
                why, hint = "no kin is there", "kind"
            return failed(f"{there}what was tagged {tag} went to {landed}. Expected {expected}: {why}.", hint=hint)
        return passed("Nothing raises, and everything that can stay stays.")

    def raised(self, seen: Observation, case: Case, there: str) -> Verdict:
        """Who raised it: the learner's function, the function that it returned, or torch.load by its plan."""
        found, error = seen.also["found"], shortly(seen.error)
        tags = "{" + ", ".join(map(repr, case.tags)) + "}"
        if found["who"] == "answer":
            return failed(f"{there}`device_plan({tags}, ...)` raised {error}.", hint="kind")
        if found["who"] == "function":
            return failed(f"{there}the function that `device_plan` returned raised {error}.", hint="function")
        if "returned" in found:
            return failed(
                f"{there}the function that `device_plan` returned gave a {found['returned']}. Expected the storage or None.",
                hint="function",
            )
        if found.get("not_text"):
            what = ", ".join(found["not_text"])
            return failed(
                f"{there}torch.load couldn't read the dictionary: {what} is no text. Keys and values have to be strings.",
                hint="text",
            )
        missing = [tag for tag in case.tags if tag not in found.get("keys", case.tags) and tag not in case.devices]
        if missing:
            return failed(
                f"{there}torch.load raised {error}: the plan has no key {missing[0]!r} (its keys: {found['keys']}).",
                hint="exact",
            )
        if found["plan"] == "NoneType":
            return failed(
                f"{there}`device_plan` returned None, so nothing was mapped, and torch.load raised {error}.",
                hint="text",
            )
        if found["plan"] not in ("dict", "str", "device", "function"):
            return failed(
                f"{there}`device_plan` returned a {found['plan']}, by which torch.load raised {error}. Expected a "
                "dictionary, a string or a function.",
                hint="text",
            )
        return failed(f"{there}torch.load raised {error} by what `device_plan` returned.", hint="kind")

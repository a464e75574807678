"""Say whether a file may be loaded, without loading it."""

import os
import pickle
import tempfile
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import save_file

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.inputs import Call, copied
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as
from course_lib.lessons.whole_model.tasks.shared import network

_PAGE = "<!DOCTYPE html>\n<title>404</title>\n" + "<p>There is no such file.</p>\n" * 20
_WHAT = {
    "weights": "a state_dict, and nothing else is in the file",
    "training": "tensors, numbers, text and plain containers",
    "tensors": "a safetensors file, which can't hold a call",
    "call": "a file that holds a call",
    "bare": "a plain pickle that holds a call",
    "whole": "a whole model, which asks for its class",
    "object": "a file with a `Fraction` deep inside, which is no tensor and no plain container",
    "page": "a web page",
    "cut": "half of a file",
    "empty": "an empty file",
}


class IsSafe(Task):
    """Say whether a file may be loaded, without running anything in it."""

    visible: ClassVar = {
        "weights from a GPU": {"holds": "weights", "kind": "plain", "file": "weights.pt", "device": "cuda:63"},
        "a stranger's call": {"holds": "call", "kind": "plain", "file": "best.pt"},
        "a whole model": {"holds": "whole", "kind": "plain", "file": "model.pth"},
        "safetensors by another name": {"holds": "tensors", "kind": "half", "file": "weights.bin"},
        "a call by a safe name": {"holds": "call", "kind": "plain", "file": "model.safetensors"},
        "a web page": {"holds": "page", "kind": "plain", "file": "weights.safetensors"},
    }
    graded: ClassVar = {
        "a checkpoint of a training": {"holds": "training", "kind": "bfloat16", "file": "last", "device": "npu:1"},
        "safetensors": {"holds": "tensors", "kind": "plain", "file": "net.safetensors"},
        "a plain pickle": {"holds": "bare", "kind": "plain", "file": "weights.pt"},
        "an object deep inside": {"holds": "object", "kind": "plain", "file": "epoch 3.ckpt"},
        "half of a file": {"holds": "cut", "kind": "plain", "file": "weights.pt"},
        "an empty file": {"holds": "empty", "kind": "half", "file": "weights.pth"},
    }
    hints: ClassVar = {
        "look": "`inspect_file(path)` of the course looks and runs nothing; what is its `verdict`?",
        "run": "`torch.load(weights_only=False)` and `pickle.load` do what the file says. Neither is for a stranger's file.",
        "content": "A name is quickly changed. Look at what is in the file.",
        "unreadable": "What can't be read isn't safe: give False, no error.",
        "device": "Where `torch.load` is the test, its `map_location` keeps a GPU's file from failing here.",
        "form": "Return `True` or `False`.",
    }

    def write(self, case: Case, path: Path, trap: Path) -> None:
        """The file of this case; `trap` is the folder that a call in it would make."""
        state: dict[str, Any] = dict(copied(network(case)))
        holds = case.holds
        if holds in ("page", "empty"):
            path.write_text(_PAGE if holds == "page" else "", encoding="utf-8")
            return
        if holds == "tensors":
            save_file(state, path)
            return
        if holds == "bare":
            path.write_bytes(pickle.dumps({"weight": Call(os.mkdir, str(trap))}, protocol=2))
            return
        content: Any = {
            "whole": network(case),
            "call": {**state, "note": Call(os.mkdir, str(trap))},
            "object": {"model": state, "log": [{"loss": Fraction(1, 3)}]},
            "training": {"model": OrderedDict(state), "epoch": 3, "log": [0.5, None, (1, "a")], "dtype": torch.half},
        }.get(holds, state)
        with saved_as(case.settings.get("device", "cpu")):
            torch.save(content, path)
        if holds == "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, ask, and look whether a call in it was made."""
        with tempfile.TemporaryDirectory() as folder:
            path, trap = Path(folder) / case.file, Path(folder) / "ran"
            self.write(case, path, trap)
            return observe(answer, path, also={"ran": trap.exists, "there": path.exists})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """True for tensors and plain data, False for all else, and nothing run."""
        expected = case.holds in ("weights", "training", "tensors")
        what = f"`{case.file}` is {_WHAT[case.holds]}"
        if seen.also["ran"]:
            return failed(f"{what}, and your function ran it. Here it made an empty folder.", hint="run")
        if seen.error:
            hint = "unreadable" if case.holds in ("page", "cut", "empty") else "look"
            return failed(f"{what}. Expected {expected}; it raised {first_line(seen.error)}", hint=hint)
        if not isinstance(seen.value, bool):
            return failed(f"Expected True or False; got {seen.type}.", hint="form")
        if seen.value == expected:
            return passed("Judged right, and nothing was run.")
        if "device" in case.settings:
            return failed(f"{what}. Expected True; was it loaded, and its device missed?", hint="device")
        named = case.holds in ("tensors", "call") and case.file.endswith((".safetensors", ".bin"))
        return failed(f"{what}. Expected {expected}; got {seen.value}.", hint="content" if named else "look")

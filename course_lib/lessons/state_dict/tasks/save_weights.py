"""Write a model's state_dict to a file, and nothing else anywhere."""

import tempfile
import warnings
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.checkpoints.inspection import inspect_file
from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import changed, copied, flags, loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.state_dict.tasks.shared import moves, network

PICKLED = ("opcode ", "torch._utils", "torch._tensor", "torch.storage")  # what a plain pickle of tensors asks for


def _content(path: Path) -> Any:
    """What `torch.load` reads there, without its warnings about other programs' pickles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return loaded(path)


class SaveWeights(Task):
    """Write a model's state_dict to a file, and nothing else anywhere."""

    visible: ClassVar = {
        "a model in training": {"kind": "plain", "path": "pathlib", "file": "weights.pt", "older": False},
        "a path as text": {"kind": "frozen", "path": "text", "file": "run 3.best.bin", "older": False},
        "a file of that name exists": {"kind": "plain", "path": "pathlib", "file": "weights", "older": True},
        "half precision": {"kind": "half", "path": "text", "file": "weights.pth", "older": False},
    }
    graded: ClassVar = {
        "tied weights": {"kind": "tied", "path": "text", "file": "tied.ckpt", "older": True},
        "a single layer": {"kind": "one layer", "path": "pathlib", "file": "layer", "older": False},
    }
    hints: ClassVar = {
        "state": "What belongs in the file is `model.state_dict()`, as it is: every name, parameters and buffers.",
        "whole": "`torch.save(model, path)` pickles the class by its import path. Save `model.state_dict()` instead.",
        "pickle": "`torch.save(state, path)` writes the file that `torch.load` reads; Python's own `pickle.dump` doesn't.",
        "older": "`torch.save` replaces a file of that name by itself: there is nothing to ask first.",
        "beside": "Look at the caller's model after your function: same modes, same device, same values?",
        "path": "`torch.save` takes a string and a `Path`, and writes exactly there.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save into a folder of its own, then look at the folder, the file and the model."""
        model = network(case)
        before = {"flags": flags(model), "values": copied(model)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / case.file
            if case.older:
                torch.save({"older": torch.zeros(5000)}, path)
            older = path.read_bytes() if case.older else None

            def untouched() -> bool:
                return older is not None and path.is_file() and path.read_bytes()[: len(older)] == older

            return observe(
                lambda: (answer(model, str(path) if case.path == "text" else path), None)[1],
                also={
                    "files": lambda: sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*")),
                    "older": untouched,
                    "format": lambda: inspect_file(path).format if path.is_file() else "",
                    "refused": lambda: list(inspect_file(path).refused) if path.is_file() else [],
                    "content": lambda: _content(path),
                    "away": lambda: moves(
                        answer, network(case), *[str(path) + "2" if case.path == "text" else path.with_name("again")]
                    ),
                    "modes": lambda: changed(before["flags"], flags(model)),
                    "values": lambda: first_difference(before["values"], copied(model)),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One file, the state_dict in it, and the model as it was."""
        if seen.error:
            old = " A file of that name should be replaced." if case.older else ""
            return failed(
                f"`save_weights(model, path)` raised {seen.error}.{old}", hint="older" if case.older else "path"
            )
        files = seen.also["files"]
        if case.file not in files:
            return failed(
                f"There is no file at `path`, {case.file!r}; the folder holds {named(files) or 'nothing'}.", hint="path"
            )
        if seen.also["older"]:
            return failed("The file that was there is still there: it should be replaced.", hint="older")
        if wrong := self._wrong_content(seen, case):
            return wrong
        if len(files) > 1:
            return failed(f"The folder holds {named(files)}. Expected one file, at `path`.", hint="path")
        if seen.also["modes"]:
            return failed("The file is right, but the model came back in other modes.", hint="beside")
        if seen.also["values"]:
            return failed(
                f"The file is right, but the caller's model was changed: {seen.also['values']}.", hint="beside"
            )
        if seen.also["away"]:
            return failed(
                "The file is right, but `.cpu()` or `.to(...)` was called on the caller's model, which moves it in the "
                "middle of its training.",
                hint="beside",
            )
        return passed("One file, the state_dict in it, and the model as it was.")

    def _wrong_content(self, seen: Observation, case: Case) -> Verdict | None:
        content, refused, format_ = seen.also["content"], seen.also["refused"], seen.also["format"]
        asked = [name for name in refused if not name.startswith(PICKLED)]
        if any(name.startswith("numpy") for name in asked):
            return failed("The file holds NumPy arrays, which `weights_only=True` refuses. Save tensors.", hint="state")
        if asked:
            return failed(
                f"The file asks for {named(asked[-2:])}, so `torch.load` refuses it. It seems to hold the whole model.",
                hint="whole",
            )
        if isinstance(content, dict) and set(content) == {"error"}:
            what = {"safetensors": "a safetensors file", "legacy pickle": "a plain pickle"}.get(
                format_, "something else"
            )
            return failed(f"`torch.load(path, weights_only=True)` can't read the file: it is {what}.", hint="pickle")
        if isinstance(content, dict) and any(isinstance(value, dict) for value in content.values()):
            return failed(
                f"The file holds a dictionary with {named(list(content))}. Expected the state_dict itself.",
                hint="state",
            )
        if difference := first_difference(copied(network(case)), content):
            return failed(f"The file is not the state_dict: {difference}.", hint="state")
        return None

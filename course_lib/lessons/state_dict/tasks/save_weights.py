"""Write a model's state_dict to a file, and nothing else anywhere."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from course_lib.checkpoints.inspection import inspect_file
from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import copied, flags, loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.state_dict.tasks.shared import network


class SaveWeights(Task):
    """Write a model's state_dict to a file, and nothing else anywhere."""

    visible: ClassVar = {
        "a model in training": {"kind": "plain", "path": "pathlib", "exists": False},
        "a path as text": {"kind": "frozen", "path": "text", "exists": False},
    }
    graded: ClassVar = {
        "a file of that name exists": {"kind": "plain", "path": "pathlib", "exists": True},
        "half precision": {"kind": "half", "path": "text", "exists": False},
    }
    hints: ClassVar = {
        "state": "What belongs in the file is `model.state_dict()`, as it is: every name, parameters and buffers.",
        "whole": "`torch.save(model, path)` pickles the class by its import path. Save `model.state_dict()` instead.",
        "beside": "Look at the caller's model after your function: same modes, same device, same values?",
        "path": "`torch.save` takes a string and a `Path`, and writes exactly there.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save into an empty folder, then look at the folder, the file and the model."""
        model = network(case)
        before = flags(model)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.pt"
            if case.exists:
                path.write_bytes(b"an older file")

            return observe(
                lambda: (answer(model, str(path) if case.path == "text" else path), None)[1],
                also={
                    "files": lambda: sorted(p.name for p in Path(folder).rglob("*")),
                    "refused": lambda: list(inspect_file(path).refused) if path.is_file() else [],
                    "content": lambda: loaded(path),
                    "moves": lambda: len(getattr(model, "moves", ())),
                    "modes": lambda: flags(model) != before,
                    "model": lambda: copied(model),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One file, the state_dict in it, and the model as it was."""
        if seen.error:
            old = " A file of that name should be replaced." if case.exists else ""
            return failed(f"`save_weights(model, path)` raised {seen.error}.{old}", hint="path")
        expected, files = copied(network(case)), seen.also["files"]
        if "weights.pt" not in files:
            return failed(f"There is no file at `path`; the folder holds {files or 'nothing'}.", hint="path")
        if seen.also["refused"]:
            return failed(
                f"The file asks for {', '.join(seen.also['refused'][:2])}, so `torch.load` refuses it. It seems to hold "
                "the whole model.",
                hint="whole",
            )
        content = seen.also["content"]
        if isinstance(content, dict) and set(content) == {"error"}:
            return failed(f"`torch.load` could not read the file: {content['error']}.", hint="state")
        if isinstance(content, dict) and any(isinstance(value, dict) for value in content.values()):
            return failed(
                f"The file holds a dictionary with {', '.join(map(repr, content))}. Expected the state_dict itself.",
                hint="state",
            )
        if difference := first_difference(expected, content):
            return failed(f"The file is not the state_dict: {difference}.", hint="state")
        if len(files) > 1:
            return failed(f"The folder holds {files}. Expected one file, at `path`.", hint="path")
        if seen.also["modes"]:
            return failed("The file is right, but the model came back in other modes.", hint="beside")
        if seen.also["moves"] or first_difference(expected, seen.also["model"]):
            return failed(
                "The file is right, but `.cpu()`, `.to()` or the like was called on the caller's model, which moves it "
                "where it is used.",
                hint="beside",
            )
        return passed("One file, the state_dict in it, and the model as it was.")

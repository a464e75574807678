"""Write a model's tensors and its config into one safetensors file."""

import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors import SafetensorError, safe_open

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import changed, copied, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.whole_model.tasks.shared import config_of, network

_BAD: dict[str, Any] = {"tensor": torch.ones(2), "set": {1, 2}, "tuple as a key": {(3, 3): "size"}}


class SavePortable(Task):
    """Write a model's tensors and its config into one safetensors file."""

    visible: ClassVar = {
        "a classifier": {"kind": "plain", "file": "net.safetensors", "as_text": True},
        "tied weights": {"kind": "tied", "file": "tied.safetensors"},
        "a transposed weight": {"kind": "turned", "file": "turned"},
        "a config with a tensor": {"kind": "plain", "file": "bad.safetensors", "older": True, "bad": "tensor"},
    }
    graded: ClassVar = {
        "bfloat16, over an older file": {"kind": "bfloat16", "file": "half.st", "older": True},
        "a config with a set": {"kind": "plain", "file": "bad.st", "bad": "set"},
        "a config with levels": {"kind": "half", "file": "a b.safetensors", "deep": True, "as_text": True},
        "a config with a tuple as a key": {"kind": "plain", "file": "key.st", "bad": "tuple as a key"},
    }
    hints: ClassVar = {
        "file": "`save_file(tensors, path, metadata=...)` of `safetensors.torch`.",
        "state": "What belongs in the file is the whole state_dict, under its own names.",
        "own": "Tied names share memory. `clone()` gives each name a tensor of its own.",
        "order": "`contiguous()` puts the numbers of a transposed tensor in order; `clone()` alone keeps them as they lie.",
        "config": '`metadata={"config": json.dumps(config)}`: the metadata holds texts only.',
        "bad": "`json.dumps` raises a TypeError for what JSON has no form for. Let it, before the file is touched.",
        "beside": "Look at the caller's model, and at the folder, after your function.",
    }

    def config(self, case: Case) -> dict[str, Any]:
        """The config that goes along."""
        config: dict[str, Any] = dict(config_of(case))
        if case.settings.get("deep"):
            config["optimizer"] = {"name": "Adam", "betas": [0.9, 0.99], "seed": case.seed, "amsgrad": None}
        bad = case.settings.get("bad")
        return config | ({"extra": _BAD[bad]} if bad else {})

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save into a folder of its own; look at the file, the folder and the model."""
        model, older = network(case), b"older"
        before = {"flags": flags(model), "values": copied(model)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / case.file
            if case.settings.get("older"):
                path.write_bytes(older)
            return observe(
                lambda: (answer(model, str(path) if case.settings.get("as_text") else path, self.config(case)), None)[
                    1
                ],
                also={
                    "files": lambda: sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*")),
                    "kept": lambda: path.is_file() and path.read_bytes() == older,
                    "content": lambda: _content(path),
                    "modes": lambda: changed(before["flags"], flags(model)),
                    "values": lambda: first_difference(before["values"], copied(model)),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Tensors by name, the config as JSON, the model and the folder as they were."""
        files = seen.also["files"]
        if "bad" in case.settings:
            return self._bad(seen, case)
        if seen.error:
            hint = "own" if "share memory" in seen.error else "order" if "contiguous" in seen.error else "config"
            said = {
                "own": "safetensors refused tensors that share memory",
                "order": "safetensors refused a tensor that is not contiguous",
            }.get(hint, f"`save_portable(model, path, config)` raised {first_line(seen.error)}")
            return failed(f"{said}.", hint=hint if said.startswith("safetensors") else "file")
        if case.file not in files:
            return failed(f"There is no file at `path`; the folder holds {named(files) or 'nothing'}.", hint="file")
        content = seen.also["content"]
        if "error" in content:
            return failed("The file at `path` is no safetensors file.", hint="file")
        if difference := first_difference(copied(network(case)), content["tensors"]):
            hint = "own" if case.kind == "tied" else "state"
            return failed(f"The tensors in the file are not the state_dict: {difference}.", hint=hint)
        if wrong := self._wrong_config(content["metadata"], case):
            return failed(wrong, hint="config")
        if len(files) > 1:
            return failed(f"The folder holds {named(files)}. Expected one file, at `path`.", hint="beside")
        if seen.also["modes"] or seen.also["values"]:
            return failed("The file is right, but the caller's model came back changed.", hint="beside")
        return passed("Tensors and config in one file that can't hold a call.")

    def _wrong_config(self, metadata: Any, case: Case) -> str:
        if not isinstance(metadata, dict) or "config" not in metadata:
            return "The metadata of the file has no text under `config`."
        try:
            found = json.loads(metadata["config"])
        except ValueError:
            return f"The text under `config` is no JSON: {metadata['config'][:60]!r}."
        if found != json.loads(json.dumps(self.config(case))):
            return f"The config in the file is {str(found)[:120]}; expected {self.config(case)}."
        return ""

    def _bad(self, seen: Observation, case: Case) -> Verdict:
        what = f"The config holds a {case.bad}, for which JSON has no form"
        if not seen.error:
            return failed(f"{what}, and nothing was said.", hint="bad")
        if case.settings.get("older") and not seen.also["kept"]:
            return failed(f"{what}: an error, and the older file at `path` is lost.", hint="bad")
        if not case.settings.get("older") and seen.also["files"]:
            return failed(f"{what}: an error, and yet a file was left behind.", hint="bad")
        return passed()


def _content(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return {"tensors": tensors, "metadata": file.metadata() or {}}
    except (SafetensorError, OSError):
        return {"error": "no safetensors file"}

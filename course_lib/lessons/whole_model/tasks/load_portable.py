"""Build a model from the config in a safetensors file, and load its tensors."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import save_file
from torch import nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import Call, copied, flags
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.whole_model.tasks.shared import CLASSES, Tagger, config_of, network


class LoadPortable(Task):
    """Build a model from the config in a safetensors file, and load its tensors."""

    visible: ClassVar = {
        "a classifier": {"kind": "plain", "file": "net.safetensors", "as_text": True},
        "a name is missing": {"kind": "plain", "file": "less.safetensors", "lacks": "body.1.running_mean"},
        "no config": {"kind": "plain", "file": "bare.safetensors", "metadata": "none"},
        "a pickle by that name": {"kind": "plain", "file": "odd.safetensors", "hostile": True},
    }
    graded: ClassVar = {
        "tied weights": {"kind": "tied", "file": "tied"},
        "a name too many": {"kind": "plain", "file": "more.st", "adds": "body.4.weight"},
        "metadata without a config": {"kind": "tied", "file": "other.safetensors", "metadata": "other"},
        "a pickle by its own name": {"kind": "plain", "file": "model.pt", "hostile": True},
    }
    hints: ClassVar = {
        "open": '`with safe_open(path, framework="pt") as file:` has `file.metadata()`; `load_file(path)` has the tensors.',
        "config": '`build(**json.loads(file.metadata()["config"]))`',
        "none": "`file.metadata()` is None where there is none, and may lack the key. Ask before you use it.",
        "strict": "`strict=True` is the default of `load_state_dict`. Let its error come through.",
        "eval": "A new model is in training mode: `model.eval()`.",
        "pickle": "Only safetensors. What it can't read should be an error; no other loader after it.",
        "model": "Return the model that `build` made.",
    }

    def write(self, case: Case, path: Path, trap: Path) -> None:
        """The file of this case."""
        state: dict[str, Any] = {name: tensor.contiguous() for name, tensor in copied(network(case)).items()}
        config = json.dumps(config_of(case))
        if case.settings.get("hostile"):
            torch.save({**state, "config": config, "note": Call(os.mkdir, str(trap))}, path)
            return
        state.pop(case.settings.get("lacks", ""), None)
        if "adds" in case.settings:
            state[case.adds] = torch.ones(2)
        metadata = {"none": None, "other": {"format": "pt"}}.get(case.settings.get("metadata", ""), {"config": config})
        save_file(state, path, metadata=metadata)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, hand out a function that builds, and look at what comes back."""
        built: list[dict] = []
        models: list[nn.Module] = []
        got: list[Any] = []
        raised: list[str] = []

        def build(**config: Any) -> nn.Module:
            built.append(plain(config))
            models.append(CLASSES.get(case.kind, Tagger)(**config))
            return models[-1]

        with tempfile.TemporaryDirectory() as folder:
            path, trap = Path(folder) / case.file, Path(folder) / "ran"
            self.write(case, path, trap)

            def use() -> str:
                try:
                    got.append(answer(str(path) if case.settings.get("as_text") else path, build))
                except Exception as error:
                    raised.extend(kind.__name__ for kind in type(error).__mro__)
                    raise
                return type(got[0]).__name__

            def model() -> Any:
                return got[0] if got and isinstance(got[0], nn.Module) else None

            return observe(
                use,
                also={
                    "ran": trap.exists,
                    "raised": lambda: raised,
                    "built": lambda: built,
                    "is model": lambda: model() is not None,
                    "made": lambda: any(model() is made for made in models),
                    "values": lambda: {} if model() is None else copied(model()),
                    "training": lambda: [] if model() is None else [k for k, on in flags(model()).items() if on],
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The model of the config with the file's values, in eval mode, or an error."""
        if seen.also["ran"]:
            return failed("The file is a pickle with a call in it, and your function ran it.", hint="pickle")
        if case.settings.get("hostile"):
            if seen.error:
                return passed()
            return failed(
                "The file is a pickle, no safetensors, and nothing was said. Expected an error.", hint="pickle"
            )
        if "metadata" in case.settings:
            return self._without_config(seen)
        if "lacks" in case.settings or "adds" in case.settings:
            return self._named(seen, case)
        expected = plain(config_of(case))
        if seen.also["built"] and expected not in seen.also["built"]:
            return failed(
                f"`build` was called with {seen.also['built'][-1]}; the config in the file is {expected}.",
                hint="config",
            )
        if seen.error:
            return failed(f"`load_portable(path, build)` raised {first_line(seen.error)}", hint="open")
        if not seen.also["is model"]:
            return failed(f"Expected the model; got {seen.value}.", hint="model")
        if not seen.also["made"]:
            return failed("A model came back, and not the one that `build` made.", hint="model")
        if difference := first_difference(copied(network(case)), seen.also["values"]):
            return failed(f"The model's values are not the file's: {difference}.", hint="open")
        if seen.also["training"]:
            return failed("The values are right, but the model is in training mode.", hint="eval")
        return passed("Built from the config, loaded strictly, ready to answer.")

    def _without_config(self, seen: Observation) -> Verdict:
        if not seen.error:
            return failed("The file has no config, and nothing was said. Expected a ValueError.", hint="none")
        if "ValueError" not in seen.also["raised"]:
            return failed(
                f"The file has no config. Expected a ValueError; `{seen.error_type}` was raised.", hint="none"
            )
        if "config" not in seen.error:
            return failed("The file has no config. Expected a ValueError whose text says `config`.", hint="none")
        return passed()

    def _named(self, seen: Observation, case: Case) -> Verdict:
        name = case.settings.get("lacks") or case.adds
        what = f"lacks `{name}`" if "lacks" in case.settings else f"has `{name}`, which the model lacks"
        if not seen.error:
            return failed(f"The file {what}, and nothing was said. Expected a RuntimeError.", hint="strict")
        if "RuntimeError" not in seen.also["raised"]:
            return failed(f"The file {what}. Expected a RuntimeError; `{seen.error_type}` was raised.", hint="strict")
        if name not in seen.error:
            return failed(f"The file {what}. Expected a RuntimeError that names it.", hint="strict")
        return passed()

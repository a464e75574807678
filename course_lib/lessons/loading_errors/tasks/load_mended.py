"""Mend a loader with five bugs."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import changed, copied, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as


class Nested(nn.Module):
    """A model one of whose parts has a name that ends with a wrapper's."""

    def __init__(self, wide: int):
        super().__init__()
        self.submodule = nn.Linear(3, wide)
        self.norm = nn.BatchNorm1d(wide)
        self.dot = nn.Linear(wide, 2)


def asked(**settings: Any) -> dict[str, Any]:
    """The settings of a case: how the file was made."""
    return {"prefix": "", "key": "", "device": "cpu", "lacks": "", "adds": "", **settings}


class LoadMended(Task):
    """Mend a loader with five bugs."""

    visible: ClassVar = {
        "several GPUs": asked(prefix="module."),
        "in a dictionary": asked(key="model_state_dict"),
        "neither": asked(),
        "a name is missing": asked(prefix="module.", lacks="norm.running_mean"),
        "from a GPU": asked(device="cuda:63", key="model_state_dict", prefix="_orig_mod."),
    }
    graded: ClassVar = {
        "a name too many": asked(adds="head.weight", key="model_state_dict"),
        "from another device": asked(device="npu:1"),
        "compiled": asked(prefix="_orig_mod."),
    }
    hints: ClassVar = {
        "device": "`map_location='cpu'` reads the file on any machine.",
        "key": "Not every file has a dictionary around the weights. Ask `if 'model_state_dict' in content`.",
        "prefix": "`removeprefix` takes it off at the beginning; `replace` hits the middle of a name.",
        "strict": "Leave `strict` at True, so that a wrong name raises.",
        "return": "`load_state_dict` returns a report of names. Return the model.",
        "beside": "Keep the model's own tensors, and its modes.",
    }

    def state(self, case: Case) -> dict[str, torch.Tensor]:
        """The weights in the file, by the model's names."""
        return copied(self.model(case, 1))

    def model(self, case: Case, more: int = 0) -> nn.Module:
        """The model, with values of its own."""
        return drawn(Nested(3 + case.seed % 4), torch.Generator().manual_seed(case.seed + more))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write the file, load it, look at the model."""
        model, raised = self.model(case), []
        model.norm.eval()
        own, modes = [*model.parameters(), *model.buffers()], flags(model)
        state: dict[str, Any] = self.state(case)
        state.pop(case.lacks, None)
        if case.adds:
            state[case.adds] = torch.ones(2)
        state = {case.prefix + name: tensor for name, tensor in state.items()}
        content = {"epoch": 3, case.key: state} if case.key else state

        def use() -> bool:
            try:
                return answer(model, path) is model
            except Exception as error:
                raised.extend(kind.__name__ for kind in type(error).__mro__)
                raise

        look = {
            "raised": lambda: raised,
            "values": lambda: copied(model),
            "own": lambda: list(map(id, own)) == list(map(id, [*model.parameters(), *model.buffers()])),
            "modes": lambda: changed(modes, flags(model)),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.pt"
            with saved_as(case.device):
                torch.save(content, path)
            return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The file's values in the caller's model, or an error that names what doesn't fit."""
        if name := case.lacks or case.adds:
            what = f"lacks `{name}`" if case.lacks else f"has `{name}`, which the model lacks"
            if not seen.error:
                return failed(f"The file {what}, and nothing was said. Expected an error.", hint="strict")
            if "RuntimeError" not in seen.also["raised"] or name not in seen.error:
                return failed(
                    f"The file {what}. Expected a RuntimeError that names it; got {seen.error_type}.", hint="strict"
                )
            return passed()
        if seen.error:
            return self._raised(seen, case)
        if difference := first_difference(self.state(case), seen.also["values"]):
            copy = "" if seen.value else " What you returned is not that model; was it a copy that you loaded?"
            return failed(
                f"Nothing was raised, and the model isn't what is in the file: {difference}.{copy}", hint="strict"
            )
        if not seen.also["own"]:
            return failed("The model has new parameters or buffers. Expected its own, with new values.", hint="beside")
        if not seen.value:
            return failed("The model is loaded, and something else was returned. Expected the model.", hint="return")
        if seen.also["modes"]:
            return failed("The values are right, but the modes were changed.", hint="beside")
        return passed("Loads with or without a prefix, a dictionary around, a GPU.")

    def _raised(self, seen: Observation, case: Case) -> Verdict:
        if case.device != "cpu" and any(word in seen.error for word in ("deserialize", "CUDA", "npu", "location")):
            return failed(
                "The file was saved on a device that this machine lacks, and it was looked for.", hint="device"
            )
        if seen.error_type == "KeyError":
            return failed(f"A key was asked for that this file doesn't have: {seen.error}.", hint="key")
        if "key(s) in state_dict" in seen.error:
            inside = "the file has a dictionary around the weights" if case.key else f"the prefix is {case.prefix!r}"
            what = inside if case.key or case.prefix else "the file has neither a prefix nor a dictionary around it"
            return failed(f"The names didn't fit. In this case {what}.", hint="prefix" if not case.key else "key")
        return failed(f"`load_mended(model, path)` raised {(seen.error.splitlines() or [''])[0][:150]}", hint="key")

"""Load a state_dict into a model, strictly and safely, on any machine."""

import os
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import Call, changed, copied, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as
from course_lib.lessons.state_dict.tasks.shared import moves, network


class LoadWeights(Task):
    """Load a state_dict into a model, strictly and safely, on any machine."""

    visible: ClassVar = {
        "saved on a GPU": {"kind": "plain", "device": "cuda:63"},
        "a buffer is not in the file": {"kind": "plain", "lacks": "2.running_mean"},
        "a name too many": {"kind": "frozen", "adds": "5.weight"},
        "a stranger's file": {"kind": "plain", "hostile": "call", "at": "4.bias"},
        "a model in half precision": {"kind": "half", "source": "plain"},
    }
    graded: ClassVar = {
        "saved on another sort of device": {"kind": "frozen", "device": "npu:1"},
        "a weight is not in the file": {"kind": "half", "lacks": "1.weight"},
        "a buffer too many": {"kind": "plain", "adds": "2.seen"},
        "an object that is no tensor": {"kind": "plain", "hostile": "object", "at": "note"},
        "a file in half precision": {"kind": "plain", "source": "half"},
    }
    hints: ClassVar = {
        "map": "The file says where its tensors lived. `map_location` of `torch.load` says where they go here.",
        "strict": "`strict=True` is the default of `load_state_dict`. Let its error come through.",
        "safe": "`weights_only=True` builds tensors and plain containers and calls nothing else that a file names (before "
        "PyTorch 2.10 a forged file could get round that).",
        "return": "`load_state_dict` returns a report of keys. The model was changed in place: return that.",
        "own": "Without `assign=True` the values are copied into the parameters that the model has.",
        "apply": "`torch.load` reads the file into a dictionary; `model.load_state_dict` gives its values to the model.",
        "beside": "Loading brings values. Modes, device and dtype are the caller's.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, load it into another model, and look at values, parameters and modes."""
        settings = {"device": "", "lacks": "", "adds": "", "hostile": "", "source": case.kind, **case.settings}
        model = drawn(network(case), torch.Generator().manual_seed(case.seed + 1))
        own = [*model.parameters(), *model.buffers()]
        dtypes, modes = [tensor.dtype for tensor in own], flags(model)
        with tempfile.TemporaryDirectory() as folder:
            path, trap = Path(folder) / "weights.pt", Path(folder) / "executed"
            state: dict[str, Any] = dict(copied(network(case, kind=settings["source"])))
            state.pop(settings["lacks"], None)
            if settings["adds"]:
                state[settings["adds"]] = torch.ones(2)
            if settings["hostile"]:
                state[case.at] = Call(os.mkdir, str(trap)) if case.hostile == "call" else Fraction(1, 3)
            with saved_as(settings["device"] or "cpu"):
                torch.save(state, path)
            raised: list[str] = []
            strange = settings["hostile"] or settings["lacks"] or settings["adds"]

            def use() -> bool:
                try:
                    return answer(model, path) is model
                except Exception as error:
                    raised.extend(kind.__name__ for kind in type(error).__mro__)
                    raise

            def now() -> list[torch.Tensor]:
                return [*model.parameters(), *model.buffers()]

            look = {
                "executed": trap.exists,
                "raised": lambda: raised,
                "values": lambda: copied(model),
                "modes": lambda: changed(modes, flags(model)),
                "away": lambda: not strange and moves(answer, network(case), path),
                "own": lambda: Counter(map(id, own)) == Counter(map(id, now())),
                "dtypes": lambda: dtypes == [tensor.dtype for tensor in now()],
            }
            return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The file's values in the caller's model, or an error where they don't fit."""
        if seen.also.get("executed"):
            return failed(
                "The file held a call, and your function ran it. Here it made an empty folder; it could have been anything.",
                hint="safe",
            )
        if "hostile" in case.settings:
            return self._refused(seen, case)
        if "lacks" in case.settings or "adds" in case.settings:
            return self._named(seen, case)
        if seen.error:
            return self._raised(seen, case)
        if not seen.also["dtypes"]:
            return failed(
                "The model changed its dtype. Expected the file's values in the dtype that the model has.", hint="own"
            )
        if not seen.also["own"]:
            return failed(
                "The model has new parameters or buffers: an optimizer made before would go on training the old ones.",
                hint="own",
            )
        if difference := first_difference(self._expected(case), seen.also["values"]):
            copy = "" if seen.value else " What you returned is not that model; was it a copy that you loaded?"
            return failed(
                f"After loading, the model you were given differs from the file: {difference}.{copy}", hint="apply"
            )
        if not seen.value:
            return failed("The model is loaded, and something else was returned. Expected the model.", hint="return")
        if seen.also["modes"]:
            return failed("The values are right, but the modes were changed.", hint="beside")
        if seen.also["away"]:
            return failed(
                "The values are right, but the model was sent to a device of your function's choice. Where it is on a GPU, that "
                "moves it to another device.",
                hint="beside",
            )
        return passed("Loaded on any machine, strictly, and nothing was run.")

    def _expected(self, case: Case) -> dict[str, torch.Tensor]:
        """The file's values, in the model's dtypes."""
        saved, own = network(case, kind=case.settings.get("source", case.kind)), network(case).state_dict()
        return {name: tensor.to(own[name].dtype) for name, tensor in copied(saved).items()}

    def _refused(self, seen: Observation, case: Case) -> Verdict:
        if seen.error:
            return passed()
        what = "a call" if case.hostile == "call" else "a `Fraction`, which is no tensor and no plain container"
        return failed(f"The file asks for {what}, and nothing was said. Expected an error.", hint="safe")

    def _named(self, seen: Observation, case: Case) -> Verdict:
        name = case.settings.get("lacks") or case.adds
        what = f"lacks `{name}`" if "lacks" in case.settings else f"has `{name}`, which the model lacks"
        if not seen.error:
            return failed(
                f"The file {what}, and nothing was said. Expected the RuntimeError of a strict load.", hint="strict"
            )
        if "RuntimeError" not in seen.also["raised"]:
            return failed(f"The file {what}. Expected a RuntimeError; `{seen.error_type}` was raised.", hint="strict")
        if name not in seen.error:
            return failed(f"The file {what}. Expected a RuntimeError that names it; its text doesn't.", hint="strict")
        return passed()

    def _raised(self, seen: Observation, case: Case) -> Verdict:
        if "device" in case.settings and any(word in seen.error for word in ("deserialize", "CUDA", "npu", "location")):
            return failed(
                "The file was saved on a device that this machine lacks, and `torch.load` looked for it.", hint="map"
            )
        if "dict-like" in seen.error:
            return failed(
                "`load_state_dict` was given the path. It wants the dictionary that is in the file.", hint="apply"
            )
        first = (seen.error.splitlines() or [""])[0]
        return failed(f"`load_weights(model, path)` raised {first[:200]}", hint="apply")

"""Load a state_dict into a model, strictly and safely, on any machine."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.inputs import Call, copied, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as
from course_lib.lessons.state_dict.tasks.shared import network

ABSENT_GPU = "cuda:63"  # a device that neither a laptop nor a server with GPUs has


class LoadWeights(Task):
    """Load a state_dict into a model, strictly and safely, on any machine."""

    visible: ClassVar = {
        "saved on a GPU": {"kind": "plain", "file": "gpu"},
        "a buffer is not in the file": {"kind": "plain", "file": "key missing"},
    }
    graded: ClassVar = {
        "a stranger's file": {"kind": "plain", "file": "hostile"},
        "a name too many": {"kind": "frozen", "file": "key too many"},
        "half precision in the model": {"kind": "half", "file": "gpu"},
    }
    hints: ClassVar = {
        "map": "The file says where its tensors lived. `map_location` of `torch.load` says where they go here.",
        "strict": "`strict=True` is the default of `load_state_dict`. Let its error come through.",
        "safe": "`weights_only=True` builds tensors and plain containers and calls nothing else that a file names.",
        "return": "`load_state_dict` returns a report of keys. The model was changed in place: return that.",
        "own": "Without `assign=True` the values are copied into the parameters that the model has.",
        "beside": "Loading brings values. Modes, device and dtype are the caller's.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, load it into another model, and look at values, parameters and modes."""
        source, model = network(case), drawn(network(case), torch.Generator().manual_seed(case.seed + 1))
        own = [*model.parameters(), *model.buffers()]
        before = {"values": copied(model), "modes": flags(model)}
        with tempfile.TemporaryDirectory() as folder:
            path, trap = Path(folder) / "weights.pt", Path(folder) / "executed"
            state: dict[str, Any] = dict(copied(source))
            if case.file == "key missing":
                del state["2.running_mean"]
            elif case.file == "key too many":
                state["5.weight"] = torch.ones(2)
            elif case.file == "hostile":
                state["4.bias"] = Call(os.mkdir, str(trap))
            with saved_as(ABSENT_GPU if case.file == "gpu" else "cpu"):
                torch.save(state, path)
            look = {
                "executed": trap.exists,
                "values": lambda: copied(model),
                "modes": lambda: flags(model) != before["modes"],
                "moves": lambda: len(model.moves),
                "own": lambda: all(a is b for a, b in zip(own, [*model.parameters(), *model.buffers()], strict=True)),
            }
            return observe(lambda: answer(model, path) is model, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The file's values in the caller's model, or an error where they don't fit."""
        expected = copied(network(case))
        if seen.also["executed"]:
            return failed(
                "The file held a call, and your function ran it. Here it made an empty folder; it could have been anything.",
                hint="safe",
            )
        if case.file == "hostile":
            if not seen.error:
                return failed("The file asks for a call and is no state_dict. Expected an error.", hint="safe")
            return passed()
        if case.file in ("key missing", "key too many"):
            if not seen.error:
                what = "lacks `2.running_mean`" if case.file == "key missing" else "has a name that the model lacks"
                return failed(
                    f"The file {what}, and nothing was said. Expected the RuntimeError of a strict load.", hint="strict"
                )
            if "2.running_mean" not in seen.error and "5.weight" not in seen.error:
                return failed(f"Expected an error that names the key; got {seen.error[:200]}.", hint="strict")
            return passed()
        if seen.error:
            if "CUDA" in seen.error or "deserialize" in seen.error:
                return failed(
                    "The file was saved on a GPU that this machine lacks, and `torch.load` looked for it: "
                    f"{seen.error[:140]}…",
                    hint="map",
                )
            return failed(f"`load_weights(model, path)` raised {seen.error[:300]}.", hint="strict")
        if difference := first_difference(expected, seen.also["values"]):
            return failed(f"After loading, the model differs from the file: {difference}.", hint="own")
        if not seen.also["own"]:
            return failed(
                "The values are right, but the model has new parameters: an optimizer made before would train the old "
                "ones for ever.",
                hint="own",
            )
        if not seen.value:
            return failed("The model is loaded, and something else was returned. Expected the model.", hint="return")
        if seen.also["modes"]:
            return failed("The values are right, but the modes were changed.", hint="beside")
        if seen.also["moves"]:
            return failed("The values are right, but the model was moved or converted.", hint="beside")
        return passed("Loaded on any machine, strictly, and nothing was run.")

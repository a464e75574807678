"""Your turn: what a model can take from a file."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import network, unchanged


class Fitting(Task):
    """What a model can take from a file."""

    visible: ClassVar = {
        "other classes": {"classes": 7, "head": "head"},
        "another head": {"classes": 3, "head": "classifier"},
        "everything fits": {"classes": 3, "head": "head"},
        "a transposed matrix": {"classes": 3, "head": "head", "turned": True},
        "in double precision": {"classes": 3, "head": "head", "double": True},
        "more inputs": {"classes": 3, "head": "head", "inputs": True},
    }
    hints: ClassVar = {
        "shape": "Compare `tensor.shape` with that of the model's entry of this name; equal numbers of elements aren't enough.",
        "name": "`name in model.state_dict()` says whether the model has it.",
        "only": "Only choose. Loading comes later.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What the file holds."""
        state = copied(network(case.seed + 3, classes=case.classes, head=case.head))
        if "turned" in case.settings:
            state["encoder.0.weight"] = state["encoder.0.weight"].T.contiguous()
        if "inputs" in case.settings:
            state["encoder.0.weight"] = torch.cat([state["encoder.0.weight"]] * 2, dim=1)
        if "double" in case.settings:
            state = {name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
        return state

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask what fits, and look whether anything moved."""
        model, state = network(case.seed), self.state(case)
        before = copied(model)
        look = {
            "model": lambda: unchanged(before, model.state_dict()),
            "state": lambda: unchanged(self.state(case), state),
        }
        return observe(answer, model, state, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the entries that fit, and nothing moved."""
        own = network(case.seed).state_dict()
        state = self.state(case)
        expected = {n: t for n, t in state.items() if n in own and own[n].shape == t.shape}
        if seen.error:
            return failed(f"`fitting(model, state)` raised {seen.error[:200]}.", hint="name")
        if not seen.also["model"]:
            return failed("The model was changed. Expected it as it was: nothing is loaded yet.", hint="only")
        if not seen.also["state"]:
            return failed("`state` was changed. Expected a new dictionary.", hint="only")
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary; got {seen.type}.", hint="name")
        for name in seen.value:
            if name not in own:
                return failed(f"`{name}` is no name of the model.", hint="name")
            if name not in expected:
                shapes = f"{list(state[name].shape)} in the file, {list(own[name].shape)} in the model"
                return failed(f"`{name}` doesn't fit: {shapes}.", hint="shape")
        if lacking := [name for name in expected if name not in seen.value]:
            return failed(f"{named(lacking)}: name and shape fit, and it isn't in your dictionary.", hint="name")
        for name, tensor in expected.items():
            got = seen.value[name]
            if not isinstance(got, torch.Tensor) or got.dtype != tensor.dtype or not torch.equal(got, tensor):
                return failed(f"`{name}` should hold the file's tensor.", hint="name")
        return passed("What fits by name and shape, and nothing was loaded.")

"""Your turn: what one layer gives out while the model runs."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.eval_mode.tasks.shared import hooks_on


class OutputOf(Task):
    """Catch what one layer gives out while the model runs."""

    visible: ClassVar = {
        "a layer in the middle": {"layer": "1", "examples": 4},
        "one deep inside": {"layer": "2.0", "examples": 3},
        "the last": {"layer": "3", "examples": 5},
    }
    hints: ClassVar = {
        "hook": "`layer.register_forward_hook(function)`: the function gets the module, its inputs and its output. Let it `append` the output to a list.",
        "run": "The layer is one of many: let the whole model run, with `model(x)`.",
        "remove": "Keep what `register_forward_hook` returns: its `remove()` takes the hook off again.",
    }

    def model(self, case: Case) -> nn.Module:
        """Layers of different widths, one of them a level down."""
        inner = nn.Sequential(nn.Linear(6, 7), nn.Sigmoid())
        return drawn(nn.Sequential(nn.Linear(3, 6), nn.Tanh(), inner, nn.Linear(7, 2)), case.generator()).eval()

    def passage(self, case: Case) -> tuple[Tensor, Tensor, Tensor]:
        """The batch (N, 3), what goes into the layer, and what comes out."""
        model, x = self.model(case), torch.randn(case.examples, 3, generator=case.generator())
        caught = []
        model.get_submodule(case.layer).register_forward_hook(lambda m, i, o: caught.extend((i[0], o)))
        with torch.no_grad():
            model(x)
        return x, *caught

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for it, and count the hooks afterwards."""
        model = self.model(case)
        x = torch.randn(case.examples, 3, generator=case.generator())
        return observe(answer, model.get_submodule(case.layer), model, x, also={"hooks": lambda: hooks_on(model)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The layer's output, and no hook left."""
        x, given, expected = self.passage(case)
        if seen.error:
            return failed(f"`output_of(layer, model, x)` raised {seen.error}.", hint="run")
        if isinstance(seen.value, list) and len(seen.value) == 1:
            return failed("Got a list that holds the output. Return the output itself.", hint="hook")
        if not near(seen.value, expected):
            with torch.no_grad():
                final = self.model(case)(x)
            what = f"Got {described(seen.value)}; expected {described(expected)}, the layer's output."
            if near(seen.value, given):
                what = "This is what goes into the layer. Expected what comes out."
            elif near(seen.value, final):
                what = "This is the output of the whole model. Expected that of the layer."
            return failed(what, hint="hook")
        if seen.also["hooks"]:
            return failed("The right output, and a hook was left on the model.", hint="remove")
        return passed("Caught on the way, and no hook left.")

"""Your turn: what one layer gives out while the model runs."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.inputs import changed, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.eval_mode.tasks.shared import hooks_on, listed


class Folded(nn.Module):
    """Registered in another order than it runs in, with a step that is no module."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(7, 2)
        self.inner = nn.Sequential(nn.Linear(6, 7), nn.Dropout(0.5))
        self.first = nn.Linear(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3) -> (N, 2)."""
        return self.last(self.inner(self.first(x).tanh()))


class OutputOf(Task):
    """Catch what one layer gives out while the model runs."""

    visible: ClassVar = {
        "a layer in the middle": {"layer": "first", "examples": 4, "training": False},
        "one deep inside": {"layer": "inner.0", "examples": 3, "training": False},
        "the last": {"layer": "last", "examples": 5, "training": False},
        "dropout in training mode": {"layer": "inner.1", "examples": 6, "training": True},
    }
    hints: ClassVar = {
        "hook": "`layer.register_forward_hook(function)`: the function gets the module, its inputs and its output. Let it `append` the output to a list.",
        "run": "The layer is one of many: let the whole model run, with `model(x)`.",
        "once": "A layer that drops gives another output at each call. Keep the one that it gave while the model ran.",
        "remove": "Keep what `register_forward_hook` returns: its `remove()` takes the hook off again.",
    }

    def model(self, case: Case) -> nn.Module:
        """Layers of different widths, two of them a level down."""
        return drawn(Folded(), case.generator()).train(case.training)

    def passage(self, case: Case) -> tuple[Tensor, Tensor, Tensor]:
        """The batch (N, 3), what goes into the layer, and what comes out."""
        model, x = self.model(case), torch.randn(case.examples, 3, generator=case.generator())
        caught = []
        model.get_submodule(case.layer).register_forward_hook(lambda m, i, o: caught.extend((i[0], o)))
        with torch.no_grad():
            model(x)
        return x, *caught

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for it, with a hook of somebody else's on the layer; look at hooks and modes afterwards."""
        model, gave = self.model(case), []
        layer, before = model.get_submodule(case.layer), flags(model)
        layer.register_forward_hook(lambda m, i, o: gave.append(o.detach().clone()))
        x = torch.randn(case.examples, 3, generator=case.generator())
        look = {
            "hooks": lambda: hooks_on(model),
            "gave": lambda: gave[:1],
            "modes": lambda: changed(before, flags(model)),
        }
        return observe(answer, layer, model, x, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The layer's output, and no hook left."""
        x, given, expected = self.passage(case)
        if seen.error:
            return failed(f"`output_of(layer, model, x)` raised {seen.error}.", hint="run")
        if isinstance(seen.value, list) and len(seen.value) == 1:
            return failed("Got a list that holds the output. Return the output itself.", hint="hook")
        gave = seen.also["gave"]
        if case.training and isinstance(seen.value, Tensor) and seen.value.shape == expected.shape:
            if not gave or not near(seen.value, gave[0]):
                return failed("This is not what the layer gave while the model ran. Was it called again?", hint="once")
        elif not near(seen.value, expected):
            with torch.no_grad():
                final = self.model(case)(x)
            what = f"Got {described(seen.value)}; expected {described(expected)}, the layer's output."
            if isinstance(seen.value, Tensor) and seen.value.shape == expected.shape:
                what = "The shape is right, and the numbers are others than those that the layer gave in the model."
            if near(seen.value, given):
                what = "This is what goes into the layer. Expected what comes out."
            elif near(seen.value, final):
                what = "This is the output of the whole model. Expected that of the layer."
            return failed(what, hint="hook")
        if modes := seen.also["modes"]:
            return failed(f"Looking put {listed(modes)} in another mode.", hint="run")
        if seen.also["hooks"] > 1:
            return failed("The right output, and a hook was left on the model.", hint="remove")
        if not seen.also["hooks"]:
            return failed("The right output, and a hook that wasn't yours was taken off.", hint="remove")
        return passed("Caught on the way, and no hook left.")

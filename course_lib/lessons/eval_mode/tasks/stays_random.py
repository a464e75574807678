"""Find the modules whose output is random even in eval mode."""

from collections import OrderedDict
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom.tasks.inputs import changed, drawn, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import drawn_names, hooks_on, listed, wants

FAINT = 1e-6


class AlwaysDrop(nn.Module):
    """Dropout written the wrong way: `F.dropout` is on whatever the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F), half of it zero."""
        return F.dropout(x, 0.5)


class HidesDropout(nn.Module):
    """A dropout layer in a plain list, out of the switch's reach; it takes its own width F only."""

    def __init__(self, width: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.layers = [nn.Dropout(0.5)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F), half of it zero."""
        return self.layers[0](x * self.scale)


class AddsNoise(nn.Module):
    """Faint noise meant for training, with no look at the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F)."""
        return x * (1 + FAINT * torch.randn_like(x))


class Around(nn.Module):
    """A block with a way around it: the parts are registered in another order than they run in."""

    def __init__(self, names: list[str], norm: nn.Module, block: nn.Module):
        super().__init__()
        self.add_module(names[0], norm)
        self.add_module(names[1], block)
        self._parts = names

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F)."""
        norm, block = (self.get_submodule(name) for name in self._parts)
        return norm(x + block(x))


CULPRITS = (AlwaysDrop, HidesDropout, AddsNoise)


def culprit(kind: str, width: int) -> nn.Module:
    """One of the three, for inputs (N, width)."""
    return HidesDropout(width) if kind == "hides" else AlwaysDrop() if kind == "drops" else AddsNoise()


class StaysRandom(Task):
    """Find the modules whose output is random even in eval mode."""

    visible: ClassVar = {
        "one culprit": {"culprits": {1: "drops"}},
        "one deep inside": {"culprits": {0: "hides"}},
        "faint noise": {"culprits": {2: "noise"}},
        "two culprits": {"culprits": {0: "noise", 1: "drops"}},
        "none": {"culprits": {}},
    }
    graded: ClassVar = {
        "two at the end": {"culprits": {1: "hides", 2: "drops"}},
        "three": {"culprits": {0: "drops", 1: "hides", 2: "noise"}},
    }
    hints: ClassVar = {
        "twice": "Call one module twice on the same input: if the outputs differ, by however little, it is random. `torch.equal` asks for every bit.",
        "inputs": "A forward pre-hook sees each module's own input: keep it, then call each module alone on what it was given.",
        "eval": "Ask the question in eval mode: in training mode `nn.Dropout` is random by design.",
        "deep": "`model.named_modules()` reaches every level; those without children are the ones asked for.",
        "state": "Note every flag first, and put each back. Call `eval()` before the first pass, or batch norm learns from it.",
        "hooks": "Keep the handles that registering a hook returns, and `remove()` each.",
    }

    def model(self, case: Case) -> nn.Module:
        """Three places hold a culprit or an honest dropout: a level down, two levels down, and at the end."""
        names = drawn_names(case, 9)
        places = [
            culprit(case.culprits[i], width) if i in case.culprits else nn.Dropout(0.5)
            for i, width in enumerate((6, 8, 3))
        ]
        block = nn.Sequential(nn.Linear(8, 6), places[0], nn.Linear(6, 8))
        parts = [
            nn.Linear(5, 8), nn.Dropout(0.2), nn.BatchNorm1d(8), Around(names[7:], nn.BatchNorm1d(8), block),
            places[1], nn.Linear(8, 3), places[2],
        ]  # fmt: skip
        model = drawn(nn.Sequential(OrderedDict(zip(names, parts, strict=False))), case.generator()).train()
        parts[2].eval()  # somebody froze it; the other one is in training mode
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names; look at flags, statistics and hooks before and after."""
        model = self.model(case)
        before = (flags(model), statistics(model), wants(model))
        x = torch.randn(32, 5, generator=case.generator())
        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "wants": lambda: changed(before[2], wants(model)),
            "hooks": lambda: hooks_on(model),
        }
        return observe(answer, model, x, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The culprits' names, and a model left as it was."""
        if seen.error:
            return failed(f"`stays_random(model, x)` raised {seen.error}.", hint="inputs")
        if not isinstance(seen.value, list) or not all(isinstance(name, str) for name in seen.value):
            other = "a list of other things" if isinstance(seen.value, list) else f"a {seen.type}"
            got = "None" if seen.value is None else other
            return failed(f"Expected a list of names such as `['stem', 'body.0']`; returned {got}.", hint="deep")
        model = self.model(case)
        modules = dict(model.named_modules())
        culprits = [name for name, module in modules.items() if isinstance(module, CULPRITS)]
        if complaint := self._accused(set(seen.value) - set(culprits), modules, culprits):
            return complaint
        if missing := [name for name in culprits if name not in seen.value]:
            one = modules[missing[0]]
            faint = (
                " Its noise is faint, about a millionth of each value: the outputs still differ."
                if isinstance(one, AddsNoise)
                else ""
            )
            deep = " It stands inside another module." if "." in missing[0] else ""
            own = "" if deep or not isinstance(one, HidesDropout) else " Ask it with what the model really gives it."
            hint = "twice" if faint else "deep" if deep else "inputs"
            return failed(f"`{missing[0]}` is random in eval mode and was not found.{faint or deep or own}", hint=hint)
        if moved := seen.also["flags"]:
            return failed(f"The right names, but {listed(moved)} came back in another mode.", hint="state")
        if moved := seen.also["statistics"]:
            return failed(
                f"The right names, but {listed(moved)} moved: a pass ran while batch norm was in training mode.",
                hint="state",
            )
        if moved := seen.also["wants"]:
            return failed(f"The right names, but {listed(moved)} came back with another `requires_grad`.", hint="state")
        if seen.also["hooks"]:
            return failed("The right names, but hooks were left on the model.", hint="hooks")
        return passed("Found by what they do, not by what they are called.")

    @staticmethod
    def _accused(innocent: set[str], modules: dict[str, nn.Module], culprits: list[str]) -> Verdict | None:
        """What to say of names that should not be there."""
        if not innocent:
            return None
        if unknown := sorted(innocent - set(modules)):
            return failed(f"The model has no module called {unknown[0]!r}.", hint="deep")
        if parents := sorted(name for name in innocent if list(modules[name].children())):
            what = f"`{parents[0]}`" if parents[0] else "The model itself (`''`)"
            return failed(f"{what} has children. Asked for are the modules without any.", hint="deep")
        always = next(name for name, module in modules.items() if isinstance(module, nn.Dropout))  # before any culprit
        if always in innocent:
            return failed(f"`{always}` is an `nn.Dropout`. It obeys eval(), so it is innocent.", hint="eval")
        name = sorted(innocent)[0]
        if culprits:
            return failed(
                f"`{name}` is not random. A module that is only fed by a random one gives the same output for the same "
                "input.",
                hint="inputs",
            )
        return failed(f"`{name}` is not random: called twice on the same input it gives one output.", hint="twice")

"""Find the modules whose output is random even in eval mode."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom.tasks.inputs import changed, drawn, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class AlwaysDrop(nn.Module):
    """Dropout written the wrong way: `F.dropout` is on whatever the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F), half of it zero."""
        return F.dropout(x, 0.5)


class AddsNoise(nn.Module):
    """Noise meant for training, with no look at the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F)."""
        return x + torch.randn_like(x)


class StaysRandom(Task):
    """Find the modules whose output is random even in eval mode."""

    visible: ClassVar = {"one culprit": {"culprits": (3,)}}
    graded: ClassVar = {"none": {"culprits": ()}, "two culprits": {"culprits": (1, 4)}}
    hints: ClassVar = {
        "twice": "Call one module twice on the same input: if the outputs differ, it is random.",
        "inputs": "A forward hook sees each module's own input: keep it, then call each module alone on what it was given.",
        "eval": "Ask the question in eval mode: in train mode `nn.Dropout` is random by design.",
        "state": "Look without touching: put the flags back, and let no batch norm see data in train mode.",
    }

    def model(self, case: Case) -> nn.Module:
        """Six leaves in a row; the culprits stand at `case.culprits`, a proper Dropout and batch norm elsewhere."""
        layers: list[nn.Module] = [nn.Linear(5, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3)]
        for i in case.culprits:
            layers[i] = AddsNoise() if i == 4 else AlwaysDrop()
        model = drawn(nn.Sequential(*layers, nn.Linear(8, 2)), case.generator())
        model.train()
        model[2].eval()
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names; look at flags and statistics before and after."""
        model = self.model(case)
        before = (flags(model), statistics(model))
        x = torch.randn(32, 5, generator=case.generator())
        return observe(
            answer,
            model,
            x,
            also={
                "flags": lambda: changed(before[0], flags(model)),
                "statistics": lambda: changed(before[1], statistics(model)),
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The culprits' names, and a model left as it was."""
        if seen.error:
            return failed(f"`stays_random(model, x)` raised {seen.error}.", hint="inputs")
        if not isinstance(seen.value, list) or not all(isinstance(name, str) for name in seen.value):
            return failed(f"Expected a list of names such as `['3']`; got {seen.type}.", hint="twice")
        found, culprits = set(seen.value), {str(i) for i in case.culprits}
        innocent = {str(i) for i in (1, 4)} - culprits
        if found - culprits and found & innocent:
            return failed(
                f"Got {sorted(found)}; expected {sorted(culprits)}. `nn.Dropout` obeys eval(), so it is innocent.",
                hint="eval",
            )
        if found - culprits:
            return failed(
                f"Got {sorted(found)}; expected {sorted(culprits)}. A module fed by a random one is not random itself.",
                hint="inputs",
            )
        if missing := culprits - found:
            return failed(
                f"Got {sorted(found)}; {sorted(missing)} is random in eval mode and was not found.", hint="twice"
            )
        if seen.also["flags"] or seen.also["statistics"]:
            touched = ", ".join(seen.also["flags"] + seen.also["statistics"])
            return failed(f"The right names, but the model came back changed: {touched}.", hint="state")
        return passed("Found by what they do, not by what they are called.")

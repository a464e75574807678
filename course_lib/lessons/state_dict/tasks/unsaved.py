"""Your turn: which buffers does the state_dict leave out?"""

from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.state_dict.tasks.shared import Standardise


class Unsaved(Task):
    """Name the buffers that the state_dict leaves out."""

    visible: ClassVar = {
        "one of three buffers": {"kind": "flat"},
        "deep inside": {"kind": "deep"},
        "all are saved": {"kind": "saved"},
    }
    hints: ClassVar = {
        "both": "`model.named_buffers()` lists every buffer, the state_dict those that are saved. Which names has only the "
        "first?",
        "levels": "`named_buffers()` goes into modules inside modules and gives dotted names, such as '1.0.shift'.",
        "form": "Return a list of names, in the order in which `named_buffers()` gives them.",
    }

    def model(self, case: Case) -> nn.Module:
        """Some layers; one or two of them keep a buffer out of the state_dict."""
        if case.kind == "saved":
            return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).requires_grad_(False)
        if case.kind == "flat":
            return nn.Sequential(Standardise(3), nn.Linear(3, 2))
        model = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(Standardise(2), nn.Sequential(Standardise(2))))
        model.register_buffer("zoom", torch.ones(1), persistent=False)
        model[0].register_buffer("shift", torch.ones(2))  # saved, and named like others that are not
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names."""
        return observe(answer, self.model(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the names, in their order."""
        model = self.model(case)
        saved, parameters = set(model.state_dict()), {name for name, _ in model.named_parameters()}
        expected = [name for name, _ in model.named_buffers() if name not in saved]
        if seen.error:
            return failed(f"`unsaved(model)` raised {seen.error}.", hint="both")
        if not isinstance(seen.value, list) or seen.type not in ("list", "tuple"):
            return failed(f"Expected a list of names; got {seen.type}.", hint="form")
        if not all(isinstance(name, str) for name in seen.value):
            return failed("Expected a list of names; something in yours is no text.", hint="form")
        names = [str(name) for name in seen.value]
        if names == expected:
            return passed("These are the buffers that a file will lack.")
        if wrong := [name for name in names if name in parameters]:
            return failed(f"{named(wrong)}: a parameter, and no buffer.", hint="both")
        if wrong := [name for name in names if name in saved]:
            return failed(f"{named(wrong)}: a buffer that is saved.", hint="both")
        if lacking := [name for name in expected if name not in names]:
            return failed(f"Not in your list, nor in a file: {named(lacking)}.", hint="levels")
        if sorted(names) == sorted(expected):
            return failed(
                f"The right names in another order than that of `named_buffers()`: {named(names)}.", hint="form"
            )
        return failed(f"Expected {expected}; got {names}.", hint="form")

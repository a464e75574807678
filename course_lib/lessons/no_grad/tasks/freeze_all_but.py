"""Your turn: freeze everything but a part."""

from typing import Any, ClassVar

from torch import nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class FreezeAllBut(Task):
    """Freeze all parameters but those whose name starts with a prefix."""

    visible: ClassVar = {
        "the head": {"prefix": "head", "frozen": ()},
        "a layer of the body": {"prefix": "body.2", "frozen": ()},
        "thawed again": {"prefix": "head", "frozen": ("head.weight", "body.0.bias")},
        "a part of a name": {"prefix": "h", "frozen": ("head.bias",)},
    }
    hints: ClassVar = {
        "flag": "`parameter.requires_grad_(True)` and `requires_grad_(False)`: one of them for each parameter.",
        "names": "`model.named_parameters()` gives pairs; `name.startswith(prefix)` is a bool already.",
        "count": "A parameter of shape (2, 3) has `numel()` 6 values.",
    }

    def model(self, case: Case) -> nn.Module:
        """A body of two layers and a head; some parameters are frozen to begin with."""
        net = nn.ModuleDict(
            {"body": nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)), "head": nn.Linear(3, 2)}
        )
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(name not in case.frozen)
        return net

    def probe(self, answer: Any, case: Case) -> Observation:
        """Freeze, and look at every flag."""
        net = self.model(case)
        look = {"trained": lambda: [name for name, parameter in net.named_parameters() if parameter.requires_grad]}
        return observe(answer, net, case.prefix, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The flags, and the number of values."""
        if seen.error:
            return failed(f"`freeze_all_but(model, {case.prefix!r})` raised {seen.error}.", hint="flag")
        named = dict(self.model(case).named_parameters())
        expected = [name for name in named if name.startswith(case.prefix)]
        trained = seen.also["trained"]
        if missing := [name for name in expected if name not in trained]:
            return failed(f"{missing[0]!r} should be trained and doesn't ask for a gradient.", hint="flag")
        if more := [name for name in trained if name not in expected]:
            return failed(f"{more[0]!r} should be frozen and still asks for a gradient.", hint="flag")
        values = sum(named[name].numel() for name in expected)
        if seen.value == values and not isinstance(seen.value, bool):
            return passed(f"{values} values will be trained.")
        if seen.value == len(expected):
            return failed(f"Expected {values} values; got {seen.value}, the number of tensors.", hint="count")
        return failed(f"Expected {values}, the number of values that will be trained; got {seen.value}.", hint="count")

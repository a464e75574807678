"""Your turn: which modules are in training mode?"""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import listed


class StillTraining(Task):
    """Name the modules that are in training mode, at every level."""

    visible: ClassVar = {
        "a frozen layer": {"training": ("", "0", "2", "2.0")},
        "everything evaluates": {"training": ()},
        "one deep inside": {"training": ("2.1",)},
    }
    hints: ClassVar = {
        "names": "`model.named_modules()` gives pairs of a dotted name and a module, at every level; the model itself is ''.",
        "flag": "Each module has its own flag, `module.training`. Ask each one.",
        "look": "Asking changes nothing; `eval()` and `train()` do.",
    }

    def model(self, case: Case) -> nn.Module:
        """Three layers, the last with two of its own; those that `case.training` names are in training mode."""
        model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
        for name, module in model.named_modules():
            module.training = name in case.training
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names, and look at the flags afterwards."""
        model = self.model(case)
        after = {"after": lambda: [name for name, module in model.named_modules() if module.training]}

        def use() -> Any:
            names = answer(model)
            return list(names) if isinstance(names, Iterable) else names

        return observe(use, also=after)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the names, and no flag changed."""
        expected = list(case.training)
        if seen.error:
            return failed(f"`still_training(model)` raised {seen.error}.", hint="names")
        if seen.also["after"] != expected:
            return failed("The names were asked for, and your function changed the flags.", hint="look")
        if not isinstance(seen.value, list):
            return failed(f"Expected names such as `2.0`; got {described(seen.value)}.", hint="names")
        if not all(isinstance(name, str) for name in seen.value):
            return failed("Expected names such as `2.0`; got other things.", hint="names")
        if sorted(seen.value) == sorted(expected):
            return passed("Every level was asked.")
        if missing := [name for name in expected if name not in seen.value]:
            return failed(f"{listed(missing)} in training mode, and not named.", hint="names")
        return failed(
            f"{listed([name for name in seen.value if name not in expected])}: named, and in eval mode.", hint="flag"
        )

"""Your turn: which attributes does an unpickled model lack?"""

from typing import Any, ClassVar

from torch import nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Model(nn.Module):
    """Attributes by name, and a note of whether it was called."""

    limit = 0.0  # the class's own: `hasattr` finds it, `vars` doesn't

    def __init__(self, names: list[str], value: float):
        super().__init__()
        self.called = False
        self.layer = nn.Linear(2, 2)
        for name in names:
            setattr(self, name, value)

    def forward(self, x: Any) -> Any:
        """Notes that it was called."""
        self.called = True
        return x


class Lacks(Task):
    """Name the attributes that a new model has and an old one lacks."""

    visible: ClassVar = {
        "two are new": {"old": ["hidden", "rate"], "new": ["hidden", "scale", "gain"]},
        "one is new": {"old": ["hidden"], "new": ["scale", "hidden"]},
        "one is the class's, one private": {"old": ["hidden"], "new": ["limit", "hidden", "_cache"]},
        "nothing is missing": {"old": ["hidden", "rate"], "new": ["hidden"]},
    }
    hints: ClassVar = {
        "vars": "`vars(model)` is a dictionary of the attributes. Which keys has only the second?",
        "form": "`sorted(...)` makes a list in order of any names.",
        "alone": "Looking at attributes needs no call and no change.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names; look at both models afterwards."""
        old, fresh = Model(case.old, 1.0), Model(case.new, 2.0)
        before = [dict(vars(model)) for model in (old, fresh)]
        return observe(
            answer,
            old,
            fresh,
            also={
                "called": lambda: old.called or fresh.called,
                "changed": lambda: any(
                    list(vars(model)) != list(was) or any(vars(model)[k] is not v for k, v in was.items())
                    for model, was in zip((old, fresh), before, strict=True)
                ),
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the names, sorted."""
        expected = sorted(set(case.new) - set(case.old))
        gone = [name for name in case.old if name not in case.new]
        if seen.error:
            return failed(f"`lacks(old, fresh)` raised {seen.error}.", hint="vars")
        if seen.also["called"]:
            return failed("One of the models was called.", hint="alone")
        if seen.also["changed"]:
            return failed("The attributes of a model were changed.", hint="alone")
        if not isinstance(seen.value, list) or seen.type not in ("list", "tuple"):
            return failed(f"Expected a list of names; got {seen.type}.", hint="form")
        if seen.value == expected:
            return passed("These would be missed at the first call.")
        if any(name in gone for name in seen.value):
            return failed(
                "The question is what the *new* model has and the old one lacks: was it asked the other way round, or in both?",
                hint="vars",
            )
        if all(isinstance(name, str) for name in seen.value) and sorted(seen.value) == expected:
            return failed(f"The right names, and not sorted: {named(seen.value)}.", hint="form")
        if missing := [name for name in expected if name not in seen.value]:
            return failed(f"Not in your list: {named(missing)}.", hint="vars")
        return failed(f"Expected {expected}; got {seen.value}.", hint="vars")

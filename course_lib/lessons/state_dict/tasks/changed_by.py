"""Your turn: which entries of a state_dict does an action change?"""

from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class ChangedBy(Task):
    """Name the entries of the state_dict that an action changes."""

    visible: ClassVar = {
        "a step of training": {"changes": ("0.weight", "1.bias", "1.running_mean", "2.bias"), "by": "one"},
        "only the counter": {"changes": ("1.num_batches_tracked",), "by": "one"},
        "nothing at all": {"changes": (), "by": "one"},
        "a very small step": {"changes": ("1.weight", "1.running_var"), "by": "little"},
        "one number of many": {"changes": ("0.weight", "1.running_mean"), "by": "first"},
        "two numbers change places": {"changes": ("0.bias", "2.bias"), "by": "places"},
    }
    hints: ClassVar = {
        "copy": "What `state_dict()` gave you before follows the action. Keep a copy of the tensors: `copy.deepcopy`.",
        "buffers": "Compare every entry of the state_dict. `parameters()` lists no buffers.",
        "exact": "`torch.equal` is False where a single number differs by the least bit; `allclose` forgives that, and a sum hides it.",
        "order": "Go through the state_dict, name by name, and return a list.",
        "call": "Call `action(model)` once, between looking and looking again.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand in an action that changes what the case names, and count its calls."""
        model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
        drawn(model, case.generator())
        calls: list[bool] = []

        def action(given: nn.Module) -> None:
            calls.append(given is model)
            with torch.no_grad():
                for name in case.changes:
                    tensor = model.state_dict()[name]
                    if case.by == "places":
                        tensor.copy_(tensor.flip(0))
                    else:
                        (tensor.view(-1)[:1] if case.by == "first" else tensor).add_(2e-6 if case.by == "little" else 1)

        action.__qualname__ = "action"  # the name in a message, if it was called with too few arguments
        return observe(answer, model, action, also={"calls": lambda: calls})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the names, in their order, and one call."""
        expected, calls = list(case.changes), seen.also["calls"]
        if seen.error:
            return failed(f"`changed_by(model, action)` raised {seen.error}.", hint="call")
        if len(calls) != 1:
            return failed(f"The action was called {len(calls)} times; expected once.", hint="call")
        if not calls[0]:
            return failed("The action was called on another model than the one you were given.", hint="call")
        if not isinstance(seen.value, list) or seen.type not in ("list", "tuple"):
            return failed(f"Expected a list of names; got {seen.type}.", hint="order")
        names = [str(name) for name in seen.value]
        if names == expected:
            return passed("What changed, and nothing else.")
        if not names:
            why = {
                "one": "what you compared with has changed as well",
                "little": "a small change is a change",
                "first": "one number of it is enough",
                "places": "the same numbers in other places are other values",
            }[case.by]
            return failed(
                f"Nothing is named, and {named(expected)} changed: {why}.", hint="copy" if case.by == "one" else "exact"
            )
        if lacking := [name for name in expected if name not in names]:
            return failed(
                f"{named(lacking)} changed and {'is' if len(lacking) == 1 else 'are'} not named.", hint="buffers"
            )
        if extra := [name for name in names if name not in expected]:
            return failed(f"{named(extra)} did not change.", hint="exact")
        return failed(f"The right names in another order than the state_dict's: {named(names)}.", hint="order")

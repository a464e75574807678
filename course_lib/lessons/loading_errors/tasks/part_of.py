"""Your turn: one part of a large model's state_dict."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import unchanged


class PartOf(Task):
    """One part of a large model's state_dict."""

    visible: ClassVar = {
        "an encoder": {"part": "encoder", "names": ("encoder.0.weight", "encoder.0.bias", "head.weight")},
        "a name that begins alike": {"part": "body", "names": ("body.weight", "body2.weight", "bodyguard")},
        "a part inside a part": {"part": "net.up", "names": ("net.up.weight", "net.down.weight", "up.weight")},
        "the name again inside": {"part": "net", "names": ("head.net.bias", "net.head.net.weight", "net.net.weight")},
    }
    hints: ClassVar = {
        "dot": "The prefix is the part and a dot. `name.startswith(prefix)` asks whether a name begins with it.",
        "remove": "`name.removeprefix(prefix)` takes it off at the beginning, once.",
        "new": "Put the entries into a new dictionary; `pop` takes them out of the old one.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """A tensor for each name, with values of its own."""
        return {name: torch.rand(2, generator=case.generator()) + i for i, name in enumerate(case.names)}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the part."""
        state = self.state(case)
        return observe(answer, state, case.part, also={"state": lambda: unchanged(self.state(case), state)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the entries below the part."""
        prefix = f"{case.part}."
        expected = {n[len(prefix) :]: t for n, t in self.state(case).items() if n.startswith(prefix)}
        if seen.error:
            return failed(f"`part_of(state, {case.part!r})` raised {seen.error[:200]}.", hint="dot")
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary; got {seen.type}.", hint="dot")
        if lacking := [name for name in expected if name not in seen.value]:
            return failed(f"{named(lacking)} should be there; got the names {named(seen.value)}.", hint="remove")
        if extra := [name for name in seen.value if name not in expected]:
            return failed(f"{named(extra)} shouldn't be there: no entry below `{case.part}`.", hint="dot")
        for name, tensor in expected.items():
            got = seen.value[name]
            if not isinstance(got, torch.Tensor) or not torch.equal(got, tensor):
                return failed(f"`{name}` holds something else than the tensor of `{prefix}{name}`.", hint="remove")
        if not seen.also["state"]:
            return failed("`state` was changed. Expected a new dictionary.", hint="new")
        return passed("The part, by the names that it has inside.")

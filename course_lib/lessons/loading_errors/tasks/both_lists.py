"""Your turn: the missing and the unexpected names."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import network, unchanged, wrong_list


class BothLists(Task):
    """The missing and the unexpected names."""

    visible: ClassVar = {
        "a prefix": {"kind": "prefix"},
        "another name for the head": {"kind": "renamed"},
        "the same names": {"kind": "same"},
    }
    hints: ClassVar = {
        "sides": "Missing: `for name in model.state_dict()`, those not in `state`. Unexpected: the other way round.",
        "order": "A set has no order. Go through the names with a loop or a list comprehension.",
        "alone": "Only look at the names: no loading, no `pop`.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What the file holds, in another order than the model's."""
        head = "classifier" if case.kind == "renamed" else "head"
        state = dict(reversed(copied(network(case.seed + 1, head=head)).items()))
        return {f"module.{name}": tensor for name, tensor in state.items()} if case.kind == "prefix" else state

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the two lists."""
        kinds: list[str] = []
        model, state = network(case.seed), self.state(case)
        before = copied(model)

        def use() -> Any:
            value = answer(model, state)
            if isinstance(value, list | tuple):
                kinds.extend(type(part).__name__ for part in value)
            return value

        look = {
            "kinds": lambda: kinds,
            "model": lambda: unchanged(before, model.state_dict()),
            "state": lambda: unchanged(self.state(case), state),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Exactly the names, in their orders."""
        own, state = list(network(case.seed).state_dict()), list(self.state(case))
        missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
        if seen.error:
            return failed(f"`both_lists(model, state)` raised {seen.error[:200]}.", hint="sides")
        if not isinstance(seen.value, list) or len(seen.value) != 2:
            return failed(f"Expected a tuple of two lists; got {seen.type}.", hint="sides")
        for kind in seen.also["kinds"]:
            if kind not in ("list", "tuple"):
                why = ", which has no order" if "set" in kind else ""
                return failed(f"Expected two lists; one of yours is a {kind}{why}.", hint="order")
        first, second = seen.value
        if missing and (first, second) == (unexpected, missing):
            return failed("The two lists are the wrong way round: missing is what the model wants.", hint="sides")
        wrong = wrong_list("the missing names", first, missing) or wrong_list(
            "the unexpected names", second, unexpected
        )
        if wrong:
            return failed(wrong, hint="order" if "order" in wrong else "sides")
        for what in ("model", "state"):
            if not seen.also[what]:
                return failed(f"The lists are right, and `{what}` was changed. Expected it as it was.", hint="alone")
        return passed("Both halves, in order.")

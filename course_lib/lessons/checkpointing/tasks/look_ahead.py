"""Your turn: what a generator will give next, without using it up."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class LookAhead(Task):
    """Return the next permutation, and leave the generator where it stands."""

    visible: ClassVar = {"ten images": {"n": 10, "used": 0}, "in the middle of a run": {"n": 25, "used": 3}}
    hints: ClassVar = {
        "draw": "`torch.randperm(n, generator=generator)` draws from this generator; without the argument it draws from "
        "the global one.",
        "back": "`state = generator.get_state()` before the draw, `generator.set_state(state)` after it.",
    }

    def generator(self, case: Case) -> torch.Generator:
        """One that has been used already."""
        generator = case.generator()
        for _ in range(case.used):
            torch.randperm(7, generator=generator)
        return generator

    def probe(self, answer: Any, case: Case) -> Observation:
        """Look ahead, and then draw."""
        generator = self.generator(case)
        return observe(answer, generator, case.n, also={"then": lambda: torch.randperm(case.n, generator=generator)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The next permutation twice: looked ahead, and drawn."""
        generator = self.generator(case)
        order, after = (torch.randperm(case.n, generator=generator) for _ in range(2))
        if seen.error:
            return failed(f"`look_ahead(generator, n)` raised {seen.error}", hint="draw")
        if near(seen.value, after):
            return failed(
                "It returned the permutation after the next: the state must be put back before the draw that counts.",
                hint="back",
            )
        if not near(seen.value, order) and seen.value != order.tolist():
            return failed(
                f"It returned {described(seen.value)}, which is not the permutation that this generator gives next.",
                hint="draw",
            )
        if near(seen.also["then"], after):
            return failed("The generator has moved on: what it gives now is the permutation after.", hint="back")
        if not near(seen.also["then"], order):
            return failed(
                "The generator stands elsewhere now: it gives neither this permutation nor the next.", hint="back"
            )
        return passed("Looked ahead, and nothing used up.")

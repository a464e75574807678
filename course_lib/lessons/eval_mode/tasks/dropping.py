"""Your turn: a dropout layer that drops more, for the length of a block."""

from typing import Any, ClassVar

from torch import nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Dropping(Task):
    """Lend a dropout layer another p, and give it its own back."""

    visible: ClassVar = {
        "a block that ends well": {"own": 0.25, "lent": 0.9, "error": False},
        "an error inside": {"own": 0.5, "lent": 0.1, "error": True},
        "a layer that drops nothing": {"own": 0.0, "lent": 0.75, "error": False},
    }
    hints: ClassVar = {
        "manager": "`@contextmanager` above a function with one `yield`: what stands before it happens on entering, what stands after it on leaving.",
        "own": "Note `layer.p` before you change it. That number is to come back.",
        "finally": "`try:` before the `yield`, and what must happen in any case into `finally:` after it.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Enter, look at p, perhaps raise, leave, look again."""
        layer, inside = nn.Dropout(case.own), []

        def use() -> None:
            with answer(layer, case.lent):
                inside.append(layer.p)
                if case.error:
                    raise ZeroDivisionError("raised inside the block")

        return observe(use, also={"inside": lambda: inside, "after": lambda: layer.p})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The lent p inside, the layer's own outside, and an error that comes through."""
        if not seen.also["inside"]:
            missing = " `@contextmanager` above it is missing." if "generator" in seen.error else ""
            return failed(
                f"The block could not be entered: {seen.error or 'nothing was yielded'}. Expected a context manager.{missing}",
                hint="manager",
            )
        if (p := seen.also["inside"][0]) != case.lent:
            return failed(f"Inside the block `p` was {p}, expected {case.lent}.", hint="manager")
        if case.error and not seen.error:
            return failed("The block raised an error, and it was swallowed. Let it come through.", hint="finally")
        if case.error and not seen.error.startswith("ZeroDivisionError: raised inside"):
            return failed(f"The block raised a ZeroDivisionError; out came {seen.error}.", hint="finally")
        if not case.error and seen.error:
            return failed(f"Leaving the block raised {seen.error}.", hint="manager")
        if (p := seen.also["after"]) != case.own:
            why = " The block raised, and nothing put it back." if case.error and p == case.lent else ""
            return failed(
                f"After the block `p` was {p}; before it, it was {case.own}.{why}",
                hint="finally" if why else "own",
            )
        return passed("Lent for the block, and given back.")

"""A context manager that evaluates, and puts every switch back."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.inputs import changed, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import mixed_model


class EvaluationMode(Task):
    """A context manager that evaluates, and puts every switch back."""

    visible: ClassVar = {
        "mixed modes": {"modes": "mixed", "error": False, "nested": False},
        "an error inside": {"modes": "train", "error": True, "nested": False},
    }
    graded: ClassVar = {
        "already in eval": {"modes": "eval", "error": False, "nested": False},
        "used inside itself": {"modes": "mixed", "error": False, "nested": True},
    }
    hints: ClassVar = {
        "manager": "`contextlib.contextmanager` turns a function with one `yield` into a context manager.",
        "restore": "`model.train(was_training)` gives every submodule the same flag. Remember each module's own: "
        "`[(m, m.training) for m in model.modules()]`.",
        "finally": "What must happen even when the block raises belongs in `finally`, around the `yield`.",
        "recursion": "`model.eval()` reaches every registered submodule; setting `model.training` reaches one.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Enter, look at the flags, perhaps raise, leave, look again."""
        model, inside = mixed_model(case), {}
        before = flags(model)

        def use() -> str:
            with answer(model):
                inside.update(flags(model), grad=torch.is_grad_enabled())
                if case.nested:
                    with answer(model):
                        pass
                    inside["after the inner one"] = any(flags(model).values())
                if case.error:
                    raise ZeroDivisionError("raised inside the block")
            return "left without an error"

        return observe(use, also={"before": lambda: before, "inside": lambda: inside, "after": lambda: flags(model)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Eval inside, the old flags outside, an error inside comes through."""
        inside = dict(seen.also["inside"])
        if not inside:
            return failed(
                f"`with evaluation_mode(model):` could not be entered: {seen.error or 'nothing happened'}. "
                "Expected a context manager.",
                hint="manager",
            )
        grad = inside.pop("grad")
        still_inside = inside.pop("after the inner one", False)
        if training := [name for name, flag in inside.items() if flag]:
            return failed(
                f"Inside the block {', '.join(training)} still trains. Expected eval everywhere.", hint="recursion"
            )
        if not grad:
            return failed("Gradients were off inside the block. This manager turns one switch only; grad is the other.")
        if still_inside:
            return failed("After leaving an inner `with`, the outer one was no longer in eval mode.", hint="restore")
        if case.error and not seen.error.startswith("ZeroDivisionError: raised inside"):
            return failed(
                "The block raised an error, and the manager swallowed it. Expected it to come through.", hint="finally"
            )
        if not case.error and seen.error:
            return failed(f"Leaving the block raised {seen.error}.", hint="manager")
        if other := changed(seen.also["before"], seen.also["after"]):
            if case.error and not any(seen.also["after"].values()):
                return failed("The block raised, and the model stayed in eval mode for ever.", hint="finally")
            was = "train" if seen.also["before"][other[0]] else "eval"
            return failed(
                f"After the block {', '.join(other)} came back in the other mode (`{other[0]}` was in {was}). "
                "Expected every submodule's own flag.",
                hint="restore",
            )
        return passed("Eval inside, and every submodule's own flag outside.")

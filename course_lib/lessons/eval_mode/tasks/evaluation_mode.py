"""A context manager that evaluates, and puts every flag back."""

from collections import OrderedDict
from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.inputs import changed, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import drawn_names, listed, wants


class EvaluationMode(Task):
    """A context manager that evaluates, and puts every flag back."""

    visible: ClassVar = {
        "mixed modes": {"modes": "mixed", "then": "", "grad": True},
        "an error inside": {"modes": "mixed", "then": "raise", "grad": True},
        "flags switched inside": {"modes": "mixed", "then": "train", "grad": True},
        "used inside itself": {"modes": "mixed", "then": "nest", "grad": False},
    }
    graded: ClassVar = {
        "already in eval": {"modes": "eval", "then": "", "grad": False},
        "an error, gradients off": {"modes": "mixed", "then": "raise", "grad": False},
    }
    hints: ClassVar = {
        "manager": "`contextlib.contextmanager` turns a function with one `yield` into a context manager; the lesson's `seeded` is one.",
        "recursion": "`model.eval()` reaches every registered submodule; setting `model.training` reaches one.",
        "restore": "`model.train(was_training)` gives every submodule the same flag. Remember each module's own, all of "
        "them, and by the module itself: `[(m, m.training) for m in model.modules()]`.",
        "finally": "What must happen even when the block raises belongs in `finally`, around the `yield`. An error that you "
        "don't catch comes through by itself.",
        "grad": "This manager turns one switch. Leave out whatever turns gradients on or off.",
        "yours": "Run the cell with your own function again, then its check. For the last task the course's is there as "
        "`course_lib.evaluation.evaluation_mode`, without an import of the name.",
    }

    def model(self, case: Case) -> nn.Module:
        """Nested; one layer has two parents, and two print alike and differ in their flags."""
        a, b, c, d, e = drawn_names(case, 5)
        shared = nn.Dropout(0.3)
        inner = nn.Sequential(OrderedDict({a: nn.BatchNorm1d(6), b: shared, c: nn.Dropout(0.5)}))
        parts = {a: nn.Linear(4, 6), b: shared, c: nn.Dropout(0.5), d: inner, e: nn.BatchNorm1d(6)}
        model = drawn(nn.Sequential(OrderedDict(parts)), case.generator()).train(case.modes != "eval")
        if case.modes == "mixed":
            coins = torch.rand(2, generator=case.generator()) < 0.5
            (parts[c] if coins[0] else inner[2]).eval()  # one of the two alike
            (parts[e] if coins[1] else inner[0]).eval()
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Enter, look at the flags, do what the case asks for, leave, look again."""
        model, inside = self.model(case), {}
        before = flags(model)

        def use() -> str:
            with answer(model):
                inside.update(flags(model), grad=torch.is_grad_enabled(), wants=all(wants(model).values()))
                if case.then == "nest":
                    with answer(model):
                        pass
                    inside["after the inner one"] = any(flags(model).values())
                if case.then == "train":
                    model.train()
                if case.then == "raise":
                    raise ZeroDivisionError("raised inside the block")
            return "left without an error"

        look = {
            "before": lambda: before,
            "inside": lambda: inside,
            "after": lambda: flags(model),
            "grad": torch.is_grad_enabled,
            "wants": lambda: all(wants(model).values()),
            "ours": lambda: str(getattr(answer, "__module__", "")).startswith("course_lib."),
        }
        with torch.set_grad_enabled(case.grad):
            return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Eval inside, the old flags outside, an error inside comes through, gradients as they were."""
        inside = dict(seen.also["inside"])
        if not inside:
            missing = " `@contextmanager` above it is missing." if "generator" in seen.error else ""
            return failed(
                f"`with evaluation_mode(model):` could not be entered: {seen.error or 'nothing was yielded'}. "
                f"Expected a context manager.{missing}",
                hint="manager",
            )
        if seen.also["ours"]:
            return failed(
                "This is the course's `evaluation_mode`, which turns gradients off as well: importing it has taken the "
                "place of yours. Run your own cell again.",
                hint="yours",
            )
        grad = inside.pop("grad")
        wanting = inside.pop("wants") and seen.also["wants"]
        still_inside = inside.pop("after the inner one", False)
        if training := [name for name, flag in inside.items() if flag]:
            return failed(
                f"Inside the block {_were(training)} still in training mode. Expected eval mode everywhere.",
                hint="recursion",
            )
        if grad != case.grad or seen.also["grad"] != case.grad:
            was, place = ("on", "off")[:: 1 if case.grad else -1], "Inside" if grad != case.grad else "After"
            return failed(
                f"Gradients were {was[0]} before the block. {place} the block they were {was[1]}. This manager turns one "
                "switch only; grad is the other.",
                hint="grad",
            )
        if not wanting:
            return failed(
                "Parameters lost their `requires_grad`. This manager turns one switch only and leaves gradients alone.",
                hint="grad",
            )
        return self._leaving(seen, case, still_inside)

    def _leaving(self, seen: Observation, case: Case, still_inside: bool) -> Verdict:
        if still_inside:
            return failed("After leaving an inner `with`, the outer one was no longer in eval mode.", hint="restore")
        if case.then == "raise" and not seen.error:
            return failed(
                "The block raised an error, and the manager swallowed it. Expected it to come through.", hint="finally"
            )
        if case.then == "raise" and not seen.error.startswith("ZeroDivisionError: raised inside"):
            return failed(
                f"The block raised a ZeroDivisionError, and another error came out in its place: {seen.error}.",
                hint="finally",
            )
        if case.then != "raise" and seen.error:
            return failed(f"Leaving the block raised {seen.error}.", hint="manager")
        before, after = seen.also["before"], seen.also["after"]
        if other := changed(before, after):
            if case.then == "raise" and not any(after.values()):
                return failed("The block raised, and the model stayed in eval mode for ever.", hint="finally")
            was = "training" if before[other[0]] else "eval"
            block = " The block itself had switched it; that, too, is put back." if case.then == "train" else ""
            return failed(
                f"After the block {_were(other)} in the other mode: `{other[0]}` was in {was} mode when the block "
                f"began. Expected every submodule's own flag.{block}",
                hint="restore",
            )
        return passed("Eval inside, and every submodule's own flag outside.")


def _were(names: list[str]) -> str:
    """The names with their verb: "`a` was", "`a`, `b` were"."""
    return listed(names) + (" was" if len(names) == 1 else " were")

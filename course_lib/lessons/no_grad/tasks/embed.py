"""Compute features that a later training may use."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.no_grad.tasks.shared import asking, body, examples


class Embed(Task):
    """Compute features that a later training may use."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 8, "grad": True, "raises": False},
        "a frozen layer, the model raises": {"modes": "mixed", "examples": 6, "grad": True, "raises": True},
    }
    graded: ClassVar = {
        "one example": {"modes": "mixed", "examples": 1, "grad": True, "raises": False},
        "called where gradients are off": {"modes": "eval", "examples": 9, "grad": False, "raises": False},
    }
    hints: ClassVar = {
        "eval": "`no_grad` and `eval()` are two switches. Which of them stops dropout and makes batch norm use its statistics?",
        "graph": "A tensor with a `grad_fn` holds its whole graph, and the model's activations with it.",
        "inference": "Autograd refuses to keep what `inference_mode` makes. Which mode keeps nothing and allows that?",
        "restore": "Each module has its own flag, and the block may be left by an error: `try`, `finally`.",
        "block": "`requires_grad_(False)` changes the model until somebody changes it back. A mode holds for a block.",
        "switch": "`torch.set_grad_enabled(False)` as a statement stays. `with torch.no_grad():` ends with its block.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the features, look at model and switch, and train a new head on them."""
        model, x = body(case), examples(case)
        if case.raises:
            model[1].register_forward_hook(_raise)
        before, given, after = (flags(model), statistics(model), asking(model)), [], []

        def use() -> Any:
            with torch.set_grad_enabled(case.grad):
                try:
                    given.append(answer(model, x))
                finally:
                    after.append(torch.is_grad_enabled())
            return given[0]

        def trains() -> str:
            try:
                with torch.enable_grad(), torch.inference_mode(False):
                    nn.Linear(given[0].shape[-1], 2)(given[0].float()).sum().backward()
            except RuntimeError as error:
                return str(error)
            return ""

        tensor = lambda: bool(given) and isinstance(given[0], Tensor)  # noqa: E731
        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "asking": lambda: changed(before[2], asking(model)),
            "switch": lambda: after == [case.grad],
            "graph": lambda: tensor() and given[0].requires_grad,
            "behind": lambda: tensor() and given[0].grad_fn is not None,
            "tensor": tensor,
            "trains": lambda: trains() if tensor() else "",
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The features of eval mode, without a graph, fit for training, and nothing left behind."""
        asked = seen.also
        if seen.error and not (case.raises and _RAISED in seen.error):
            return failed(f"`embed(model, x)` raised {seen.error}.", hint="graph")
        if case.raises and not seen.error:
            return failed(
                "The model raised an error, and `embed` kept it for itself. Let it come through.", hint="restore"
            )
        if not case.raises:
            with torch.no_grad():
                expected = body(case).eval()(examples(case))
            if not asked["tensor"]:
                return failed(f"Expected features as a tensor; got {seen.type}.", hint="graph")
            if not isinstance(seen.value, Tensor) or seen.value.shape != expected.shape:
                got = tuple(seen.value.shape) if isinstance(seen.value, Tensor) else seen.type
                return failed(f"Expected features of shape {tuple(expected.shape)}; got {got}.", hint="eval")
            if asked["statistics"]:
                return failed("The running statistics moved: the model was in training mode, and learned.", hint="eval")
            if not near(seen.value, expected, atol=1e-5):
                return failed("The features are not those of eval mode.", hint="eval")
            if asked["behind"]:
                return failed("The features are right and bring their graph along.", hint="graph")
            if asked["graph"]:
                return failed("The features are right and ask for a gradient.", hint="graph")
            if asked["trains"]:
                return failed(
                    "A head can't be trained on these features: they are inference tensors.", hint="inference"
                )
        if asked["flags"]:
            when = ", after an error" if case.raises else ""
            return failed(
                f"The layers {', '.join(map(repr, asked['flags']))} came back in another mode{when}.", hint="restore"
            )
        if asked["asking"]:
            return failed(
                f"The parameter {asked['asking'][0]!r} came back with another `requires_grad`: the owner of the body "
                "goes on training it.",
                hint="block",
            )
        if not asked["switch"]:
            return failed(
                f"Gradients were {'on' if case.grad else 'off'} before, and are not afterwards.", hint="switch"
            )
        return passed("Features fit for training, and nothing left behind.")


_RAISED = "the batch is broken"


def _raise(*_: Any) -> None:
    raise ValueError(_RAISED)

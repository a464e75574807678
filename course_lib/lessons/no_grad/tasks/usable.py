"""Your turn: a tensor that training may use."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Usable(Task):
    """A tensor that training may use, with the values of the one given."""

    visible: ClassVar = {
        "made under inference_mode": {"mode": torch.inference_mode},
        "made under no_grad": {"mode": torch.no_grad},
        "an ordinary one": {"mode": torch.enable_grad},
    }
    hints: ClassVar = {
        "clone": "`clone()`, called outside `inference_mode`, makes an ordinary tensor.",
        "detach": "`detach()` shares the memory, and an inference tensor stays one.",
        "same": "`tensor.is_inference()` says whether there is anything to do.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over a tensor of this kind, and train a layer on what comes back."""
        with case.mode():
            given = torch.arange(6.0).view(2, 3) * 2
        got: list[Any] = []

        def use() -> Any:
            got.append(answer(given))
            return got[0]

        def trains() -> bool:
            try:
                nn.Linear(3, 2)(got[0]).sum().backward()
            except (RuntimeError, TypeError):
                return False
            return True

        return observe(
            use, also={"trains": lambda: bool(got) and trains(), "itself": lambda: bool(got) and got[0] is given}
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The same values, trainable, and a copy only where one is needed."""
        if seen.error:
            return failed(f"`usable(tensor)` raised {seen.error}.", hint="clone")
        expected = torch.arange(6.0).view(2, 3) * 2
        if (
            not isinstance(seen.value, Tensor)
            or seen.value.shape != expected.shape
            or not torch.equal(seen.value, expected)
        ):
            return failed(f"Expected a tensor with the same values; got {seen.type} with others.", hint="clone")
        if not seen.also["trains"]:
            return failed("No layer can be trained on it: it is still an inference tensor.", hint="detach")
        if case.mode is not torch.inference_mode and not seen.also["itself"]:
            return failed("Training may use this tensor as it is; a copy came back.", hint="same")
        return passed("Fit for training.")

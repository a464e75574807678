"""Your turn: a tensor that training may use."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Usable(Task):
    """A tensor that training may use, with the values of the one given."""

    visible: ClassVar = {
        "made under inference_mode": {"mode": torch.inference_mode, "double": False},
        "float64, made under inference_mode": {"mode": torch.inference_mode, "double": True},
        "made under no_grad": {"mode": torch.no_grad, "double": False},
        "an ordinary one with a graph": {"mode": torch.enable_grad, "double": False},
    }
    hints: ClassVar = {
        "clone": "`clone()`, called outside `inference_mode`, makes an ordinary tensor.",
        "detach": "`detach()` shares the memory, and an inference tensor stays one.",
        "same": "`tensor.is_inference()` says whether there is anything to do.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over a tensor of this kind, and train a layer on what comes back."""
        with case.mode():
            given = self._values(case).requires_grad_(case.mode is torch.enable_grad) * 2
        got: list[Any] = []

        def use() -> Any:
            got.append(answer(given))
            return got[0]

        def trains() -> bool:
            try:
                nn.Linear(3, 2).to(got[0].dtype)(got[0]).sum().backward()
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
        expected = self._values(case) * 2
        if isinstance(seen.value, Tensor) and seen.value.dtype != expected.dtype:
            return failed(f"Expected the dtype {expected.dtype}; got {seen.value.dtype}.", hint="clone")
        if (
            not isinstance(seen.value, Tensor)
            or seen.value.shape != expected.shape
            or not torch.equal(seen.value, expected)
        ):
            return failed(f"Expected a tensor with the same values; got {seen.type} with others.", hint="clone")
        if not seen.also["trains"]:
            return failed("No layer can be trained on it: it is still an inference tensor.", hint="detach")
        if case.mode is not torch.inference_mode and not seen.also["itself"]:
            return failed("Training may use this tensor as it is; another came back.", hint="same")
        return passed("Fit for training.")

    @staticmethod
    def _values(case: Case) -> Tensor:
        """Thirds, which no smaller dtype holds."""
        return torch.arange(6, dtype=torch.float64 if case.double else torch.float32).view(2, 3) / 3

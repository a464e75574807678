"""Your turn: make any tensors fit for safetensors."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import first_difference
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Separate(Task):
    """Make tensors contiguous, each with a memory of its own."""

    visible: ClassVar = {
        "tied and plain": {"kind": "tied", "dtype": torch.float32},
        "transposed": {"kind": "transposed", "dtype": torch.float64},
        "two slices of one": {"kind": "slices", "dtype": torch.int64},
        "one number, and none": {"kind": "small", "dtype": torch.int64},
    }
    hints: ClassVar = {
        "order": "`tensor.contiguous()` puts the numbers in order; where they are in order already it returns the tensor.",
        "own": "`tensor.clone()` has a memory of its own, and keeps the order in which a transposed tensor lies.",
        "new": "Build a new dictionary: `{name: ... for name, tensor in state.items()}`.",
    }

    def state(self, case: Case) -> dict[str, Tensor]:
        """Tensors of the sort that safetensors refuses."""
        values = (torch.randn(4, 3, generator=case.generator()) * 9).to(case.dtype)
        if case.kind == "tied":
            return {"embed": values, "bias": values[0].clone(), "head": values}
        if case.kind == "transposed":
            return {"weight": values.t(), "bias": values[:, 0].clone()}
        if case.kind == "small":
            return {"count": values[0, 0], "none": values[:0]}
        return {"top": values[:2], "bottom": values[2:], "column": values[:, 1]}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand out a state; look at it and at what came back."""
        state = self.state(case)
        places = {name: tensor.data_ptr() for name, tensor in state.items()}
        got: dict[str, Any] = {}

        def use() -> Any:
            got["it"] = answer(state)
            return got["it"]

        def tensors() -> list[Tensor]:
            found = got.get("it")
            return [v for v in found.values() if isinstance(v, Tensor)] if isinstance(found, dict) else []

        return observe(
            use,
            also={
                "given": lambda: dict(state),
                "moved": lambda: places != {name: tensor.data_ptr() for name, tensor in state.items()},
                "same": lambda: got.get("it") is state,
                "contiguous": lambda: all(tensor.is_contiguous() for tensor in tensors()),
                "among": lambda: len({t.untyped_storage().data_ptr() for t in tensors()}) == len(tensors()),
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The same values, in order and apart; the given ones untouched."""
        expected = self.state(case)
        if seen.error:
            return failed(f"`separate(state)` raised {seen.error.splitlines()[0]}.", hint="new")
        if seen.also["same"]:
            return failed("The dictionary that you were given came back. Expected a new one.", hint="new")
        if seen.also["moved"] or first_difference(expected, seen.also["given"]):
            return failed("The dictionary that you were given was changed. Expected a new one.", hint="new")
        if difference := first_difference(expected, seen.value):
            return failed(f"The tensors differ from those given: {difference}.", hint="new")
        if not seen.also["contiguous"]:
            return failed(
                "A tensor is not contiguous: its numbers don't lie in the order they are read in.", hint="order"
            )
        if not seen.also["among"]:
            return failed("Two of your tensors share memory, and safetensors would refuse them.", hint="own")
        return passed("safetensors takes these.")

"""Your turn: how many bytes does a tensor drag along?"""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class DraggedBytes(Task):
    """Count the bytes in a tensor's storage that are none of its own numbers."""

    visible: ClassVar = {
        "a few rows": {"dtype": "float32", "part": "rows"},
        "a column of float64": {"dtype": "float64", "part": "column"},
        "a whole one, turned": {"dtype": "int16", "part": "turned"},
        "every second, loaded from a file": {"dtype": "float16", "part": "second"},
    }
    hints: ClassVar = {
        "storage": "`tensor.untyped_storage().nbytes()` is what a file holds; `tensor.nbytes` is what its own numbers take.",
        "dtype": "A number takes `tensor.element_size()` bytes: 2, 4 or 8, as the dtype says.",
        "base": "A slice that was loaded from a file has no `_base`. Its storage can always be asked.",
    }

    def tensor(self, case: Case) -> Tensor:
        """The tensor to ask about."""
        high = 20 + case.seed % 5
        whole = torch.zeros(high, 12, dtype=getattr(torch, case.dtype))
        if case.part == "second":  # as torch.load makes it: a shape over a storage
            return torch.zeros(0, dtype=whole.dtype).set_(whole.untyped_storage(), 0, (high * 6,), (2,))
        return {"rows": whole[:5], "column": whole[:, 3], "turned": whole.t()}[case.part]

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the bytes."""
        return observe(answer, self.tensor(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The storage's bytes less the tensor's own."""
        tensor = self.tensor(case)
        whole = tensor.untyped_storage().nbytes()
        if seen.error:
            return failed(
                f"`dragged_bytes(tensor)` raised {seen.error}.", hint="base" if case.part == "second" else "storage"
            )
        got = number(seen.value)
        if got == whole - tensor.nbytes and isinstance(seen.value, float):
            return failed(f"{seen.value!r} is right, and no int. Bytes are counted: whole numbers.", hint="storage")
        if got == whole - tensor.nbytes:
            return passed("That is what nobody asked to send.")
        shown = f"{got:,.0f}" if got is not None else seen.type
        said = f"{tensor.numel()} numbers of {tensor.dtype} in a storage of {whole:,} bytes; you said {shown}"
        if got == whole:
            return failed(f"{said}. That is all of it, the tensor's own numbers included.", hint="storage")
        if got == tensor.nbytes:
            return failed(f"{said}. Those are its own numbers.", hint="storage")
        if got == (whole - tensor.nbytes) / tensor.element_size():
            return failed(f"{said}. That is a count of numbers, not of bytes.", hint="dtype")
        if got == 0:
            return failed(f"{said}. It does drag something along.", hint="base")
        return failed(f"{said}.", hint="dtype")

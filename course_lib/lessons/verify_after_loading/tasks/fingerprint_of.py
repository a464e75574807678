"""Your turn: one text that stands for a state_dict."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import told

State = dict[str, Tensor]


def _bit(tensor: Tensor) -> Tensor:
    other = tensor.clone()
    other.view(torch.int32).reshape(-1)[-1] ^= 1
    return other


CHANGES: dict[str, Callable[[State], State]] = {
    "order": lambda s: dict(reversed(s.items())),
    "copies": lambda s: {name: tensor.clone() for name, tensor in s.items()},
    "name": lambda s: {("weights" if name == "weight" else name): tensor for name, tensor in s.items()},
    "exchanged": lambda s: {**s, "mean": s["var"], "var": s["mean"]},
    "bit": lambda s: {**s, "weight": _bit(s["weight"])},
    "last tensor": lambda s: {**s, "var": s["var"] + 1},
    "sign of zero": lambda s: {**s, "zero": -s["zero"]},
    "large count": lambda s: {**s, "steps": s["steps"] + 1},
    "dtype": lambda s: {**s, "zero": torch.zeros(2, dtype=torch.int32)},
    "float64": lambda s: {**s, "var": s["var"].double()},
    "shape": lambda s: {**s, "weight": s["weight"].reshape(3, 2)},
    "bfloat16": lambda s: {**s, "weight": s["weight"].bfloat16()},
}
SAME = ("order", "copies")


class FingerprintOf(Task):
    """The same for the same content, another for every change."""

    visible: ClassVar = {
        "the same content": {"changes": ["order", "copies"]},
        "names": {"changes": ["name", "exchanged"]},
        "values": {"changes": ["bit", "last tensor", "sign of zero", "large count"]},
        "dtypes and shapes": {"changes": ["dtype", "float64", "shape", "bfloat16"]},
    }
    hints: ClassVar = {
        "sort": "Two dictionaries with the same content may have another order: go through `sorted(state)`.",
        "names": "Let the name go in before the bytes: `digest.update(name.encode())`.",
        "bytes": "`tensor.contiguous().reshape(-1).view(torch.uint8).numpy()` are the bytes; `str(tensor)` shows four digits.",
        "kinds": "Bytes know neither dtype nor shape: `digest.update(f'{tensor.dtype} {tuple(tensor.shape)}'.encode())`.",
        "text": "`digest.hexdigest()` is the text.",
    }

    def state(self, case: Case) -> State:
        """A small state, with a zero of two numbers."""
        g = case.generator()
        weight, mean, var = torch.randn(2, 3, generator=g), torch.randn(4, generator=g), torch.rand(4, generator=g) + 1
        return {
            "weight": weight,
            "mean": mean,
            "zero": torch.zeros(2),
            "var": var,
            "steps": torch.tensor(2**40 + case.seed % 99),
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """The text of the state, then of each changed one."""
        texts: dict[str, Any] = {}

        def use() -> str:
            state = self.state(case)
            base = answer(state)
            for change in case.changes:
                texts[change] = answer(CHANGES[change](state))
            return base

        return observe(use, also={"texts": lambda: texts})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Equal where the content is, different elsewhere."""
        texts = seen.also["texts"]
        if seen.error:
            at = next((change for change in case.changes if change not in texts), "") if texts else ""
            kind = " for a state with a bfloat16 tensor" if at == "bfloat16" else ""
            return failed(f"`fingerprint_of` raised {first_line(seen.error)}{kind}.", hint="bytes")
        if not isinstance(seen.value, str):
            return failed(f"Expected a text; got {told(seen.value)}.", hint="text")
        said = {
            "order": ("The same content in another order gave another text.", "sort"),
            "copies": ("A copy of the same content gave another text.", "bytes"),
            "name": ("A renamed entry gave the same text.", "names"),
            "exchanged": ("Two names exchanged gave the same text.", "names"),
            "bit": ("One bit turned gave the same text.", "bytes"),
            "last tensor": ("Another value in the last tensor gave the same text.", "bytes"),
            "sign of zero": ("Zero and minus zero, one bit apart, gave the same text.", "bytes"),
            "large count": ("An int64 of 13 digits, and one more than it, gave the same text.", "bytes"),
            "dtype": ("Two float32 zeros and two int32 zeros gave the same text: the dtype must go in.", "kinds"),
            "float64": (
                "The same numbers in float32 and in float64 gave the same text: the dtype must go in.",
                "kinds",
            ),
            "shape": ("Shape (2, 3) and shape (3, 2) gave the same text.", "kinds"),
            "bfloat16": ("Weights rounded to bfloat16 gave the same text.", "kinds"),
        }
        for change in case.changes:
            if (texts.get(change) == seen.value) != (change in SAME):
                return failed(said[change][0], hint=said[change][1])
        return passed("One line for the whole state.")

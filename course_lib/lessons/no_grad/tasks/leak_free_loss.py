"""Mend an evaluation that runs out of memory."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.no_grad.tasks.shared import body, examples


class LeakFreeLoss(Task):
    """Mend an evaluation that runs out of memory."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 20, "batch_size": 8},
        "a frozen layer": {"modes": "mixed", "examples": 12, "batch_size": 6},
    }
    graded: ClassVar = {
        "one batch": {"modes": "train", "examples": 9, "batch_size": 9},
        "already in eval": {"modes": "eval", "examples": 23, "batch_size": 5},
    }
    hints: ClassVar = {
        "number": "`loss.item()` is a Python number; `loss` is a tensor with all that hangs behind it.",
        "history": "A list of tensors keeps what a sum of tensors keeps: put numbers into it.",
        "graph": "`no_grad` must be open while the model runs. Afterwards it is too late: the graph is there.",
        "eval": "Which switch stops dropout and makes batch norm use its statistics?",
        "restore": "In which modes did the layers come, and in which do they leave?",
    }

    def batches(self, case: Case) -> list[tuple[Tensor, Tensor]]:
        """The examples in batches, with classes 0 to 2."""
        x, y = examples(case), torch.randint(0, 3, (case.examples,), generator=case.generator())
        return list(zip(x.split(case.batch_size), y.split(case.batch_size), strict=True))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for mean and history, counting what autograd keeps meanwhile."""
        model, kept = body(case), []
        before = flags(model), statistics(model)

        def use() -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(1) or t, lambda t: t):
                mean, history = answer(model, self.batches(case))
            return [mean, list(history), type(mean).__name__, sorted({type(loss).__name__ for loss in history})]

        look = {
            "kept": lambda: len(kept),
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Numbers of eval mode, as floats, without a graph, and the model as it came."""
        if seen.error:
            return failed(f"`leak_free_loss(model, batches)` raised {seen.error}.", hint="number")
        mean, history, kind, kinds = seen.value
        model = body(case).eval()
        with torch.no_grad():
            losses = [F.cross_entropy(model(x), y).item() for x, y in self.batches(case)]
        sizes = [len(y) for _, y in self.batches(case)]
        expected = sum(loss * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)
        if seen.also["statistics"]:
            return failed(
                "The running statistics moved: the model was in training mode, and learned from the test.", hint="eval"
            )
        if not near(mean, expected):
            if near(mean, sum(losses) / len(losses)):
                return failed(
                    "That is the mean of the batches' means; a small last batch then counts like a full one.",
                    hint="number",
                )
            return failed(f"Expected a mean loss of {expected:.4f}, as in eval mode; got {_shown(mean)}.", hint="eval")
        if len(history) != len(losses) or not all(near(a, b) for a, b in zip(history, losses, strict=True)):
            return failed(
                f"Expected the loss of each of {len(losses)} batches in `history`; got {len(history)} others.",
                hint="history",
            )
        if kinds != ["float"]:
            return failed(f"`history` holds {' and '.join(kinds)}. Expected floats.", hint="history")
        if kind != "float":
            return failed(f"The mean is a {kind}. Expected a float.", hint="number")
        if seen.also["kept"]:
            return failed(
                f"The numbers are right, but autograd kept {seen.also['kept']} tensors on the way.", hint="graph"
            )
        if seen.also["flags"]:
            layers = ", ".join(map(repr, seen.also["flags"]))
            return failed(f"The numbers are right, but the layers {layers} came back in another mode.", hint="restore")
        return passed("The right numbers, in constant memory, and the model as it came.")


def _shown(value: Any) -> str:
    number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
    return f"{number:.4f}" if isinstance(number, float) else str(number)[:60]

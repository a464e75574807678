"""Mend an evaluation that runs out of memory."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.no_grad.tasks.shared import asking, body, examples


class LeakFreeLoss(Task):
    """Mend an evaluation that runs out of memory."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 20, "batch_size": 8},
        "a frozen layer": {"modes": "mixed", "examples": 12, "batch_size": 6},
    }
    graded: ClassVar = {
        "one batch": {"modes": "mixed", "examples": 9, "batch_size": 9},
        "already in eval": {"modes": "eval", "examples": 23, "batch_size": 5},
    }
    hints: ClassVar = {
        "number": "`loss.item()` is a Python number; `loss` is a tensor with all that hangs behind it.",
        "history": "A list of tensors keeps what a sum of tensors keeps: put numbers into it.",
        "graph": "`no_grad` must be open while the model runs. Afterwards it is too late: the graph is there.",
        "once": "`batches` may be a generator: a second loop over it gets nothing.",
        "eval": "Which switch stops dropout and makes batch norm use its statistics?",
        "restore": "In which modes did the layers come, and in which do they leave? The same for each `requires_grad`.",
    }

    def batches(self, case: Case) -> list[tuple[Tensor, Tensor]]:
        """The examples in batches, with classes 0 to 2."""
        x, y = examples(case), torch.randint(0, 3, (case.examples,), generator=case.generator())
        return list(zip(x.split(case.batch_size), y.split(case.batch_size), strict=True))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for mean and history, counting what autograd keeps meanwhile."""
        model, kept = body(case), []
        before = flags(model), statistics(model), asking(model)

        def use() -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(1) or t.detach(), lambda t: t):
                pair = answer(model, iter(self.batches(case)))
            if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[1], tuple | list)):
                return type(pair).__name__
            mean, history = pair
            return [mean, list(history), type(mean).__name__, sorted({type(loss).__name__ for loss in history})]

        look = {
            "kept": lambda: len(kept),
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "asking": lambda: changed(before[2], asking(model)),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Numbers of eval mode, as floats, without a graph, and the model as it came."""
        if seen.error:
            return failed(f"`leak_free_loss(model, batches)` raised {seen.error}.", hint="once")
        if isinstance(seen.value, str):
            return failed("Expected a pair: the mean, then the list of the batches' losses.", hint="history")
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
        if len(history) != len(losses):
            return failed(
                f"Expected {len(losses)} losses in `history`, one a batch; got {len(history)}.", hint="history"
            )
        if _close(history, [loss * size for loss, size in zip(losses, sizes, strict=True)]):
            return failed("`history` holds the sum over each batch. Expected its mean.", hint="history")
        if len(history) > 1 and _close(history, losses[::-1]):
            return failed("`history` has the right losses in another order.", hint="history")
        if not _close(history, losses):
            return failed("`history` holds other numbers. Expected the mean loss of each batch.", hint="history")
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
        if seen.also["asking"]:
            return failed(
                f"The numbers are right, but the parameter {seen.also['asking'][0]!r} came back with another "
                "`requires_grad`.",
                hint="restore",
            )
        return passed("The right numbers, in constant memory, and the model as it came.")


def _close(history: list[Any], others: list[float]) -> bool:
    return all(near(a, b) for a, b in zip(history, others, strict=True))


def _shown(value: Any) -> str:
    number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
    return f"{number:.4f}" if isinstance(number, float) else str(number)[:60]

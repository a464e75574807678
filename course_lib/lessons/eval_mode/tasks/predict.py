"""Mend a predict() that raises nothing and is wrong."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import mixed_model


class Predict(Task):
    """Mend a predict() that raises nothing and is wrong."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 40, "batch_size": 16},
        "already in eval": {"modes": "eval", "examples": 40, "batch_size": 40},
    }
    graded: ClassVar = {
        "one at a time": {"modes": "train", "examples": 9, "batch_size": 1},
        "mixed modes": {"modes": "mixed", "examples": 35, "batch_size": 8},
    }
    hints: ClassVar = {
        "eval": "`no_grad` and `eval()` are two switches. Which of them stops dropout and makes batch norm use its statistics?",
        "axis": "Logits are (N, C). Over which axis do the classes of one image lie?",
        "restore": "Other code trains this model. In which modes did it come, and in which does it leave?",
        "graph": "Labels need no gradients: with grad on, every batch builds a graph for nothing.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Predict, counting what autograd saves, and look at flags and statistics."""
        model = mixed_model(case)
        x = torch.randn(case.examples, 4, generator=case.generator())
        before, saved = (flags(model), statistics(model)), []

        def use() -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(1), t)[1], lambda t: t):
                return answer(model, x, batch_size=case.batch_size)

        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "saved": lambda: len(saved),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The labels of eval mode, one an image; flags and statistics as before; no graph."""
        if seen.error:
            return failed(f"`predict` raised {seen.error}.", hint="eval")
        model = mixed_model(case).eval()
        x = torch.randn(case.examples, 4, generator=case.generator())
        with torch.no_grad():
            expected = model(x).argmax(1)
        if not isinstance(seen.value, torch.Tensor) or seen.value.shape != expected.shape:
            got = tuple(seen.value.shape) if isinstance(seen.value, torch.Tensor) else seen.type
            return failed(f"Expected labels of shape {tuple(expected.shape)}, one an image; got {got}.", hint="axis")
        if seen.also["statistics"]:
            return failed(
                "Predicting changed the running statistics: the model was in training mode, and learned from the images.",
                hint="eval",
            )
        wrong = int((seen.value != expected).sum())
        if wrong:
            return failed(
                f"{wrong} of {case.examples} labels differ from those of the model in eval mode.", hint="axis"
            )
        if seen.also["flags"]:
            return failed(
                f"The labels are right, but {', '.join(seen.also['flags'])} came back in another mode.", hint="restore"
            )
        if seen.also["saved"]:
            return failed(
                f"The labels are right, but autograd kept {seen.also['saved']} tensors for them.", hint="graph"
            )
        return passed("Right labels, no graph, and the model as it came.")

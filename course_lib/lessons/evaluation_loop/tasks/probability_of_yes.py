"""Your turn: the probability of a yes, from one logit or from two."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class ProbabilityOfYes(Task):
    """The probability of a yes (N,), from logits (N, 2) or (N, 1)."""

    visible: ClassVar = {
        "two logits": {"examples": 6, "columns": 2},
        "one logit": {"examples": 4, "columns": 1},
        "one logit, a single example": {"examples": 1, "columns": 1},
    }
    hints: ClassVar = {
        "two": "`logits.softmax(1)` gives two probabilities an example; yes is the second, `[:, 1]`.",
        "one": "A column of one logit needs `sigmoid`. `logits.shape[1]` says which head it is.",
        "shape": "`squeeze(1)` takes a column of one away and nothing else.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the probabilities."""
        return observe(answer, self.logits(case))

    def logits(self, case: Case) -> Tensor:
        """(N, 2) or (N, 1), from -3 to 3."""
        return torch.randn(case.examples, case.columns, generator=case.generator()).clamp(-3, 3) + 0.3

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Softmax's second column, or the sigmoid, of shape (N,)."""
        kind = "two" if case.columns == 2 else "one"
        if seen.error:
            return failed(f"`probability_of_yes` raised {(seen.error.splitlines() or [''])[0]}.", hint=kind)
        got, logits = seen.value, self.logits(case)
        if not isinstance(got, Tensor):
            return failed(f"Expected a tensor of probabilities; got {seen.type}.", hint=kind)
        yes = logits.softmax(1)[:, 1] if case.columns == 2 else logits.squeeze(1).sigmoid()
        if near(got, yes):
            return passed("One probability an example, for both heads.")
        if got.shape != yes.shape:
            return failed(f"Expected the shape ({case.examples},); got {tuple(got.shape)}.", hint="shape")
        if case.columns == 2 and near(got, 1 - yes):
            return failed("These are the probabilities of a no: yes is the second column.", hint="two")
        if case.columns == 2 and near(got, logits[:, 1].sigmoid()):
            return failed(
                "The sigmoid of the second logit leaves out the first. Two logits need a softmax.", hint="two"
            )
        if case.columns == 2 and near(got, logits.softmax(0)[:, 1]):
            return failed("The softmax went over the examples; it belongs over the two logits of each.", hint="two")
        if near(got, torch.ones_like(yes)):
            return failed("The softmax of a single logit is always 1: it has nobody to share with.", hint="one")
        if near(got, logits[:, -1]) or near(got, (logits[:, -1] > 0).double()):
            what = "logits" if near(got, logits[:, -1]) else "labels"
            return failed(f"These are {what}, not probabilities.", hint=kind)
        worst = int((got.double() - yes).abs().nan_to_num(torch.inf).argmax())
        return failed(
            f"Expected {yes[worst]:.3f} for logits {[round(z, 2) for z in logits[worst].tolist()]}; got {float(got[worst]):.3f}.",
            hint=kind,
        )

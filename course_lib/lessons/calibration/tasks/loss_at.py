"""Your turn: the log-loss at a temperature."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import number, same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import logits_of


class LossAt(Task):
    """The mean log-loss of softmax(logits / t)."""

    visible: ClassVar = {
        "three classes, t = 2": {"examples": 40, "classes": 3, "t": 2.0},
        "seven classes, t = 0.5": {"examples": 25, "classes": 7, "t": 0.5},
        "five classes, very sure, t = 0.02": {"examples": 30, "classes": 5, "t": 0.02},
        "two classes, t = 1": {"examples": 60, "classes": 2, "t": 1.0},
    }
    hints: ClassVar = {
        "divide": "Divide the logits, then take the cross-entropy: `F.cross_entropy(logits / t, targets)`.",
        "logits": "`F.cross_entropy` takes logits and does the softmax itself.",
        "log": "Where softmax gives 0 its logarithm is infinite: `log_softmax`, or `F.cross_entropy`, computes both in one.",
        "copy": "`logits / t` is a new tensor; `logits /= t` and `logits.div_(t)` change the caller's.",
        "mean": "One number: the mean over the examples.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Logits (N, C) and targets (N,)."""
        return logits_of(case.generator(), examples=case.examples, classes=case.classes, scale=1.5)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the loss, and look at the logits afterwards."""
        logits, targets = self.data(case)
        return observe(lambda: answer(logits, targets, case.t), also={"logits": lambda: logits})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The cross-entropy of the divided logits."""
        if seen.error:
            return failed(f"`loss_at(logits, targets, t)` raised {first_line(seen.error)}.", hint="divide")
        logits, targets = self.data(case)
        if not same(seen.also["logits"], logits):
            return failed("The caller's logits were changed; divide a copy.", hint="copy")
        value = number(seen.value)
        if value is None:
            return failed(f"Expected one number, the mean; got {seen.type}.", hint="mean")
        wanted = F.cross_entropy(logits / case.t, targets).item()
        sure = (logits.double() / case.t).softmax(1).gather(1, targets[:, None])
        cut = [-sure.clamp(min=torch.finfo(dtype).eps).log().mean().item() for dtype in (torch.float32, torch.float64)]
        if any(near(value, right) for right in (wanted, *cut)):  # scikit-learn cuts probabilities at eps
            return passed(f"The log-loss at t = {case.t:g} is {wanted:.3f}.")
        said = f"Expected {wanted:.3f}, got {value:.3f}"
        if value == float("inf"):
            return failed(f"{said}: softmax gave 0 somewhere, and its logarithm is infinite.", hint="log")
        probs = (logits / case.t).softmax(1)
        for other, what, hint in (
            (F.cross_entropy(logits * case.t, targets), "the logits were multiplied by t", "divide"),
            (F.cross_entropy(probs, targets), "cross_entropy got probabilities, and softmaxed them again", "logits"),
            (
                F.cross_entropy(logits.softmax(1) / case.t, targets),
                "the probabilities were divided, not the logits",
                "divide",
            ),
            (
                torch.log(case.t / logits.softmax(1).gather(1, targets[:, None])).mean(),
                "the probabilities were divided, not the logits",
                "divide",
            ),
            (torch.tensor(-wanted), "the sign is the wrong way round", "divide"),
            (
                F.nll_loss((logits / case.t).log_softmax(0), targets),
                "softmax ran over the examples, not over the classes",
                "logits",
            ),
            (F.cross_entropy(logits / case.t, targets, reduction="sum"), "that is the sum, not the mean", "mean"),
            (-probs.gather(1, targets[:, None]).mean(), "the logarithm is missing", "divide"),
            (F.cross_entropy(logits, targets) / case.t, "the loss was divided, not the logits", "divide"),
            (F.cross_entropy(logits, targets), "the temperature was not used", "divide"),
        ):
            if near(value, other.item()):
                return failed(f"{said}: {what}.", hint=hint)
        return failed(f"{said}.", hint="divide")

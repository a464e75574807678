"""Labels from the logits of any head."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, refusal
from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.evaluation_loop.tasks.shared import raised


class PredictLabels(Task):
    """Labels from the logits of any head."""

    visible: ClassVar = {
        "several classes": {"shape": (12, 4), "kind": "usual"},
        "two classes": {"shape": (11, 2), "kind": "usual"},
        "a column of one logit": {"shape": (9, 1), "kind": "usual"},
        "one logit, no column": {"shape": (8,), "kind": "usual"},
        "a single example": {"shape": (1, 1), "kind": "usual"},
        "tiny logits": {"shape": (10, 1), "kind": "tiny"},
        "close logits": {"shape": (7, 3), "kind": "tiny"},
        "close logits, float64": {"shape": (6, 3), "kind": "double"},
        "equal logits": {"shape": (4, 3), "kind": "equal"},
        "a NaN": {"shape": (6, 3), "kind": "nan"},
        "a NaN in a column": {"shape": (5, 1), "kind": "nan"},
        "a masked class": {"shape": (6, 4), "kind": "masked"},
    }
    graded: ClassVar = {
        "a single example of five classes": {"shape": (1, 5), "kind": "usual"},
        "a NaN, no column": {"shape": (7,), "kind": "nan"},
        "exactly 0": {"shape": (6,), "kind": "zeros"},
    }
    hints: ClassVar = {
        "classes": "The classes of one example lie along axis 1: `argmax(1)`.",
        "one": "One logit has nothing to be larger than. Ask whether it is above 0.",
        "shape": "`squeeze()` takes every axis of length 1, the batch's too. `squeeze(1)` or `flatten()` say which.",
        "dtype": "A comparison gives bools; `.long()` makes them int64.",
        "round": "In float32 the sigmoid of 1e-8 is exactly 0.5, and two softmaxes can be equal where the logits aren't.",
        "nan": "`logits.isnan().any()`. `isfinite` would refuse a mask of -inf too.",
        "given": "A method that ends in an underscore, or an assignment to a part, writes into the caller's tensor.",
    }

    def logits(self, case: Case) -> Tensor:
        """Logits of the shape that the case asks for; every class and both labels come up where there is room."""
        generator = case.generator()
        logits = torch.randn(case.shape, generator=generator)
        one = logits.ndim == 1 or case.shape[1] == 1
        if case.kind == "tiny":
            return (
                torch.randn(case.shape, generator=generator).abs().add(0.5)
                * 1e-9
                * (1 if one else torch.arange(1.0, 4.0))
            )
        if case.kind == "double":
            rows = torch.arange(case.shape[0])
            logits = logits.double().sign().mul(1e-12).add(1 + logits[:, :1].double())
            logits[rows, (rows + 1) % case.shape[1]] += 1e-11
            return logits
        if case.kind == "equal":
            return torch.tensor([[1.0, 1.0, 0.0], [-3.0, 2.0, 2.0], [0.5, 0.5, 0.5], [4.0, -1.0, 4.0]])
        if case.kind == "zeros":
            return torch.tensor([0.0, 1.0, -0.0, -2.0, 0.0, 3.0])
        if case.kind == "nan":
            logits.view(-1)[int(torch.randint(logits.numel(), (1,), generator=generator))] = torch.nan
        elif case.kind == "masked":
            logits[:, 1] = -torch.inf
            logits[2, 0] = torch.inf
        elif one:  # some yes, some no, one between 0 and one half, one of exactly 0
            values = torch.tensor([0.3, -0.4, 2.0, 0.0, -3.0])
            logits = values.repeat(5)[: case.shape[0]].view(case.shape)
        else:
            logits = logits - 9  # all below 0
            logits[torch.arange(len(logits)), torch.arange(1, len(logits) + 1) % case.shape[1]] += 3.5
        return logits

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the labels, and look at the logits afterwards."""
        logits = self.logits(case)
        before = logits.clone()
        also = {"unchanged": lambda: torch.equal(logits.nan_to_num(7.0), before.nan_to_num(7.0))}
        return observe(asked, answer, logits, also=also)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The largest logit, or the sign of the only one."""
        logits, n = self.logits(case), case.shape[0]
        one = logits.ndim == 1 or case.shape[1] == 1
        if case.kind == "nan":
            return refusal(seen, "predict_labels", "One logit is NaN.", hint="nan") or passed("It refuses NaN.")
        if said := raised(seen):
            if case.kind == "masked":
                return failed(f"A class masked with -inf was refused: `predict_labels` raised {said}.", hint="nan")
            return failed(
                f"`predict_labels` raised {said} for logits of shape {case.shape}.", hint="shape" if one else "classes"
            )
        got = seen.value["value"]
        wanted = (logits.flatten() > 0).long() if one else logits.argmax(1)
        if not isinstance(got, Tensor):
            return failed("Expected an int64 tensor of labels; what came back is no tensor.", hint="dtype")
        if got.shape != wanted.shape:
            return failed(
                f"Logits of shape {case.shape} need labels of shape ({n},); got {tuple(got.shape)}.",
                hint="shape" if one or n == 1 else "classes",
            )
        if not bool((got.double() == wanted).all()):
            return self.wrong_labels(got, wanted, logits, case)
        if got.dtype != torch.int64:
            return failed(f"The labels are right, and they are {got.dtype}; expected torch.int64.", hint="dtype")
        if not same(seen.also["unchanged"], True):
            return failed("The labels are right, and the tensor of logits was changed.", hint="given")
        return passed("Right for every head, and decided by the logits.")

    def wrong_labels(self, got: Tensor, wanted: Tensor, logits: Tensor, case: Case) -> Verdict:
        """What is wrong with labels of the right shape."""
        count, n, got = int((got.double() != wanted).sum()), len(wanted), got.double()
        one = logits.ndim == 1 or logits.shape[1] == 1
        if case.kind == "tiny":
            return failed(
                f"{count} of {n} labels are wrong, where logits are tiny or close: a rounded probability decided.",
                hint="round",
            )
        if case.kind == "double":
            return failed(
                f"{count} of {n} labels are wrong: float64 logits were rounded before they were compared.", hint="round"
            )
        if one:
            values = logits.flatten()
            if bool((got == 0).all()):
                return failed("All labels are 0: argmax over a single logit has one place to choose.", hint="one")
            if bool((got == (values >= 0)).all()):
                return failed("A logit of exactly 0 was called 1; it has to be above 0.", hint="one")
            if bool((got == (values > 0.5)).all()):
                return failed("The logit was compared with 0.5, which is the bound for a probability.", hint="one")
            return failed(f"{count} of {n} labels are wrong: 1 where the logit is above 0.", hint="one")
        if case.kind == "equal":
            return failed("Of equal logits the first wins; another was taken.", hint="classes")
        if case.kind == "masked" and bool((got == 1).any()):
            return failed("A class masked with -inf was chosen.", hint="nan")
        if bool((got == logits.argmin(1)).all()):
            return failed("These are the places of the smallest logits.", hint="classes")
        if logits.shape[1] == 2 and bool((got == (logits[:, 1] > 0)).all()):
            return failed(
                "The second of two logits was compared with 0; the larger of the two decides.", hint="classes"
            )
        return failed(f"{count} of {n} labels are wrong: the class with the largest logit.", hint="classes")

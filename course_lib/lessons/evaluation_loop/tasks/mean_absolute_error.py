"""Your turn: a mean over people, however the batches are cut."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import described, number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.evaluation_loop.tasks.shared import cut, mean_of_batches


class MeanAbsoluteError(Task):
    """The mean of |guess - age| over all people, from ragged batches."""

    visible: ClassVar = {
        "batches of 4, 4 and 1": {"sizes": (4, 4, 1), "once": False},
        "a generator": {"sizes": (3, 5, 2, 7), "once": True},
    }
    hints: ClassVar = {
        "sum": "In each batch, `(guesses - ages).abs().sum()`; after the last one, divide.",
        "count": "Divide by the number of people, `len(ages)` added up, not by the number of batches.",
        "once": "A generator is empty after one pass: add up sum and count in the same loop, and don't ask for its `len`.",
    }

    def ages(self, case: Case) -> tuple[Tensor, Tensor]:
        """Guesses and true ages, each (N,); the last batch is guessed worst."""
        generator, n = case.generator(), sum(case.sizes)
        ages = torch.randint(20, 70, (n,), generator=generator).float()
        errors = torch.rand(n, generator=generator) * 4 + 1
        errors[n - case.sizes[-1] :] += 20
        return ages + errors * (torch.rand(n, generator=generator) - 0.4).sign(), ages

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the mean."""
        return observe(answer, cut(case.sizes, *self.ages(case), once=case.once))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Every person counts alike."""
        if seen.error:
            once = case.once and "has no len()" in seen.error
            more = " A generator has no length." if once else ""
            return failed(f"`mean_absolute_error` raised {seen.error}.{more}", hint="once" if case.once else "sum")
        value, (guesses, ages) = number(seen.value), self.ages(case)
        if value is None:
            return failed(f"Expected one number; got {described(seen.value)}.", hint="sum")
        errors = (guesses - ages).abs()
        if near(value, errors.mean()):
            return passed("Every person counts alike.")
        said = f"Expected {errors.mean():.3f}; got {value:.3f}"
        if case.once and value == 0:
            return failed(f"{said}: a generator is empty after one pass, so a second adds nothing.", hint="once")
        if near(value, mean_of_batches(errors, case.sizes)):
            return failed(f"{said}, the mean of the batch means.", hint="count")
        if near(value, errors.sum()):
            return failed(f"{said}, the sum: nothing divided it.", hint="count")
        if near(value, errors.sum() / len(case.sizes)):
            return failed(f"{said}, the sum divided by the number of batches.", hint="count")
        if near(abs(value), (guesses - ages).mean().abs()):
            return failed(f"{said}: errors of both signs cancel. Take their absolute values first.", hint="sum")
        if near(value, errors.square().mean()):
            return failed(f"{said}, the mean of the squares.", hint="sum")
        if near(value, errors[-case.sizes[-1] :].mean()):
            return failed(f"{said}, the mean of the last batch alone.", hint="sum")
        return failed(f"{said}.", hint="once" if case.once else "sum")

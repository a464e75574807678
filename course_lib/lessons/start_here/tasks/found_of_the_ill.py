"""The share of the ill that a model found."""

from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class FoundOfTheIll(Task):
    """The share of the ill that a model found."""

    visible: ClassVar = {"ten patients": {"patients": 10}, "nobody is ill": {"patients": 0}}
    graded: ClassVar = {"a thousand patients": {"patients": 1000}}
    hints: ClassVar = {
        "ill": "Look at the ill only. How many are there, and of how many of them does the model say so?",
        "none": "If nobody is ill there is no share: `float('nan')` says so, and 0 would claim that the model missed somebody.",
    }

    def lists(self, case: Case) -> tuple[list[bool], list[bool]]:
        """What the model says and what is true, one entry a patient."""
        if not case.patients:
            return [True, False, False], [False, False, False]
        generator = case.generator()
        while True:
            says, ill = torch.rand(2, case.patients, generator=generator) < 0.4
            found, right = (says & ill).sum(), (says == ill).float().mean()
            # Recall, precision and accuracy must all differ, or a wrong formula would look right.
            if found and len({float(found / ill.sum()), float(found / says.sum()), float(right)}) == 3:
                return says.tolist(), ill.tolist()

    def probe(self, answer: Any, case: Case) -> Observation:
        """Call it."""
        return observe(answer, *self.lists(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Found and ill, over ill."""
        says, ill = self.lists(case)
        if not case.patients:
            if seen.error or not near(seen.value, float("nan")):
                return failed(
                    f"Nobody is ill, so there is no share: expected nan, got {seen.error or seen.value}.", hint="none"
                )
            return passed()
        found = sum(s and i for s, i in zip(says, ill, strict=True))
        if seen.error:
            return failed(f"It raised {seen.error}.", hint="ill")
        if near(seen.value, found / sum(ill)):
            return passed("Found and ill, over ill: this is called recall.")
        if near(seen.value, found / sum(says)):
            return failed(
                "This is the share of the alarms that were right. Divide by the number of the ill.", hint="ill"
            )
        if near(seen.value, sum(s == i for s, i in zip(says, ill, strict=True)) / len(ill)):
            return failed("This is the accuracy: it counts the healthy too. Look at the ill only.", hint="ill")
        return failed(
            f"Expected {found / sum(ill):.3f} ({found} found of {sum(ill)} ill); got {seen.value}.", hint="ill"
        )

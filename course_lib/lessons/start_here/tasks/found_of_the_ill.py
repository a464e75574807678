"""The share of the ill that a model found."""

from fractions import Fraction
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class FoundOfTheIll(Task):
    """The share of the ill that a model found."""

    visible: ClassVar = {
        "ten patients": {"patients": 10},
        "nobody is ill": {"patients": 0},
        "two ill, none found": {"patients": 3},
    }
    graded: ClassVar = {"a thousand patients": {"patients": 1000}}
    hints: ClassVar = {
        "ill": "Look at the ill only. How many are there, and of how many of them does the model say so?",
        "none": "If nobody is ill there is no share: `float('nan')` says so, and 0 would claim that the model missed somebody.",
    }

    def lists(self, case: Case) -> tuple[list[bool], list[bool]]:
        """What the model says and what is true, one entry a patient."""
        if not case.patients:
            return [True, False, False], [False, False, False]
        if case.patients == 3:
            return [False, True, False], [True, False, True]
        generator = case.generator()
        while True:
            says, ill = torch.rand(2, case.patients, generator=generator) < 0.4
            lists = says.tolist(), ill.tolist()
            if says.any() and 0 < (says & ill).sum() < ill.sum() and len(set(self.shares(*lists).values())) == 6:
                return lists

    @staticmethod
    def shares(says: list[bool], ill: list[bool]) -> dict[str, float]:
        """The right share first, then what wrong formulas give; on the lists of a case all of them differ."""
        found, missed = (sum(s == which and i for s, i in zip(says, ill, strict=True)) for which in (True, False))
        right = sum(s == i for s, i in zip(says, ill, strict=True))
        return {
            "": found / sum(ill),
            "This is the share of the alarms that were right. Divide by the number of the ill.": found / sum(says),
            "This is the accuracy: it counts the healthy too. Look at the ill only.": right / len(ill),
            "This is the share that the model missed. Expected the share that it found.": missed / sum(ill),
            "This divides by all patients. Divide by the number of the ill.": found / len(ill),
            "This is a number of per cent. Expected a share, from 0 to 1.": 100 * found / sum(ill),
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Call it; a fraction is a number, too."""

        def use() -> Any:
            share = answer(*self.lists(case))
            return float(share) if isinstance(share, Fraction) else share

        return observe(use)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Found and ill, over ill."""
        says, ill = self.lists(case)
        if not case.patients:
            if seen.error or not near(seen.value, float("nan")):
                return failed(
                    f"Nobody is ill, so there is no share: expected nan, got {seen.error or described(seen.value)}.",
                    hint="none",
                )
            return passed()
        if seen.error:
            return failed(f"It raised {seen.error}.", hint="ill")
        if case.patients == 3 and near(seen.value, float("nan")):
            return failed("Two are ill, and the model found neither: the share is 0. Got nan.", hint="none")
        shares = self.shares(says, ill)
        for mistake, share in shares.items():
            if near(seen.value, share):
                return (
                    failed(mistake, hint="ill")
                    if mistake
                    else passed("Found and ill, over ill: this is called recall.")
                )
        return failed(f"Expected {shares['']:.3f}, found and ill over ill; got {described(seen.value)}.", hint="ill")

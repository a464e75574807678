"""Your turn: how many images of one part are in another one, too."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import described, number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class SharedImages(Task):
    """Count the images of `b` that stand, pixel by pixel, in `a`."""

    visible: ClassVar = {
        "three shared": {"side": 4, "in_a": 6, "in_b": 5, "shared": 3},
        "one twice in b, one twice in a": {"side": 3, "in_a": 5, "in_b": 6, "shared": 2, "twice": True},
        "equal but for one pixel, or in their sums": {"side": 4, "in_a": 5, "in_b": 4, "shared": 1, "alike": True},
        "none shared": {"side": 5, "in_a": 4, "in_b": 4, "shared": 0},
    }
    hints: ClassVar = {
        "bytes": "`image.numpy().tobytes()` is a value that can be put into a set, and two are equal only if every pixel is.",
        "wherever": "Ask for each image of `b` whether it is in the set of those of `a`, wherever it stands there.",
        "twice": "A set for `a`, since twice there is no more than once; a loop over `b`, since each of its images counts.",
        "int": "`sum(... for image in b)` of truth values is an int; `int(...)` makes one of a tensor.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor, int]:
        """Images (N, 1, S, S) and (M, 1, S, S), and the count."""
        g, side = case.generator(), case.side
        pool = (
            torch.randint(1, 256, (case.in_a + case.in_b, 1, side, side), generator=g) / 256
        )  # so that sums are exact
        a, b = pool[: case.in_a].clone(), pool[case.in_a :].clone()
        places = torch.randperm(case.in_b, generator=g)[: case.shared]
        b[places] = a[torch.randperm(case.in_a, generator=g)[: case.shared]]
        wanted = case.shared
        if case.settings.get("twice"):
            a, b, wanted = torch.cat([a, a]), torch.cat([b, b[places[:1]]]), wanted + 1
        if case.settings.get("alike"):
            nearly, turned = b[places[0]].clone(), b[places[0]].flip(2)
            nearly[0, 0, 0] = 0
            darker = b[places[0]].clone()
            darker[0, -1, -1] -= 1 / 256
            b = torch.cat([b, nearly[None], darker[None], turned[None]])
        return a, b, wanted

    def probe(self, answer: Any, case: Case) -> Observation:
        """Count once."""
        a, b, _ = self.data(case)
        return observe(answer, a, b)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The count, as an int."""
        a, b, wanted = self.data(case)
        if seen.error:
            return failed(f"`shared_images` raised {first_line(seen.error)}.", hint="bytes")
        got = number(seen.value)
        if got is None:
            return failed(f"Expected a number of images; got {described(seen.value)}.", hint="int")
        start = f"{wanted} of the {len(b)} images of `b` are in `a`; got {got:g}"
        if got != wanted:
            if case.settings.get("twice"):
                known = {image.numpy().tobytes() for image in a} & {image.numpy().tobytes() for image in b}
                pairs = int((a.flatten(1)[:, None] == b.flatten(1)[None]).all(2).sum())
                if got == len(known):
                    return failed(f"{start}. One stands twice in `b`, and counts twice.", hint="twice")
                if got == pairs:
                    return failed(f"{start}: those that stand twice in `a` were counted twice.", hint="twice")
            if case.settings.get("alike") and got > wanted:
                return failed(
                    f"{start}. Two differ in one pixel, one is turned over: none of these is the same.", hint="bytes"
                )
            return failed(f"{start}.", hint="wherever")
        if seen.type != "int":
            return failed(f"The number is right, and comes as {seen.type}; expected a plain `int`.", hint="int")
        return passed("Pixel by pixel, wherever they stand.")

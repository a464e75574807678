"""Your turn: how many tensors does autograd keep?"""

from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class CountKept(Task):
    """Count what autograd keeps while a function runs."""

    visible: ClassVar = {
        "a layer and a sigmoid": {"layers": 1, "off": False, "step": False, "raises": False},
        "gradients off": {"layers": 2, "off": True, "step": False, "raises": False},
        "a square and a backward pass": {"layers": 2, "off": False, "step": True, "raises": False},
        "an error": {"layers": 3, "off": False, "step": False, "raises": True},
    }
    hints: ClassVar = {
        "hooks": "`with torch.autograd.graph.saved_tensors_hooks(pack, unpack):` calls `pack` for each tensor that is kept.",
        "once": "Call `run()` inside the block, once, and give the count afterwards.",
        "step": "What `pack` returns is kept in place of the tensor, and `unpack` must make a tensor of it again.",
        "error": "Let the error come through: no `except`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """A small network as the function that runs."""
        calls = []

        def run() -> None:
            calls.append(1)
            _work(case)
            if case.raises:
                raise ValueError("the batch is broken")

        return observe(lambda: answer(run), also={"calls": lambda: len(calls)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The count of one call, and errors let through."""
        if case.raises:
            if "the batch is broken" in seen.error:
                return passed("The error came through.")
            return failed("`run` raised an error, and yours did not let it through.", hint="error")
        if seen.error:
            return failed(f"`count_kept(run)` raised {seen.error}.", hint="step" if case.step else "hooks")
        if seen.also["calls"] != 1:
            return failed(f"`run` was called {seen.also['calls']} times. Expected once.", hint="once")
        expected = self._expected(case)
        if not isinstance(seen.value, int) or isinstance(seen.value, bool):
            return failed(f"Expected a whole number; got {seen.type}.", hint="hooks")
        if seen.value == expected:
            return passed(f"{expected} tensors.")
        return failed(f"Expected {expected} tensors; got {seen.value}.", hint="step" if case.step else "hooks")

    @staticmethod
    def _expected(case: Case) -> int:
        """Each linear layer keeps its input and, but for the first, its weight; each sigmoid its output."""
        kept: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(1) or t.detach(), lambda t: t):
            _work(case)
        return len(kept)


def _work(case: Case) -> None:
    """A pass of the case's network, under `no_grad` where the case says so; a product keeps both of its factors."""
    net = nn.Sequential(*(nn.Sequential(nn.Linear(3, 3), nn.Sigmoid()) for _ in range(case.layers)))
    with torch.no_grad() if case.off else nullcontext():
        out = net(torch.ones(2, 3))
    if case.step:
        (out * out).sum().backward()

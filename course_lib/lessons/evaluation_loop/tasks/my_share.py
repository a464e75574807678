"""Your turn: which examples each of several GPUs reads, so that none is judged twice or left out."""

from collections import Counter
from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class MyShare(Task):
    """The indices that one of several GPUs reads."""

    visible: ClassVar = {
        "11 examples, 4 GPUs": {"examples": 11, "gpus": 4},
        "9 examples, 4 GPUs": {"examples": 9, "gpus": 4},
        "12 examples, 3 GPUs": {"examples": 12, "gpus": 3},
        "2 examples, 3 GPUs": {"examples": 2, "gpus": 3},
    }
    hints: ClassVar = {
        "step": "Deal them out like cards: GPU 0 takes every `gpus`-th from 0 on, GPU 1 from 1 on. `range` has a step.",
        "pad": "The shares needn't be equally long. Repeating or leaving out examples to make them so is what we avoid.",
        "even": "Each GPU waits for the slowest: let no share be longer than another by two or more.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for every GPU's share."""
        return observe(lambda: [[int(i) for i in answer(case.examples, case.gpus, rank)] for rank in range(case.gpus)])

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each index once, and lengths that differ by one at most."""
        if seen.error:
            return failed(f"`my_share` raised {seen.error}.", hint="step")
        times = Counter(i for share in seen.value for i in share)
        outside = sorted(i for i in times if i not in range(case.examples))
        if outside:
            return failed(f"Index {outside[0]} is not in range({case.examples}).", hint="step")
        if twice := sorted(i for i in times if times[i] > 1):
            return failed(f"Read more than once: {twice}, over all GPUs.", hint="pad")
        if never := sorted(set(range(case.examples)) - set(times)):
            return failed(f"Read by nobody: {never}.", hint="pad")
        lengths = [len(share) for share in seen.value]
        if max(lengths) - min(lengths) > 1:
            return failed(f"The shares have {lengths} examples: they differ by more than one.", hint="even")
        return passed("Each example once, and nobody waits for long.")

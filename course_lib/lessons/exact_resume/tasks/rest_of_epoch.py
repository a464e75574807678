"""Your turn: the batches that are left of an interrupted epoch."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.exact_resume.tasks.shared import came_back


class RestOfEpoch(Task):
    """Draw an epoch's order again, and leave out what is done."""

    visible: ClassVar = {
        "two batches done": {"rows": 12, "size": 2, "done": 2, "epochs": 1},
        "a small last batch": {"rows": 11, "size": 3, "done": 1, "epochs": 2},
        "nothing done yet": {"rows": 8, "size": 2, "done": 0, "epochs": 0},
        "all of them done": {"rows": 10, "size": 4, "done": 3, "epochs": 1},
    }
    hints: ClassVar = {
        "start": "`loader.generator.set_state(start)`, and the next epoch of `loader` has the order of the interrupted one.",
        "skip": "Batches come in order: `list(loader)[done:]`, or `itertools.islice(loader, done, None)`.",
        "after": "Read the interrupted epoch to its end through `loader` itself: then its generator stands where it stood at "
        "the end of that epoch.",
    }

    def loader(self, case: Case, seed: int) -> DataLoader:
        """Rows that are their own numbers, plus 100, shuffled by a generator of its own."""
        data = TensorDataset(torch.arange(100, 100 + case.rows), torch.arange(case.rows) % 2)
        return DataLoader(data, case.size, shuffle=True, generator=torch.Generator().manual_seed(seed))

    def unbroken(self, case: Case) -> tuple[Tensor, list[list[int]], list[list[int]]]:
        """The state at the start of the interrupted epoch, its batches, and those of the epoch after it."""
        loader = self.loader(case, case.seed)
        for _ in range(case.epochs):
            order(loader)
        return loader.generator.get_state(), order(loader), order(loader)

    def probe(self, answer: Any, case: Case) -> Observation:
        """A new loader, whose generator stands somewhere else; then one epoch more."""
        start, *_ = self.unbroken(case)
        loader = self.loader(case, case.seed + 1)
        return observe(answer, loader, start, case.done, also={"next": lambda: order(loader)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The batches, and the order of the next epoch."""
        _, batches, following = self.unbroken(case)
        rest = batches[case.done :]
        if seen.error:
            return failed(f"`rest_of_epoch(loader, start, done)` raised {first_line(seen.error)}.", hint="start")
        got = numbers(seen.value)
        if got is None:
            return failed(f"It returned {came_back(seen.value)}. Expected a list of batches.", hint="skip")
        if got != rest:
            if case.done and got == batches:
                return failed(
                    f"All {len(batches)} batches of the epoch came back, also the {case.done} that are done.",
                    hint="skip",
                )
            if case.done and got == batches[: case.done]:
                return failed("These are the batches that are done. Expected those that are left.", hint="skip")
            if sorted(map(str, got)) == sorted(map(str, rest)) or any(one in batches for one in got):
                return failed(
                    f"Expected the {len(rest)} batches that are left, in their order; got {len(got)} of the epoch's.",
                    hint="skip",
                )
            return failed("The batches are not those of the epoch that began with `start`.", hint="start")
        if seen.also["next"] != following:
            return failed(
                "The rest is right, but the epoch after it has another order than in the unbroken run.", hint="after"
            )
        return passed("The rest of the epoch, and the next one as if nothing had happened.")


def order(loader: DataLoader) -> list[list[int]]:
    """The rows of each batch of one epoch."""
    return [x.tolist() for x, _ in loader]


def numbers(value: Any) -> list[list[int]] | None:
    """The rows in a list of batches; None if it is something else."""
    if not isinstance(value, list):
        return None
    try:
        return [[int(v) for v in batch[0]] for batch in value]
    except (TypeError, ValueError, IndexError, KeyError):
        return None

"""Your turn: the ill who are newly missed, and those who are newly found."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import number, same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import told


class LostAndFound(Task):
    """Two counts among the ill, patient by patient."""

    visible: ClassVar = {
        "forty patients": {"n": 40, "moved": "both"},
        "nobody lost": {"n": 25, "moved": "found"},
        "nothing changed": {"n": 30, "moved": "none"},
        "nobody ill": {"n": 12, "moved": "healthy"},
    }
    hints: ClassVar = {
        "masks": "`(truth == 1) & (before == 1) & (after == 0)` is True for each ill patient who was found and is missed now.",
        "sum": "`mask.sum().item()` counts the True ones.",
        "pair": "`return lost, found` gives a tuple of two.",
    }

    def patients(self, case: Case) -> tuple[Tensor, Tensor, Tensor]:
        """Truth and both answers, with more lost than found and mistakes among the healthy too."""
        g = case.generator()
        truth, before, after = (torch.randint(2, (case.n,), generator=g) for _ in range(3))
        if case.moved == "none":
            after = before.clone()
        else:
            truth[:9], before[:9], after[:9] = 1, torch.tensor([1, 1, 1, 1, 1, 0, 0, 1, 0]), torch.zeros(9).long()
            truth[9:12], before[9:12], after[9:12] = 0, 1, 0
        if case.moved == "healthy":
            truth = torch.zeros_like(truth)
        if case.moved == "found":
            after = torch.where(truth == 1, before, after)
            after[5:7] = 1
        return truth, before, after

    def expected(self, case: Case) -> tuple[int, int, int, int]:
        """Lost, found, and both among all patients."""
        truth, before, after = self.patients(case)
        lost, found = (before == 1) & (after == 0), (before == 0) & (after == 1)
        ill = truth == 1
        return tuple(int(mask.sum()) for mask in (ill & lost, ill & found, lost, found))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask, and look whether the tensors stayed."""
        given = self.patients(case)
        kinds: list[str] = []

        def use() -> Any:
            found = answer(*given)
            kinds.append("tuple" if isinstance(found, tuple) else type(found).__name__)
            return found

        return observe(use, also={"given": lambda: list(given), "kinds": lambda: kinds})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Two numbers, of the ill only, in this order."""
        lost, found, lost_all, found_all = self.expected(case)
        if seen.error:
            return failed(f"`lost_and_found` raised {first_line(seen.error)}.", hint="masks")
        if not same(seen.also["given"], list(self.patients(case))):
            return failed("A tensor that was handed in has other values now.", hint="masks")
        pair = [number(part) for part in seen.value] if isinstance(seen.value, list) else []
        if isinstance(seen.value, Tensor) or len(pair) != 2 or None in pair or seen.also["kinds"] != ["tuple"]:
            got = f"a list, {seen.value!r}" if seen.type == "list" else told(seen.value)
            return failed(f"Expected a tuple of two numbers; got {got}.", hint="pair")
        if pair == [lost, found]:
            return passed("Patient by patient: who is lost, who is found.")
        what = f"Got {pair[0]:g} and {pair[1]:g}"
        if pair == [lost_all, found_all]:
            return failed(f"{what}: the healthy were counted too. Only the ill can be missed.", hint="masks")
        if pair == [found, lost]:
            return failed(f"{what}: the other way round. First the newly missed, then the newly found.", hint="pair")
        if pair == [max(lost - found, 0), max(found - lost, 0)]:
            return failed(
                f"{what}: that is the difference of two totals. Those lost and those found make up for each other there; "
                "count patient by patient.",
                hint="masks",
            )
        return failed(f"{what}. Expected {lost} newly missed and {found} newly found.", hint="masks")

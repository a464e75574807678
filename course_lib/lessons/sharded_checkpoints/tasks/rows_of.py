"""Your turn: which rows does a rank hold?"""

from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.sharded_checkpoints.tasks.shared import rows_held, shortly


class RowsOf(Task):
    """(start, stop) of the rows of each rank."""

    visible: ClassVar = {
        "10 rows on 2 ranks": {"rows": 10, "ranks": 2},
        "10 rows on 3 ranks": {"rows": 10, "ranks": 3},
        "16 rows on 5 ranks": {"rows": 16, "ranks": 5},
        "9 rows on 8 ranks": {"rows": 9, "ranks": 8},
        "3 rows on 4 ranks": {"rows": 3, "ranks": 4},
        "one rank": {"rows": 7, "ranks": 1},
    }
    hints: ClassVar = {
        "each": "`each = -(-rows // ranks)` is the share of a full rank, rounded up. Rank 0 starts at 0, rank 1 at `each`.",
        "end": "The last ranks come too late for a full share: neither start nor stop may lie beyond `rows`. `min` helps.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for every rank."""
        return observe(lambda: [answer(case.rows, rank, case.ranks) for rank in range(case.ranks)])

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """A pair of ints for each rank, those of torch.chunk."""
        if seen.error:
            return failed(f"`rows_of` raised {shortly(seen.error)}.", hint="each")
        for rank, (got, expected) in enumerate(zip(seen.value, rows_held(case.rows, case.ranks), strict=True)):
            call = f"`rows_of({case.rows}, {rank}, {case.ranks})`"
            if not _is_pair(got):
                return failed(f"{call} returned {got!r}. Expected a pair of ints, (start, stop).", hint="each")
            start, stop = got
            if tuple(got) == expected:
                continue
            return failed(f"{call} returned ({start}, {stop}). Expected {expected}{_why(got, expected, case)}.", hint=_hint(got, case))
        return passed("Every row has one holder.")


def _is_pair(got: Any) -> bool:
    return isinstance(got, list) and len(got) == 2 and all(type(n) is int or (type(n) is float and n == int(n)) for n in got)


def _hint(got: list, case: Case) -> str:
    return "end" if max(got) > case.rows or got[0] > got[1] else "each"


def _why(got: list, expected: tuple[int, int], case: Case) -> str:
    start, stop = got
    if max(got) > case.rows:
        return f": the tensor ends at row {case.rows}"
    if start > stop:
        return ": a range that ends before it starts is no range"
    if expected[0] == expected[1]:
        return ": there is nothing left for this rank"
    if stop == expected[1] - 1 and start == expected[0]:
        return ": `stop` is the first row that is no longer its own"
    if stop - start == case.rows // case.ranks != expected[1] - expected[0]:
        return ": the share is rounded up, not down"
    return f": {expected[1] - expected[0]} rows"

"""Your turn: which rows does a rank hold?"""

from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.sharded_checkpoints.cutting import rows_held
from course_lib.lessons.sharded_checkpoints.tasks.shared import floor_rows, level_rows, shortly


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
        wanted = rows_held(case.rows, case.ranks)
        for rank, got in enumerate(seen.value):
            if not _is_pair(got):
                return failed(
                    f"{_call(rank, case)} returned {_text(got)}. Expected a pair of ints, (start, stop).", hint="each"
                )
        came = [tuple(got) for got in seen.value]
        for rank, (got, expected) in enumerate(zip(came, wanted, strict=True)):
            empty_inside = got[0] == got[1] and 0 <= got[0] <= case.rows
            if got != expected and not (expected[0] == expected[1] and empty_inside):
                return failed(
                    f"{_call(rank, case)} returned {got}. Expected {expected}{_why(came, rank, case)}.",
                    hint="end" if max(got) > case.rows or got[0] > got[1] else "each",
                )
        return passed("Every row has one holder.")


def _call(rank: int, case: Case) -> str:
    return f"`rows_of({case.rows}, {rank}, {case.ranks})`"


def _text(got: Any) -> str:
    return got["text"] if isinstance(got, dict) and "text" in got else repr(got)


def _is_pair(got: Any) -> bool:
    return (
        isinstance(got, list)
        and len(got) == 2
        and all(type(n) is int or (type(n) is float and n == int(n)) for n in got)
    )


def _why(came: list[tuple[int, int]], rank: int, case: Case) -> str:
    """The mistake by which all of it came about, or what is wrong with this rank's."""
    (start, stop), wanted = came[rank], rows_held(case.rows, case.ranks)
    if came == floor_rows(case.rows, case.ranks):
        return ": the share is rounded up, not down"
    if came == level_rows(case.rows, case.ranks):
        return ": the shares are not evened out; each is the share rounded up, until none are left"
    if came == [(a, b - 1) for a, b in wanted]:
        return ": `stop` is the first row that is no longer its own"
    if max(start, stop) > case.rows:
        return f": the tensor ends at row {case.rows}"
    if start > stop:
        return ": a range that ends before it starts is no range"
    rows = wanted[rank][1] - wanted[rank][0]
    return f": {rows} rows" if rows else ": there is nothing left for this rank"

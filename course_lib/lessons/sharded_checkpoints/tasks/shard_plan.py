"""Who reads which rows from whom when the number of ranks changes."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.sharded_checkpoints.cutting import Plan, plan, rows_held
from course_lib.lessons.sharded_checkpoints.tasks.shared import floor_rows, level_rows, shortly


class ShardPlan(Task):
    """Who reads which rows from whom when the number of ranks changes."""

    visible: ClassVar = {
        "10 rows, 2 to 3": {"rows": 10, "before": 2, "after": 3},
        "10 rows, 3 to 2": {"rows": 10, "before": 3, "after": 2},
        "7 rows, 3 to 1": {"rows": 7, "before": 3, "after": 1},
        "4 rows, 2 to 3": {"rows": 4, "before": 2, "after": 3},
        "6 rows, 5 to 4": {"rows": 6, "before": 5, "after": 4},
    }
    graded: ClassVar = {
        "1000 rows, 8 to 5": {"rows": 1000, "before": 8, "after": 5},
        "1 row, 2 to 4": {"rows": 1, "before": 2, "after": 4},
        "13 rows, 4 to 6": {"rows": 13, "before": 4, "after": 6},
        "9 rows, 1 to 2": {"rows": 9, "before": 1, "after": 2},
    }
    hints: ClassVar = {
        "cut": "You have written `rows_of(rows, rank, ranks)` in the lesson: every rank gets the share rounded up, until "
        "none are left. Both cuts, before and after, go by it.",
        "meet": "Two ranges meet in `max(start, a)` up to `min(stop, b)`. If the first isn't smaller than the second, they "
        "don't meet.",
        "numbers": "Rows are numbered in the whole tensor: the first row of old rank 1's file isn't row 0.",
        "all": "One list for each new rank, also for one that has nothing to read.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the plan."""
        return observe(lambda: _listed(answer(case.rows, case.before, case.after)))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The triples of each new rank."""
        call = f"`shard_plan({case.rows}, {case.before}, {case.after})`"
        if seen.error:
            return failed(f"{call} raised {shortly(seen.error)}.", hint="meet")
        before, after = rows_held(case.rows, case.before), rows_held(case.rows, case.after)
        expected, got = plan(before, after), _read(seen.value)
        if got == expected:
            return passed("Every new rank finds its rows.")
        if got is None:
            return failed(
                f"{call} returned {_short(seen.value)}. Expected a list for each new rank, of triples of ints: (old rank, "
                "start, stop).",
                hint="meet",
            )
        if mistake := self.mistake(got, expected, case):
            return failed(f"{call}: {mistake[0]}", hint=mistake[1])
        rank = next((i for i, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), len(got))
        if rank >= min(len(got), len(expected)):
            return failed(
                f"{call} returned {len(got)} lists. Expected {case.after}, one for each new rank.", hint="all"
            )
        return failed(
            f"{call}: new rank {rank} reads {_short(got[rank])}. Expected {_short(expected[rank])}: it needs the rows from "
            f"{after[rank][0]} up to {after[rank][1]}.",
            hint="meet",
        )

    def mistake(self, got: Plan, expected: Plan, case: Case) -> tuple[str, str] | None:
        """The mistake by which exactly this plan comes about, in words, and its hint."""
        rows, before, after = case.rows, rows_held(case.rows, case.before), rows_held(case.rows, case.after)
        if [[part for part in mine if part[1] < part[2]] for mine in got] == expected:
            return "parts without rows are in it. Expected only those that hold a row.", "meet"
        if got == [mine for mine in expected if mine]:
            return f"{len(got)} lists. Expected {case.after}: a rank that reads nothing has an empty list.", "all"
        if got == plan(after, before):
            return "this is who of the old ranks goes where. Expected one list for each new rank.", "all"
        if got == [[(old, a, b - 1) for old, a, b in mine] for mine in expected]:
            return "`stop` is the last row of each part. Expected the first row after it.", "meet"
        if got == [[(old, a - before[old][0], b - before[old][0]) for old, a, b in mine] for mine in expected]:
            return "rows are numbered inside of each old rank's part. Expected their numbers in the whole.", "numbers"
        if got == [
            [(old, a - start, b - start) for old, a, b in mine]
            for (start, _), mine in zip(after, expected, strict=True)
        ]:
            return "rows are numbered from each new rank's first. Expected their numbers in the whole.", "numbers"
        if [sorted(mine) for mine in got] == expected:
            return "the triples of a rank are not in rising order.", "meet"
        for cut, words in ((floor_rows, "rounded down"), (level_rows, "evened out, as array_split does")):
            if got == plan(cut(rows, case.before), cut(rows, case.after)):
                return f"the shares are {words}. Expected shares rounded up until none are left.", "cut"
        return None


def _listed(value: Any) -> Any:
    """Iterators read to their end."""
    return (
        [list(mine) if hasattr(mine, "__iter__") else mine for mine in value] if hasattr(value, "__iter__") else value
    )


def _read(value: Any) -> Plan | None:
    if not isinstance(value, list) or not all(isinstance(mine, list) for mine in value):
        return None
    whole = [part for mine in value for part in mine]
    if not all(isinstance(part, list) and len(part) == 3 and all(type(n) is int for n in part) for part in whole):
        return None
    return [[tuple(part) for part in mine] for mine in value]


def _short(value: Any) -> str:
    text = repr(_triples(value))
    return text if len(text) <= 90 else f"{text[:90]} …"


def _triples(value: Any) -> Any:
    """What the wire made lists, as it was: a list of no lists is a triple, unless it is empty."""
    if not isinstance(value, list) or not value:
        return value
    return [_triples(part) for part in value] if any(isinstance(p, list | tuple) for p in value) else tuple(value)

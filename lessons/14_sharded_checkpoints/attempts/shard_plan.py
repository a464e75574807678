# %% right: where two ranges meet · message: "Every new rank finds its rows"
def shard_plan(rows, before, after):
    def rows_of(rank, ranks):
        each = -(-rows // ranks)
        return min(rank * each, rows), min((rank + 1) * each, rows)

    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a), min(stop, b)))
        plan.append(parts)
    return plan


# %% right: row by row · message: "Every new rank finds its rows"
import math
from itertools import groupby


def shard_plan(rows, before, after):
    old, new = math.ceil(rows / before), math.ceil(rows / after)
    plan = []
    for rank in range(after):
        mine = [row for row in range(rows) if row // new == rank]
        parts = []
        for holder, held in groupby(mine, key=lambda row: row // old):
            held = list(held)
            parts.append([holder, held[0], held[-1] + 1])
        plan.append(parts)
    return plan


# %% right: by torch.chunk · message: "Every new rank finds its rows"
import torch


class Plan:
    def __call__(self, rows, before, after):
        holders = torch.cat(
            [
                torch.full_like(part, rank)
                for rank, part in enumerate(torch.arange(rows).chunk(before))
            ]
        )
        wanted = list(torch.arange(rows).chunk(after))
        return [self.runs(part, holders) for part in wanted] + [[]] * (after - len(wanted))

    def runs(self, part, holders):
        found = []
        for old in holders[part].unique().tolist():
            mine = part[holders[part] == old]
            found.append((old, int(mine.min()), int(mine.max()) + 1))
        return found


shard_plan = Plan()


# %% right: a generator and NumPy · message: "Every new rank finds its rows"
import numpy as np


def shard_plan(rows, before, after):
    old = np.minimum(np.arange(before + 1) * -(-rows // before), rows)
    new = np.minimum(np.arange(after + 1) * -(-rows // after), rows)
    for start, stop in zip(new, new[1:]):
        lows, highs = np.maximum(old[:-1], start), np.minimum(old[1:], stop)
        yield tuple((rank, lows[rank], highs[rank]) for rank in np.flatnonzero(lows < highs))


# %% wrong: shares rounded down · clause 1 · message: "the shares are rounded down"
def shard_plan(rows, before, after):
    def rows_of(rank, ranks):
        each = rows // ranks
        return rank * each, rows if rank == ranks - 1 else (rank + 1) * each

    meet = lambda a, b: (max(a[0], b[0]), min(a[1], b[1]))
    parts = [
        [(old, *meet(rows_of(old, before), rows_of(new, after))) for old in range(before)]
        for new in range(after)
    ]
    return [[part for part in mine if part[1] < part[2]] for mine in parts]


# %% wrong: shares as array_split evens them out · clause 1 · message: "evened out, as array_split does"
import numpy as np


def shard_plan(rows, before, after):
    holder = np.concatenate(
        [np.full(len(p), i) for i, p in enumerate(np.array_split(np.arange(rows), before))]
    )
    plan = []
    for part in np.array_split(np.arange(rows), after):
        mine = []
        for old in sorted(set(holder[part])):
            held = part[holder[part] == old]
            mine.append((old, held[0], held[-1] + 1))
        plan.append(mine)
    return plan


# %% wrong: row numbers inside of the file · clause 3 · message: "numbered inside of each old rank's part"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a) - a, min(stop, b) - a))
        plan.append(parts)
    return plan


# %% wrong: row numbers of the new rank · clause 3 · message: "numbered from each new rank's first"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a) - start, min(stop, b) - start))
        plan.append(parts)
    return plan


# %% wrong: stop is the last row · clause 3 · message: "`stop` is the last row"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a), min(stop, b) - 1))
        plan.append(parts)
    return plan


# %% wrong: empty parts are listed · clause 4 · message: "parts without rows are in it"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) <= min(stop, b):
                parts.append((old, max(start, a), min(stop, b)))
        plan.append(parts)
    return plan


# %% wrong: idle ranks are left out · clause 2 · message: "a rank that reads nothing has an empty list"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a), min(stop, b)))
        if parts:
            plan.append(parts)
    return plan


# %% wrong: from the old ranks' point of view · clause 2 · message: "who of the old ranks goes where"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for old in range(before):
        a, b = rows_of(old, before)
        parts = []
        for new in range(after):
            start, stop = rows_of(new, after)
            if max(start, a) < min(stop, b):
                parts.append((new, max(start, a), min(stop, b)))
        plan.append(parts)
    return plan


# %% wrong: only the first file that has something · clause 3 · message: "it needs the rows from"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts = parts or [(old, max(start, a), min(stop, b))]
        plan.append(parts)
    return plan


# %% wrong: dictionaries · clause 3 · message: "Expected a list for each new rank, of triples"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = {}
        for old in range(before):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts[old] = (max(start, a), min(stop, b))
        plan.append(parts)
    return plan


# %% wrong: the last part first · clause 3 · message: "not in rising order"
def shard_plan(rows, before, after):
    rows_of = lambda rank, ranks: (
        min(rank * -(-rows // ranks), rows),
        min((rank + 1) * -(-rows // ranks), rows),
    )
    plan = []
    for new in range(after):
        start, stop = rows_of(new, after)
        parts = []
        for old in reversed(range(before)):
            a, b = rows_of(old, before)
            if max(start, a) < min(stop, b):
                parts.append((old, max(start, a), min(stop, b)))
        plan.append(parts)
    return plan

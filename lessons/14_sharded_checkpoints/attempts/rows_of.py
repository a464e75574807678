# %% right: by torch.chunk · message: "Every row has one holder"
import torch


def rows_of(rows, rank, ranks):
    parts = list(torch.arange(rows).chunk(ranks))
    if rank >= len(parts):
        return rows, rows
    return int(parts[rank][0]), int(parts[rank][-1]) + 1


# %% right: math.ceil, in a list · message: "Every row has one holder"
import math


def rows_of(rows, rank, ranks):
    each = math.ceil(rows / ranks)
    return [min(rows, place * each) for place in (rank, rank + 1)]


# %% right: an empty range at the start · message: "Every row has one holder"
def rows_of(rows, rank, ranks):
    each = (rows + ranks - 1) // ranks
    held = range(rows)[rank * each : (rank + 1) * each]
    return (held.start, held.stop) if held else (0, 0)


# %% wrong: rounded down · clause 2 · message: "the share is rounded up, not down"
def rows_of(rows, rank, ranks):
    each = rows // ranks
    return rank * each, rows if rank == ranks - 1 else (rank + 1) * each


# %% wrong: beyond the end · clause 3 · message: "the tensor ends at row 10"
def rows_of(rows, rank, ranks):
    each = -(-rows // ranks)
    return rank * each, (rank + 1) * each


# %% wrong: the start isn't held back · clause 3 · message: "the tensor ends at row"
def rows_of(rows, rank, ranks):
    each = -(-rows // ranks)
    return rank * each, min((rank + 1) * each, rows)


# %% wrong: stop is the last row · clause 1 · message: "the first row that is no longer its own"
def rows_of(rows, rank, ranks):
    each = -(-rows // ranks)
    return min(rank * each, rows), min((rank + 1) * each, rows) - 1


# %% wrong: start and length · clause 1 · message: "Expected (5, 10)"
def rows_of(rows, rank, ranks):
    each = -(-rows // ranks)
    start = min(rank * each, rows)
    return start, min(each, rows - start)


# %% wrong: evened out · clause 2 · message: "the shares are not evened out"
def rows_of(rows, rank, ranks):
    each, rest = divmod(rows, ranks)
    start = rank * each + min(rank, rest)
    return start, start + each + (rank < rest)


# %% wrong: a range · clause 1 · message: "Expected a pair of ints"
def rows_of(rows, rank, ranks):
    each = -(-rows // ranks)
    return range(min(rank * each, rows), min((rank + 1) * each, rows))


# %% wrong: an empty range behind the end · clause 3 · message: "the tensor ends at row"
def rows_of(rows, rank, ranks):
    start = rank * -(-rows // ranks)
    return start, max(start, min(rows, start - (-rows // ranks)))

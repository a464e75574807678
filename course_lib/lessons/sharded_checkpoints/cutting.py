"""How rows are cut among ranks, and who reads what from whom when the number of ranks changes."""

import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh

Rows = tuple[int, int]
Plan = list[list[tuple[int, int, int]]]


def rows_held(rows: int, ranks: int) -> list[Rows]:
    """(start, stop) of the rows of each rank, by DTensor's rule: the share rounded up, until none are left.

    >>> rows_held(10, 3), rows_held(1, 2)
    ([(0, 4), (4, 8), (8, 10)], [(0, 1), (1, 1)])
    """
    each = -(-rows // ranks)
    return [(min(rank * each, rows), min((rank + 1) * each, rows)) for rank in range(ranks)]


def plan(before: list[Rows], after: list[Rows]) -> Plan:
    """For each range of `after`: (which range of `before`, start, stop) of each part that is not empty.

    >>> plan(rows_held(4, 2), rows_held(4, 1))
    [[(0, 0, 2), (1, 2, 4)]]
    """
    parts = [[(old, max(a, start), min(b, stop)) for old, (a, b) in enumerate(before)] for start, stop in after]
    return [[part for part in mine if part[1] < part[2]] for mine in parts]


def shard(module: nn.Module) -> None:
    """Cut a module's parameters up among all ranks of the group, on the CPU, whatever PyTorch is built for.

    Without a mesh `fully_shard` takes the accelerator that this PyTorch is built for, be it there or not.
    """
    from torch.distributed.fsdp import fully_shard  # two seconds, which only a rank has to spend

    fully_shard(module, mesh=init_device_mesh("cpu", (dist.get_world_size(),)))

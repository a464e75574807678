# %% right: every gpus-th · message: "Each example once"
def my_share(examples, gpus, rank):
    return range(examples)[rank::gpus]


# %% right: blocks · message: "Each example once"
def my_share(examples, gpus, rank):
    return list(range(rank * examples // gpus, (rank + 1) * examples // gpus))


# %% right: tensor_split · message: "Each example once"
import torch


def my_share(examples, gpus, rank):
    return torch.arange(examples).tensor_split(gpus)[rank]


# %% wrong: padded as DistributedSampler does · clause 2 · message: "more than once"
import math


def my_share(examples, gpus, rank):
    each = math.ceil(examples / gpus)
    return [i % examples for i in range(rank, each * gpus, gpus)]


# %% wrong: the rest is left out · clause 2 · message: "by nobody"
def my_share(examples, gpus, rank):
    return list(range(rank, examples // gpus * gpus, gpus))


# %% wrong: the last GPU takes the rest · clause 3 · message: "more than one"
def my_share(examples, gpus, rank):
    each = examples // gpus
    return list(range(rank * each, examples if rank == gpus - 1 else (rank + 1) * each))


# %% wrong: ranks from 1 · clause 1 · message: "by nobody: [0"
def my_share(examples, gpus, rank):
    return list(range(rank + 1, examples, gpus))


# %% wrong: every GPU reads everything · clause 2 · message: "more than once"
def my_share(examples, gpus, rank):
    return list(range(examples))


# %% wrong: beyond the end · clause 1 · message: "is not in range"
import math


def my_share(examples, gpus, rank):
    each = math.ceil(examples / gpus)
    return list(range(rank * each, (rank + 1) * each))


# %% right: a permutation that all GPUs share · message: "Each example once"
import torch


def my_share(examples, gpus, rank):
    order = torch.randperm(examples, generator=torch.Generator().manual_seed(0))
    return order[rank::gpus].tolist()


# %% wrong: blocks of the size rounded up · clause 3 · message: "[3, 3, 3, 0] examples"
import math


def my_share(examples, gpus, rank):
    each = math.ceil(examples / gpus)
    return list(range(rank * each, min(examples, (rank + 1) * each)))


# %% wrong: blocks of the size rounded · clause 2 · message: "by nobody: [8]"
def my_share(examples, gpus, rank):
    each = round(examples / gpus)
    return list(range(rank * each, min(examples, (rank + 1) * each)))

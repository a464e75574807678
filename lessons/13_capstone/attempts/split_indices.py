# %% right: NumPy, lists of rows · message: "no image has a copy in another part"
import numpy as np


def split_indices(labels, groups, *, shares, seed):
    rng = np.random.default_rng(seed)
    labels, groups = labels.numpy(), groups.numpy()
    part_of = {}
    for k in np.unique(labels):
        own = rng.permutation(np.unique(groups[labels == k]))
        cuts = np.cumsum(np.round(np.array(shares) * len(own)).astype(int))
        for number, some in enumerate(np.split(own, cuts)):
            part_of.update(dict.fromkeys(some.tolist(), number))
    which = np.array([part_of[g] for g in groups.tolist()])
    return [np.flatnonzero(which == number).tolist() for number in range(3)]


# %% right: random.Random and sets · message: "no image has a copy in another part"
import random
from collections import defaultdict


def split_indices(labels, groups, *, shares, seed):
    dice, rows_of, of_class = random.Random(seed), defaultdict(list), defaultdict(list)
    for row, (label, group) in enumerate(zip(labels.tolist(), groups.tolist())):
        if group not in rows_of:
            of_class[label].append(group)
        rows_of[group].append(row)
    train, validation, test = set(), set(), set()
    for label in sorted(of_class):
        own = of_class[label]
        dice.shuffle(own)
        n, m = int(shares[0] * len(own)), int(shares[1] * len(own) + 0.5)
        for part, some in (
            (train, own[:n]),
            (validation, own[n : n + m]),
            (test, own[n + m :]),
        ):
            part.update(row for group in some for row in rows_of[group])
    return train, validation, test


# %% right: the numbers of one permutation as keys · message: "no image has a copy in another part"
import torch


class Splitter:
    def __call__(self, labels, groups, *, shares, seed):
        kinds, index = groups.unique(return_inverse=True)
        keys = torch.rand(len(kinds), generator=torch.Generator().manual_seed(seed))
        label = torch.zeros(len(kinds), dtype=torch.long).scatter(0, index, labels)
        part = torch.empty(len(kinds), dtype=torch.long)
        for k in label.unique():
            own = (label == k).nonzero().squeeze(1)
            place = keys[own].argsort().argsort().double() + 0.5
            part[own] = (place > shares[0] * len(own)).long() + (
                place > sum(shares) * len(own)
            ).long()
        return [(part[index] == number).nonzero().flatten() for number in range(3)]


split_indices = Splitter()


# %% right: fork_rng around the global generator · message: "no image has a copy in another part"
import torch


def split_indices(labels, groups, *, shares, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _split(labels, groups, shares)


def _split(labels, groups, shares):
    parts = ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own))]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: row by row, copies on both sides · clause 2 · message: "leakage"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = (labels == k).nonzero().squeeze(1)
        own = own[torch.randperm(len(own), generator=generator)]
        first, second = round(shares[0] * len(own)), round(sum(shares) * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.cat(part) for part in parts)


# %% wrong: not stratified · clause 3 · message: "give or take one"
import torch


def split_indices(labels, groups, *, shares, seed):
    own = groups.unique()
    own = own[torch.randperm(len(own), generator=torch.Generator().manual_seed(seed))]
    cuts = [round(shares[0] * len(own)), round(sum(shares) * len(own))]
    return tuple(
        torch.isin(groups, some).nonzero().squeeze(1) for some in own.tensor_split(cuts)
    )


# %% wrong: validation and test swapped · clause 3 · message: "are in validation"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    a, b, c = (torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)
    return a, c, b


# %% wrong: the share of the rest · clause 3 · message: "are in validation"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * (len(own) - first))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: the global generator is seeded · clause 5 · message: "global random state"
import torch


def split_indices(labels, groups, *, shares, seed):
    torch.manual_seed(seed)
    parts = ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own))]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: NumPy's global generator is seeded · clause 5 · message: "global random state"
import numpy as np
import torch


def split_indices(labels, groups, *, shares, seed):
    np.random.seed(seed)
    parts = ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[np.random.permutation(len(own))]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: no seed at all · clause 4 · message: "another split"
import random


def split_indices(labels, groups, *, shares, seed):
    import torch

    dice, parts = random.Random(), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique().tolist()
        dice.shuffle(own)
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, (own[:first], own[first:second], own[second:])):
            part += some
    return [torch.isin(groups, torch.tensor(part)).nonzero().squeeze(1) for part in parts]


# %% wrong: the seed is ignored · clause 4 · message: "With another seed"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(0), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: not shuffled · clause 4 · message: "With another seed"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% wrong: one row in two parts · clause 1 · message: "stands in train and"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    a, b, c = (torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)
    return a, torch.cat([a[:1], b]), c


# %% wrong: the group numbers instead of rows · clause 1 · message: "in no part"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        cuts = [round(shares[0] * len(own)), round(sum(shares) * len(own))]
        for part, some in zip(parts, own.tensor_split(cuts)):
            part.append(some)
    return tuple(torch.cat(part) for part in parts)


# %% wrong: two parts · clause 1 · message: "three sequences"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts[:2])


# %% wrong: rows that are left over are dropped · clause 1 · message: "are in no part"
import torch


def split_indices(labels, groups, *, shares, seed):
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(
            parts, (own[:first], own[first:second], own[second : second + first // 4])
        ):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)


# %% right: a generator of parts · message: "no image has a copy in another part"
import torch


def split_indices(labels, groups, *, shares, seed):
    dice = torch.Generator().manual_seed(seed)
    chosen = {"train": [], "validation": []}
    for k in labels.unique().tolist():
        own = groups[labels == k].unique().tolist()
        order = [own[i] for i in torch.randperm(len(own), generator=dice)]
        n, m = (round(share * len(own)) for share in shares)
        chosen["train"] += order[:n]
        chosen["validation"] += order[n : n + m]
    train, validation = (torch.isin(groups, torch.tensor(chosen[name])) for name in chosen)
    for mask in (train, validation, ~train & ~validation):
        yield mask.nonzero().flatten().tolist()


# %% wrong: the share of the rows, not of the groups · clause 3 · message: "give or take one"
import random
from collections import Counter, defaultdict


def split_indices(labels, groups, *, shares, seed):
    dice, part_of, of_class = random.Random(seed), {}, defaultdict(list)
    size = Counter(groups.tolist())
    for group, label in dict(zip(groups.tolist(), labels.tolist())).items():
        of_class[label].append(group)
    for own in of_class.values():
        dice.shuffle(own)
        done, total = 0, sum(size[group] for group in own)
        for group in own:
            done += size[group]
            part_of[group] = (
                0 if done <= shares[0] * total else 1 if done <= sum(shares) * total else 2
            )
    rows = [[], [], []]
    for row, group in enumerate(groups.tolist()):
        rows[part_of[group]].append(row)
    return rows

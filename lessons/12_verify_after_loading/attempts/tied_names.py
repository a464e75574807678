# %% right: by id · message: "One parameter, several names"
def tied_names(net):
    names = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return [group for group in names.values() if len(group) > 1]


# %% right: by is, two loops · message: "One parameter, several names"
def tied_names(net):
    everything = list(net.named_parameters(remove_duplicate=False))
    groups, done = [], set()
    for name, parameter in everything:
        if name in done:
            continue
        group = [other for other, p in everything if p is parameter]
        done.update(group)
        if len(group) > 1:
            groups.append(group)
    return groups


# %% right: by the place in memory, tuples · message: "One parameter, several names"
from collections import defaultdict


def tied_names(net):
    places = defaultdict(tuple)
    for name, p in net.named_parameters(remove_duplicate=False):
        places[p.data_ptr()] += (name,)
    return [names for names in places.values() if len(names) >= 2]


# %% right: the parameter as the key · message: "One parameter, several names"
def tied_names(net):
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(p, []).append(name)
    return list(filter(lambda g: g[1:], groups.values()))


# %% wrong: duplicates left out · clause 1 · message: "hides the second name"
def tied_names(net):
    groups = {}
    for name, p in net.named_parameters():
        groups.setdefault(id(p), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


# %% wrong: single names too · clause 2 · message: "a parameter with one name"
def tied_names(net):
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    return list(groups.values())


# %% wrong: equal values · clause 3 · message: "only has equal values"
import torch


def tied_names(net):
    everything = list(net.named_parameters(remove_duplicate=False))
    groups, done = [], set()
    for name, p in everything:
        if name not in done:
            group = [n for n, q in everything if p.shape == q.shape and torch.equal(p, q)]
            done.update(group)
            groups += [group] if len(group) > 1 else []
    return groups


# %% wrong: sorted by name · clause 1 · message: "in the model's order"
def tied_names(net):
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


# %% wrong: pairs of three · clause 1 · message: "Expected"
def tied_names(net):
    seen, pairs = {}, []
    for name, p in net.named_parameters(remove_duplicate=False):
        if id(p) in seen:
            pairs.append([seen[id(p)], name])
        seen[id(p)] = name
    return pairs


# %% wrong: one flat list · clause 1 · message: "a list of lists of names"
def tied_names(net):
    first = {id(p): name for name, p in net.named_parameters()}
    return [n for n, p in net.named_parameters(remove_duplicate=False) if first[id(p)] != n]


# %% wrong: the ties are undone · clause 3 · message: "The network was changed"
from torch import nn


def tied_names(net):
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    for name, module in net.named_modules():
        if isinstance(module, nn.Linear):
            module.weight = nn.Parameter(module.weight.clone())
    return [group for group in groups.values() if len(group) > 1]


# %% wrong: weights only · clause 1 · message: "Expected"
def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        if n.endswith("weight"):
            g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


# %% wrong: parameters are frozen · clause 3 · message: "The network was changed"
def tied_names(net):
    net.requires_grad_(False)
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


# %% wrong: left in eval mode · clause 3 · message: "The network was changed"
def tied_names(net):
    net.eval()
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]

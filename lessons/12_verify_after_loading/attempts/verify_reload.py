# %% right: a copy answers · message: "Check by check"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    tied = [g for g in groups.values() if len(g) > 1]
    twin = copy.deepcopy(net).eval()
    try:
        with torch.no_grad():
            fine = torch.equal(twin(before["batch"]), before["logits"])
    except Exception:
        fine = False
    checks = [
        ("keys", set(old) == set(new)),
        ("shapes", all(old[n].shape == new[n].shape for n in both)),
        ("dtypes", all(old[n].dtype == new[n].dtype for n in both)),
        ("values", all(torch.equal(old[n], new[n]) for n in alike)),
        ("tied", tied == before["tied"]),
        ("training", {n: m.training for n, m in net.named_modules()} == before["training"]),
        ("logits", fine),
    ]
    return [name for name, passed in checks if not passed]


# %% right: flags put back by hand, one after the other · message: "Check by check"
import torch


def verify_reload(before, net):
    failed = []
    saved, loaded = before["state"], dict(net.state_dict())
    if sorted(saved) != sorted(loaded):
        failed.append("keys")
    shared = saved.keys() & loaded.keys()
    if any(saved[k].shape != loaded[k].shape for k in shared):
        failed.append("shapes")
    if any(saved[k].dtype is not loaded[k].dtype for k in shared):
        failed.append("dtypes")
    for k in shared:
        a, b = saved[k], loaded[k]
        if a.shape == b.shape and a.dtype == b.dtype and (a != b).any():
            failed.append("values")
            break
    places = {}
    for k, p in net.named_parameters(remove_duplicate=False):
        places.setdefault(p, set()).add(k)
    now = {frozenset(names) for names in places.values() if len(names) > 1}
    if now != {frozenset(names) for names in before["tied"]}:
        failed.append("tied")
    flags = [(module, module.training) for module in net.modules()]
    if [flag for _, flag in flags] != list(before["training"].values()):
        failed.append("training")
    try:
        net.eval()
        with torch.inference_mode():
            answered = net(before["batch"])
        if not torch.equal(answered, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    finally:
        for module, flag in flags:
            module.training = flag
    return failed


# %% right: a generator inside, the course's context manager · message: "Check by check"
import torch

from course_lib.evaluation.mode import evaluation_mode


class Protocol:
    def __call__(self, before, net):
        return list(self._failing(before, net))

    def _failing(self, before, net):
        a, b = before["state"], net.state_dict()
        pairs = [(a[name], b[name]) for name in a.keys() & b.keys()]
        if a.keys() ^ b.keys():
            yield "keys"
        if not all(p.shape == q.shape for p, q in pairs):
            yield "shapes"
        if not all(p.dtype == q.dtype for p, q in pairs):
            yield "dtypes"
        comparable = [(p, q) for p, q in pairs if (p.shape, p.dtype) == (q.shape, q.dtype)]
        if not all(p.tolist() == q.tolist() for p, q in comparable):
            yield "values"
        named = list(net.named_parameters(remove_duplicate=False))
        groups = []
        for name, p in named:
            group = [other for other, q in named if q is p]
            if len(group) > 1 and group not in groups:
                groups.append(group)
        if groups != before["tied"]:
            yield "tied"
        if before["training"] != {name: m.training for name, m in net.named_modules()}:
            yield "training"
        if not self._answers(before, net):
            yield "logits"

    def _answers(self, before, net):
        try:
            with evaluation_mode(net):
                return torch.equal(net(before["batch"]), before["logits"])
        except Exception:
            return False


verify_reload = Protocol()


# %% right: NumPy, a tuple · message: "Check by check"
import copy

import numpy as np
import torch


@torch.no_grad()
def verify_reload(before, net):
    old = {n: t.numpy() for n, t in before["state"].items()}
    new = {n: t.detach().numpy() for n, t in net.state_dict().items()}
    both = set(old) & set(new)
    same = [n for n in both if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype]
    where = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        where[p.data_ptr()] = where.get(p.data_ptr(), []) + [name]
    failing = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": any(not np.array_equal(old[n], new[n]) for n in same),
        "tied": [g for g in where.values() if g[1:]] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
    }
    try:
        logits = copy.deepcopy(net).eval()(before["batch"])
        failing["logits"] = not np.array_equal(logits.numpy(), before["logits"].numpy())
    except Exception:
        failing["logits"] = True
    return tuple(filter(failing.get, failing))


# %% wrong: parameters only · clause 4 · message: "The check 'values' had to fail"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    own = dict(net.named_parameters())
    alike = [
        n
        for n in both
        if n in own and (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)
    ]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: values that are close · clause 4 · message: "had to fail"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.allclose(old[n], new[n], atol=0.3) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: the order of the keys counts · clause 2 · message: "registered in another order"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": list(old) != list(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: only missing keys · clause 2 · message: "The check 'keys' had to fail"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": len(old) != len(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: numbers of elements for shapes · clause 3 · message: "had to pass, and failed"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": any(old[n].tolist() != new[n].tolist() for n in both),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: dtypes of floats only · clause 3 · message: "num_batches_tracked` has another dtype"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    parameters = dict(net.named_parameters())
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both if n in parameters),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: lost ties only · clause 5 · message: "have become one"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    own = dict(net.named_parameters(remove_duplicate=False))
    lost = any(own[g[0]] is not own[other] for g in before["tied"] for other in g)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": lost,
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: equal parameters count as tied · clause 5 · message: "two equal ones now. The check 'tied' had to fail"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    own = dict(net.named_parameters(remove_duplicate=False))
    lost = any(not torch.equal(own[g[0]], own[other]) for g in before["tied"] for other in g)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": lost,
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: duplicates are hidden, so nothing is tied · clause 5 · message: "'tied' had to fail, and passed"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters():
        groups.setdefault(id(p), []).append(name)
    tied = [g for g in groups.values() if len(g) > 1]
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": bool(tied),
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: the model's own flag only · clause 6 · message: "The dropout alone is in training mode"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": net.training != before["training"][""],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: any flag that is on · clause 6 · message: "The check 'training' had to pass"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": any(m.training for m in net.modules()),
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: flags in one direction · clause 6 · message: "and none is now"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    flags = before["training"]
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": any(m.training and not flags.get(n) for n, m in net.named_modules()),
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: asked as it stands · clause 7 · message: "The check 'logits' had to pass"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net)(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: labels for logits · clause 7 · message: "The check 'logits' had to fail"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"])
            fine = torch.allclose(logits, before["logits"], atol=0.01)
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: no logits where the tensors agree · clause 7 · message: "GELU in place of ReLU"
def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both if old[n].is_floating_point()),
        "values": any((old[n] != new[n]).any() for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
    }
    failed["logits"] = (
        failed["keys"] or failed["shapes"] or failed["dtypes"] or failed["values"]
    )
    return [n for n, f in failed.items() if f]


# %% wrong: an error where the model raises · clause 7 · message: "`verify_reload` raised RuntimeError"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    with torch.no_grad():
        fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: left in eval mode · clause 8 · message: "had another training flag"
import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    flags = {n: m.training for n, m in net.named_modules()}
    try:
        with torch.no_grad():
            fine = torch.equal(net.eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": flags != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: put back by train() · clause 8 · message: "had another training flag"
import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    flags, was = {n: m.training for n, m in net.named_modules()}, net.training
    try:
        with torch.no_grad():
            fine = torch.equal(net.eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    net.train(was)
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": flags != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: in the order of discovery · clause 1 · message: "in the table's order"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "logits": not fine,
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
    }
    return [n for n, f in failed.items() if f]


# %% wrong: a dictionary · clause 1 · message: "Expected a list of names of checks"
def verify_reload(before, net):
    return {"keys": before["state"].keys() == net.state_dict().keys()}


# %% wrong: the checks that pass · clause 1 · message: "had to pass, and failed"
def verify_reload(before, net):
    return ["keys", "shapes", "dtypes", "values", "tied", "training", "logits"]


# %% wrong: the first that fails · clause 1 · message: "had to fail, and passed"
import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    if set(old) != set(new):
        return ["keys"]
    if any(old[n].shape != new[n].shape for n in old):
        return ["shapes"]
    if any(not torch.equal(old[n], new[n]) for n in old):
        return ["values"]
    if {n: m.training for n, m in net.named_modules()} != before["training"]:
        return ["training"]
    return []


# %% wrong: the record is loaded to compare · clause 8 · message: "of the model had other values"
import copy

import torch


def verify_reload(before, net):
    old, new = before["state"], {n: t.clone() for n, t in net.state_dict().items()}
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    try:
        with torch.no_grad():
            fine = torch.equal(copy.deepcopy(net).eval()(before["batch"]), before["logits"])
    except Exception:
        fine = False
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    if failed["values"] and not failed["shapes"]:
        net.load_state_dict(old, strict=False)
    return [n for n, f in failed.items() if f]


# %% right: a copy by torch.save, sets of names · message: "Check by check"
import io

import torch


def verify_reload(before, net):
    file, fails = io.BytesIO(), set()
    torch.save(net, file)
    file.seek(0)
    twin = torch.load(file, weights_only=False).eval()
    old, new = before["state"], net.state_dict()
    fails |= {"keys"} if set(old) ^ set(new) else set()
    for name in set(old) & set(new):
        a, b = old[name], new[name]
        fails |= {"shapes"} if a.shape != b.shape else set()
        fails |= {"dtypes"} if a.dtype != b.dtype else set()
        if a.shape == b.shape and a.dtype == b.dtype and not a.equal(b):
            fails.add("values")
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(p.data_ptr(), []).append(name)
    if [g for g in groups.values() if len(g) > 1] != before["tied"]:
        fails.add("tied")
    if any(m.training != before["training"][n] for n, m in net.named_modules()):
        fails.add("training")
    try:
        assert torch.equal(twin(before["batch"]), before["logits"])
    except Exception:
        fails.add("logits")
    order = ["keys", "shapes", "dtypes", "values", "tied", "training", "logits"]
    return sorted(fails, key=order.index)


# %% wrong: with gradients, back to the start · clause 8 · message: "other gradients, or none, or was frozen"
import torch


def verify_reload(before, net):
    old, new = before["state"], net.state_dict()
    both = [n for n in old if n in new]
    alike = [n for n in both if (old[n].shape, old[n].dtype) == (new[n].shape, new[n].dtype)]
    groups = {}
    for name, p in net.named_parameters(remove_duplicate=False):
        groups.setdefault(id(p), []).append(name)
    flags = {m: m.training for m in net.modules()}
    net.eval().requires_grad_(False)
    try:
        fine = torch.equal(net(before["batch"]), before["logits"])
    except Exception:
        fine = False
    for module, flag in flags.items():
        module.training = flag
    failed = {
        "keys": set(old) != set(new),
        "shapes": any(old[n].shape != new[n].shape for n in both),
        "dtypes": any(old[n].dtype != new[n].dtype for n in both),
        "values": not all(torch.equal(old[n], new[n]) for n in alike),
        "tied": [g for g in groups.values() if len(g) > 1] != before["tied"],
        "training": {n: m.training for n, m in net.named_modules()} != before["training"],
        "logits": not fine,
    }
    return [n for n, f in failed.items() if f]


# %% wrong: keys that are missing only · clause 2 · message: "The check 'keys' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if not old.keys() <= new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: keys that are new only · clause 2 · message: "The check 'keys' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if not new.keys() <= old.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: the number of elements for the shape · clause 3 · message: "The check 'shapes' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].numel() != new[n].numel() for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: shapes of parameters only · clause 3 · message: "The check 'shapes' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(
        old[n].shape != p.shape
        for n, p in net.named_parameters(remove_duplicate=False)
        if n in old
    ):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: values by allclose · clause 4 · message: "The check 'values' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.allclose(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: values of floats only · clause 4 · message: "The check 'values' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].is_floating_point()
        and old[n].shape == new[n].shape
        and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: as many groups as before · clause 5 · message: "The check 'tied' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if len(before["tied"]) != len(tied_names(net)):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: logits by allclose · clause 7 · message: "The check 'logits' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.allclose(logits, before["logits"], atol=1e-5):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: logits that broadcast · clause 7 · message: "The check 'logits' had to fail"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if (logits != before["logits"]).any():
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: gradients are cleared · clause 8 · message: "other gradients, or none"
import copy
import torch


def tied_names(net):
    g = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        g.setdefault(id(p), []).append(n)
    return [v for v in g.values() if len(v) > 1]


def verify_reload(before, net):
    failed = []
    net.zero_grad()
    old, new = before["state"], net.state_dict()
    if old.keys() != new.keys():
        failed.append("keys")
    both = [n for n in old if n in new]
    if any(old[n].shape != new[n].shape for n in both):
        failed.append("shapes")
    if any(old[n].dtype != new[n].dtype for n in both):
        failed.append("dtypes")
    if any(
        not torch.equal(old[n], new[n])
        for n in both
        if old[n].shape == new[n].shape and old[n].dtype == new[n].dtype
    ):
        failed.append("values")
    if sorted(map(sorted, before["tied"])) != sorted(map(sorted, tied_names(net))):
        failed.append("tied")
    if before["training"] != {n: m.training for n, m in net.named_modules()}:
        failed.append("training")
    try:
        with torch.no_grad():
            logits = copy.deepcopy(net).eval()(before["batch"].clone())
        if not torch.equal(logits, before["logits"]):
            failed.append("logits")
    except Exception:
        failed.append("logits")
    return failed


# %% wrong: only a RuntimeError is a failed check · clause 7 · message: "raised ValueError: not this batch"
import copy
import torch


def groups(net):
    by = {}
    for n, p in net.named_parameters(remove_duplicate=False):
        by.setdefault(id(p), []).append(n)
    return sorted(g for g in by.values() if len(g) > 1)


def verify_reload(before, net):
    a, b = before["state"], net.state_dict()
    both = [n for n in a if n in b]
    bad = []
    if set(a) != set(b):
        bad.append("keys")
    if any(a[n].shape != b[n].shape for n in both):
        bad.append("shapes")
    if any(a[n].dtype != b[n].dtype for n in both):
        bad.append("dtypes")
    if any(
        not torch.equal(a[n], b[n])
        for n in both
        if a[n].shape == b[n].shape and a[n].dtype == b[n].dtype
    ):
        bad.append("values")
    if sorted(map(list, before["tied"])) != groups(net):
        bad.append("tied")
    if {n: m.training for n, m in net.named_modules()} != before["training"]:
        bad.append("training")
    twin = copy.deepcopy(net).eval()
    try:
        with torch.no_grad():
            same = torch.equal(twin(before["batch"].clone()), before["logits"])
    except RuntimeError:
        same = False
    return bad if same else bad + ["logits"]

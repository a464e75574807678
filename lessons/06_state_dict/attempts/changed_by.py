# %% right: cloned one by one · message: "and nothing else"
def changed_by(model, action):
    before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    action(model)
    return [
        name for name, tensor in model.state_dict().items() if (tensor != before[name]).any()
    ]


# %% right: a deep copy of the whole model · message: "and nothing else"
import copy


def changed_by(model, action):
    old = copy.deepcopy(model)
    action(model)
    pairs = zip(old.state_dict().items(), model.state_dict().values())
    return [name for (name, before), after in pairs if not before.equal(after)]


# %% right: as lists of numbers · message: "and nothing else"
def changed_by(model, action):
    before = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    action(model)
    return [
        name for name, tensor in model.state_dict().items() if tensor.tolist() != before[name]
    ]


# %% wrong: compared with a reference · clause 2 · message: "what you compared with has changed as well"
import torch


def changed_by(model, action):
    before = model.state_dict()
    action(model)
    after = model.state_dict()
    return [name for name in after if not torch.equal(before[name], after[name])]


# %% wrong: compared with a shallow copy · clause 2 · message: "what you compared with has changed as well"
import torch


def changed_by(model, action):
    before = model.state_dict().copy()
    action(model)
    return [name for name, t in model.state_dict().items() if not torch.equal(before[name], t)]


# %% wrong: parameters only · clause 2 · message: "`1.running_mean` changed and is not named"
import torch


def changed_by(model, action):
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    action(model)
    return [name for name, p in model.named_parameters() if not torch.equal(before[name], p)]


# %% wrong: small changes forgiven · clause 2 · message: "a small change is a change"
import copy

import torch


def changed_by(model, action):
    before = copy.deepcopy(model.state_dict())
    action(model)
    return [
        name for name, t in model.state_dict().items() if not torch.allclose(before[name], t)
    ]


# %% wrong: parameters first, then buffers · clause 3 · message: "in another order"
import torch


def changed_by(model, action):
    def everything():
        return [*model.named_parameters(), *model.named_buffers()]

    before = {name: tensor.detach().clone() for name, tensor in everything()}
    action(model)
    return [name for name, tensor in everything() if not torch.equal(before[name], tensor)]


# %% wrong: the action called for each entry · clause 1 · message: "times; expected once"
import torch


def changed_by(model, action):
    found = []
    for name in list(model.state_dict()):
        before = model.state_dict()[name].clone()
        action(model)
        if not torch.equal(before, model.state_dict()[name]):
            found.append(name)
    return found


# %% wrong: tried on a copy · clause 1 · message: "on another model"
import copy

import torch


def changed_by(model, action):
    trial = copy.deepcopy(model)
    action(trial)
    old, new = model.state_dict(), trial.state_dict()
    return [name for name in old if not torch.equal(old[name], new[name])]


# %% wrong: every name when nothing changed · clause 2 · message: "did not change"
def changed_by(model, action):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    action(model)
    return [name for name, t in model.state_dict().items() if before[name] is not t]


# %% wrong: listed where every number changed · clause 2 · message: "one number of it is enough"
import copy


def changed_by(model, action):
    before = copy.deepcopy(model.state_dict())
    action(model)
    return [name for name, now in model.state_dict().items() if (now != before[name]).all()]


# %% wrong: sums compared · clause 2 · message: "in other places are other values"
def changed_by(model, action):
    before = {name: tensor.sum().item() for name, tensor in model.state_dict().items()}
    action(model)
    state = model.state_dict()
    return [name for name in state if state[name].sum().item() != before[name]]


# %% wrong: the action called without the model · clause 1 · message: "TypeError: action() missing"
import copy


def changed_by(model, action):
    before = copy.deepcopy(model.state_dict())
    action()
    return [name for name, now in model.state_dict().items() if not now.equal(before[name])]

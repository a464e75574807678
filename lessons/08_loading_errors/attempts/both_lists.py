# %% right: two comprehensions · message: "Both halves, in order"
def both_lists(model, state):
    own = model.state_dict()
    return [n for n in own if n not in state], [n for n in state if n not in own]


# %% right: a loop that removes · message: "Both halves, in order"
def both_lists(model, state):
    missing, unexpected = list(model.state_dict()), []
    for name in state:
        if name in missing:
            missing.remove(name)
        else:
            unexpected.append(name)
    return missing, unexpected


# %% wrong: the two swapped · clause 1 · message: "the wrong way round"
def both_lists(model, state):
    own = model.state_dict()
    return [n for n in state if n not in own], [n for n in own if n not in state]


# %% wrong: sets · clause 1 · message: "one of yours is a set"
def both_lists(model, state):
    own = model.state_dict()
    return own.keys() - state.keys(), state.keys() - own.keys()


# %% wrong: sorted · clause 2 · message: "in another order"
def both_lists(model, state):
    own = model.state_dict()
    return sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())


# %% wrong: parameters only, buffers forgotten · clause 1 · message: "should be in the list"
def both_lists(model, state):
    own = dict(model.named_parameters())
    return [n for n in own if n not in state], [n for n in state if n not in own]


# %% wrong: the missing ones only · clause 1 · message: "Expected a tuple of two lists"
def both_lists(model, state):
    return [n for n in model.state_dict() if n not in state]


# %% wrong: takes what it finds out of the file · clause 3 · message: "`state` was changed"
def both_lists(model, state):
    missing = [n for n in model.state_dict() if state.pop(n, None) is None]
    return missing, list(state)


# %% wrong: loads what fits · clause 3 · message: "`model` was changed"
def both_lists(model, state):
    own = model.state_dict()
    missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
    fits = {n: t for n, t in state.items() if n in own and own[n].shape == t.shape}
    model.load_state_dict(fits, strict=False)
    return missing, unexpected

# %% right: a comprehension · message: "and nothing was loaded"
def fitting(model, state):
    own = model.state_dict()
    return {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}


# %% right: over the model's names, sizes as lists · message: "and nothing was loaded"
def fitting(model, state):
    found = {}
    for name, tensor in model.state_dict().items():
        if name in state and list(state[name].size()) == list(tensor.size()):
            found[name] = state[name]
    return found


# %% wrong: by name alone · clause 1 · message: "doesn't fit"
def fitting(model, state):
    return {n: t for n, t in state.items() if n in model.state_dict()}


# %% wrong: by the count of elements · clause 1 · message: "doesn't fit"
def fitting(model, state):
    own = model.state_dict()
    return {n: t for n, t in state.items() if n in own and t.numel() == own[n].numel()}


# %% wrong: the model's tensors, not the file's · clause 1 · message: "should hold the file's tensor"
def fitting(model, state):
    return {
        n: t for n, t in model.state_dict().items() if n in state and state[n].shape == t.shape
    }


# %% wrong: every name is asked of the model · clause 1 · message: "raised KeyError"
def fitting(model, state):
    return {n: t for n, t in state.items() if model.state_dict()[n].shape == t.shape}


# %% wrong: parameters only · clause 1 · message: "and it isn't in your dictionary"
def fitting(model, state):
    own = dict(model.named_parameters())
    return {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}


# %% wrong: taken out of the file's dictionary · clause 2 · message: "`state` was changed"
def fitting(model, state):
    own = model.state_dict()
    for name in list(state):
        if name not in own or own[name].shape != state[name].shape:
            del state[name]
    return state


# %% wrong: loaded at once · clause 2 · message: "The model was changed"
def fitting(model, state):
    own = model.state_dict()
    chosen = {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}
    model.load_state_dict(chosen, strict=False)
    return chosen


# %% wrong: the first dimension in place of the shape · clause 1 · message: "doesn't fit"
def fitting(model, state):
    own = model.state_dict()
    return {n: t for n, t in state.items() if n in own and own[n].shape[:1] == t.shape[:1]}


# %% wrong: the dtype has to be the model's, too · clause 1 · message: "name and shape fit"
def fitting(model, state):
    own = model.state_dict()
    return {
        n: t
        for n, t in state.items()
        if n in own and own[n].shape == t.shape and own[n].dtype == t.dtype
    }

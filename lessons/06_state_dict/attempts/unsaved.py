# %% right: a list comprehension · message: "a file will lack"
def unsaved(model):
    return [name for name, _ in model.named_buffers() if name not in model.state_dict()]


# %% right: asked of each module · message: "a file will lack"
def unsaved(model):
    """Modules keep a set of the names that they don't save."""
    found = []
    for place, module in model.named_modules():
        for name in module._buffers:
            if name in module._non_persistent_buffers_set:
                found.append(f"{place}.{name}".lstrip("."))
    return found


# %% wrong: the first level only · clause 2 · message: "Not in your list, nor in a file"
def unsaved(model):
    names = [name for name, _ in model.named_buffers(recurse=False)]
    for place, child in model.named_children():
        names += [f"{place}.{name}" for name, _ in child.named_buffers(recurse=False)]
    return [name for name in names if name not in model.state_dict()]


# %% wrong: every buffer · clause 3 · message: "a buffer that is saved"
def unsaved(model):
    return [name for name, _ in model.named_buffers()]


# %% wrong: a set, without an order · clause 1 · message: "Expected a list of names; got set"
def unsaved(model):
    return {name for name, _ in model.named_buffers()} - set(model.state_dict())


# %% wrong: sorted by name · clause 1 · message: "in another order"
def unsaved(model):
    return sorted({name for name, _ in model.named_buffers()} - set(model.state_dict()))


# %% wrong: what is saved and no buffer · clause 3 · message: "a parameter, and no buffer"
def unsaved(model):
    buffers = dict(model.named_buffers())
    return [name for name in model.state_dict() if name not in buffers]


# %% wrong: None where nothing is left out · clause 1 · message: "got NoneType"
def unsaved(model):
    return [name for name, _ in model.named_buffers() if name not in model.state_dict()] or None


# %% wrong: parameters without a gradient taken for buffers · clause 3 · message: "a parameter, and no buffer"
def unsaved(model):
    saved = model.state_dict()
    untrained = [name for name, p in model.named_parameters() if not p.requires_grad]
    return untrained + [name for name, _ in model.named_buffers() if name not in saved]


# %% wrong: the last part of each name compared · clause 3 · message: "Not in your list, nor in a file"
def unsaved(model):
    saved = {name.split(".")[-1] for name in model.state_dict()}
    return [name for name, _ in model.named_buffers() if name.split(".")[-1] not in saved]


# %% wrong: pairs of a name and a tensor · clause 1 · message: "something in yours is no text"
def unsaved(model):
    return [pair for pair in model.named_buffers() if pair[0] not in model.state_dict()]

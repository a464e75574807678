# %% right: a loop over the dictionary · message: "would be missed"
def lacks(old, fresh):
    missing = []
    for name in sorted(fresh.__dict__):
        if name not in old.__dict__:
            missing.append(name)
    return missing


# %% right: keys as sets · message: "would be missed"
def lacks(old, fresh):
    return sorted(vars(fresh).keys() - vars(old).keys())


# %% wrong: a set, not a list · clause 1 · message: "Expected a list of names; got set"
def lacks(old, fresh):
    return set(vars(fresh)) - set(vars(old))


# %% wrong: not sorted · clause 1 · message: "not sorted"
def lacks(old, fresh):
    return [name for name in vars(fresh) if name not in vars(old)]


# %% wrong: differences in both directions · clause 1 · message: "the other way round"
def lacks(old, fresh):
    return sorted(set(vars(fresh)) ^ set(vars(old)))


# %% wrong: the wrong way round · clause 1 · message: "the other way round"
def lacks(old, fresh):
    return sorted(set(vars(old)) - set(vars(fresh)))


# %% wrong: parameters compared · clause 1 · message: "Not in your list"
def lacks(old, fresh):
    return sorted(set(fresh.state_dict()) - set(old.state_dict()))


# %% wrong: the missing ones are set · clause 2 · message: "attributes of a model were changed"
def lacks(old, fresh):
    missing = sorted(set(vars(fresh)) - set(vars(old)))
    for name in missing:
        setattr(old, name, getattr(fresh, name))
    return missing


# %% wrong: tried by a call · clause 2 · message: "was called"
import torch


def lacks(old, fresh):
    old(torch.ones(1, 2))
    return sorted(set(vars(fresh)) - set(vars(old)))


# %% wrong: hasattr, which finds the class's own too · clause 1 · message: "Not in your list: `limit`"
def lacks(old, fresh):
    return sorted(n for n in vars(fresh) if not hasattr(old, n))


# %% wrong: private names left out · clause 1 · message: "Not in your list: `_cache`"
def lacks(old, fresh):
    return sorted(n for n in vars(fresh) if n not in vars(old) and not n.startswith("_"))

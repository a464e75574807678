# %% right: a loop · message: "The prefix is off, once"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% right: counted first, then a comprehension · message: "The prefix is off, once"
from collections import Counter


def strip_prefix(state, prefix):
    short = [n[len(prefix) :] if n.startswith(prefix) else n for n in state]
    twice = [n for n, count in Counter(short).items() if count > 1]
    if twice:
        raise ValueError(f"twice: {', '.join(twice)}")
    return dict(zip(short, state.values()))


# %% right: a regular expression, and a subclass of the error · message: "The prefix is off, once"
import re


class Clash(ValueError):
    pass


def strip_prefix(state, prefix):
    found = {}
    for name in state:
        short = re.sub(rf"^{re.escape(prefix)}", "", name)
        if short in found:
            raise Clash(f"{short!r} and {name!r}")
        found[short] = state[name]
    return found


# %% right: a callable object, by partition · message: "The prefix is off, once"
from collections import OrderedDict


class Strip:
    def __call__(self, state, prefix):
        names = [
            name.partition(prefix)[2] if name.find(prefix) == 0 else name for name in state
        ]
        for name in names:
            if names.count(name) > 1:
                raise ValueError("two entries are called " + name)
        return OrderedDict((new, state[old]) for new, old in zip(names, state))


strip_prefix = Strip()
strip_prefix.__name__ = "strip_prefix"


# %% wrong: replace · clause 1 · message: "the middle of the name was hit"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.replace(prefix, "")
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: lstrip · clause 1 · message: "more than the prefix is gone"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.lstrip(prefix)
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: everything up to the first dot · clause 1 · message: "your names are"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.split(".", 1)[1] if name.startswith(prefix) else name
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: as often as it stands there · clause 1 · message: "the middle of the name was hit"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name
        while short.startswith(prefix):
            short = short.removeprefix(prefix)
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: cut by length, prefix or not · clause 2 · message: "It stays; in yours it is gone"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name[len(prefix) :]
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: names without the prefix dropped · clause 2 · message: "It stays; in yours it is gone"
def strip_prefix(state, prefix):
    found = {}
    for name, tensor in state.items():
        if name.startswith(prefix):
            short = name.removeprefix(prefix)
            found[short] = tensor
            if short in state:
                raise ValueError(short)
    return found


# %% wrong: replace only where it isn't the beginning's · clause 2 · message: "was changed all the same"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = (
            name.removeprefix(prefix) if name.startswith(prefix) else name.replace(prefix, "")
        )
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: sorted · clause 3 · message: "in another order"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in sorted(state.items()):
        short = name.removeprefix(prefix)
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: tensors made float32 · clause 3 · message: "holds something else"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in stripped:
            raise ValueError(short)
        stripped[short] = tensor.float()
    return stripped


# %% wrong: the later of two wins · clause 4 · message: "one was lost without a word"
def strip_prefix(state, prefix):
    return {name.removeprefix(prefix): tensor for name, tensor in state.items()}


# %% wrong: a KeyError · clause 4 · message: "Expected a ValueError"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in stripped:
            raise KeyError(short)
        stripped[short] = tensor
    return stripped


# %% wrong: an error that names nothing · clause 4 · message: "its text doesn't name"
def strip_prefix(state, prefix):
    stripped = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in stripped:
            raise ValueError("two entries with one name")
        stripped[short] = tensor
    return stripped


# %% wrong: in place · clause 5 · message: "The dictionary that was given is changed"
def strip_prefix(state, prefix):
    names = [name.removeprefix(prefix) for name in state]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(name)
    for old, new in zip(list(state), names):
        state[new] = state.pop(old)
    return state


# %% wrong: a new name that is an old one counts as a clash · clause 4 · message: "raised ValueError"
def strip_prefix(state, prefix):
    found = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short != name and short in state:
            raise ValueError(f"two are called {short}")
        found[short] = tensor
    return found


# %% wrong: the same dictionary if there is nothing to do · clause 1 · message: "is returned"
def strip_prefix(state, prefix):
    if not any(name.startswith(prefix) for name in state):
        return state
    found = {}
    for name, tensor in state.items():
        short = name.removeprefix(prefix)
        if short in found:
            raise ValueError(f"two are called {short}")
        found[short] = tensor
    return found

# %% right: a loop · message: "nothing run"
import pickletools


def asked_for(pickled):
    names = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL":
            name = ".".join(argument.split(" "))
            if name not in names:
                names.append(name)
    return names


# %% right: by the opcode's code · message: "nothing run"
import io
import pickletools


def asked_for(pickled):
    found = {}
    for opcode, argument, _ in pickletools.genops(io.BytesIO(pickled)):
        if opcode.code == "c":
            module, name = argument.split(" ", 1)
            found[f"{module}.{name}"] = True
    return list(found)


# %% wrong: the space left in · clause 1 · message: "Expected a dot between module and name"
import pickletools


def asked_for(pickled):
    steps = pickletools.genops(pickled)
    return list(dict.fromkeys(a for o, a, _ in steps if o.name == "GLOBAL"))


# %% wrong: every request listed · clause 2 · message: "more than once"
import pickletools


def asked_for(pickled):
    steps = pickletools.genops(pickled)
    return [a.replace(" ", ".") for o, a, _ in steps if o.name == "GLOBAL"]


# %% wrong: sorted · clause 2 · message: "in another order"
import pickletools


def asked_for(pickled):
    steps = pickletools.genops(pickled)
    return sorted({a.replace(" ", ".") for o, a, _ in steps if o.name == "GLOBAL"})


# %% wrong: every text with a space · clause 1 · message: "Expected ["
import pickletools


def asked_for(pickled):
    steps = pickletools.genops(pickled)
    names = [a.replace(" ", ".") for o, a, _ in steps if isinstance(a, str) and " " in a]
    return list(dict.fromkeys(names))


# %% wrong: the file is loaded · clause 3 · message: "your function ran it"
import pickle
import pickletools


def asked_for(pickled):
    pickle.loads(pickled)
    steps = pickletools.genops(pickled)
    return list(dict.fromkeys(a.replace(" ", ".") for o, a, _ in steps if o.name == "GLOBAL"))


# %% wrong: the module alone · clause 1 · message: "Expected ["
import pickletools


def asked_for(pickled):
    steps = pickletools.genops(pickled)
    return list(dict.fromkeys(a.split(" ")[0] for o, a, _ in steps if o.name == "GLOBAL"))


# %% wrong: only what is called · clause 1 · message: "Expected ['fractions.Fraction']; got []"
import pickletools


def asked_for(pickled):
    out, last = [], None
    for o, a, _ in pickletools.genops(pickled):
        if o.name == "GLOBAL":
            last = a.replace(" ", ".")
        if o.name == "REDUCE" and last and last not in out:
            out.append(last)
    return out


# %% wrong: a search in the bytes · clause 1 · message: "os.system"
import re


def asked_for(pickled):
    return list(
        dict.fromkeys(
            f"{m.decode()}.{n.decode()}"
            for m, n in re.findall(rb"c([\w.]+)\n([\w.]+)\n", pickled)
        )
    )

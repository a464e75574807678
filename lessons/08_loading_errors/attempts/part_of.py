# %% right: startswith and removeprefix · message: "by the names that it has inside"
def part_of(state, part):
    return {n.removeprefix(part + "."): t for n, t in state.items() if n.startswith(part + ".")}


# %% right: a loop over slices · message: "by the names that it has inside"
def part_of(state, part):
    found, length = {}, len(part) + 1
    for name in state:
        if name[:length] == f"{part}.":
            found[name[length:]] = state[name]
    return found


# %% wrong: without the dot · clause 2 · message: "shouldn't be there"
def part_of(state, part):
    return {n[len(part) + 1 :]: t for n, t in state.items() if n.startswith(part)}


# %% wrong: the part anywhere in the name · clause 2 · message: "shouldn't be there"
def part_of(state, part):
    return {n.split(f"{part}.", 1)[-1]: t for n, t in state.items() if f"{part}." in n}


# %% wrong: replace, which hits the middle as well · clause 1 · message: "should be there"
def part_of(state, part):
    return {n.replace(f"{part}.", ""): t for n, t in state.items() if n.startswith(f"{part}.")}


# %% wrong: the names as they were · clause 1 · message: "should be there"
def part_of(state, part):
    return {n: t for n, t in state.items() if n.startswith(f"{part}.")}


# %% wrong: the first piece of the name · clause 3 · message: "should be there"
def part_of(state, part):
    return {n.split(".", 1)[1]: t for n, t in state.items() if n.split(".")[0] == part}


# %% wrong: takes the entries out of the file · clause 3 · message: "`state` was changed"
def part_of(state, part):
    prefix = part + "."
    return {n[len(prefix) :]: state.pop(n) for n in list(state) if n.startswith(prefix)}

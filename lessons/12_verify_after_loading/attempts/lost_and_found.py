# %% right: masks · message: "Patient by patient"
def lost_and_found(truth, before, after):
    ill = truth == 1
    lost = (ill & (before == 1) & (after == 0)).sum()
    return int(lost), int((ill & (before == 0) & (after == 1)).sum())


# %% right: a loop · message: "Patient by patient"
def lost_and_found(truth, before, after):
    lost = found = 0
    for t, b, a in zip(truth.tolist(), before.tolist(), after.tolist()):
        lost += t == 1 and b == 1 and a == 0
        found += t == 1 and b == 0 and a == 1
    return lost, found


# %% right: tensors of one number, by differences · message: "Patient by patient"
def lost_and_found(truth, before, after):
    moved = (after - before)[truth.bool()]
    return (moved == -1).sum(), (moved == 1).sum()


# %% wrong: the healthy too · clause 1 · message: "the healthy were counted too"
def lost_and_found(truth, before, after):
    lost = ((before == 1) & (after == 0)).sum().item()
    return lost, ((before == 0) & (after == 1)).sum().item()


# %% wrong: difference of totals · clause 2 · message: "difference of two totals"
def lost_and_found(truth, before, after):
    was = ((truth == 1) & (before == 1)).sum().item()
    now = ((truth == 1) & (after == 1)).sum().item()
    return max(was - now, 0), max(now - was, 0)


# %% wrong: the other way round · clause 1 · message: "the other way round"
def lost_and_found(truth, before, after):
    ill = truth == 1
    found = (ill & (before == 0) & (after == 1)).sum().item()
    return found, (ill & (before == 1) & (after == 0)).sum().item()


# %% wrong: one number · clause 3 · message: "Expected a tuple of two numbers"
def lost_and_found(truth, before, after):
    return ((truth == 1) & (before != after)).sum().item()


# %% wrong: a list · clause 3 · message: "got a list"
def lost_and_found(truth, before, after):
    ill = truth == 1
    return [
        (ill & (before == 1) & (after == 0)).sum().item(),
        (ill & (before == 0) & (after == 1)).sum().item(),
    ]


# %% wrong: in place · clause 3 · message: "other values now"
def lost_and_found(truth, before, after):
    after.sub_(before).mul_(truth)
    return (after == -1).sum().item(), (after == 1).sum().item()


# %% wrong: all who are missed now · clause 1 · message: "Expected"
def lost_and_found(truth, before, after):
    ill = truth == 1
    return (ill & (after == 0)).sum().item(), (ill & (after == 1)).sum().item()


# %% wrong: an error where nobody is ill · clause 1 · message: "raised RuntimeError"
def lost_and_found(truth, before, after):
    ill = truth == 1
    _ = (before[ill]).max()
    return int((ill & (before > after)).sum()), int((ill & (before < after)).sum())

# %% right: a set of bytes · message: "wherever they stand"
def shared_images(a, b):
    known = set(map(lambda image: image.numpy().tobytes(), a))
    found = 0
    for image in b:
        if image.numpy().tobytes() in known:
            found += 1
    return found


# %% right: all pairs at once · message: "wherever they stand"
def shared_images(a, b):
    pairs = (a.flatten(1).unsqueeze(0) == b.flatten(1).unsqueeze(1)).all(2)
    return int(pairs.any(1).sum())


# %% right: torch.equal, image by image · message: "wherever they stand"
import torch


def shared_images(a, b):
    return sum(any(torch.equal(x, y) for x in a) for y in b)


# %% wrong: compared place by place · clause 1 · message: "are in `a`; got"
def shared_images(a, b):
    return sum(bool((x == y).all()) for x, y in zip(a, b))


# %% wrong: equal sums count as equal · clause 1 · message: "none of these is the same"
def shared_images(a, b):
    known = {round(x.sum().item(), 4) for x in a}
    return sum(round(y.sum().item(), 4) in known for y in b)


# %% wrong: nearly equal counts, too · clause 1 · message: "none of these is the same"
def shared_images(a, b):
    return sum(any((x != y).sum() <= 1 or (x == y.flip(1)).all() for x in a) for y in b)


# %% wrong: two sets · clause 2 · message: "counts twice"
def shared_images(a, b):
    return len({x.numpy().tobytes() for x in a} & {y.numpy().tobytes() for y in b})


# %% wrong: pairs are counted · clause 2 · message: "those that stand twice in `a`"
def shared_images(a, b):
    return int((a.flatten(1)[:, None] == b.flatten(1)[None]).all(2).sum())


# %% wrong: a tensor of one · clause 3 · message: "comes as Tensor"
def shared_images(a, b):
    return (a.flatten(1)[None] == b.flatten(1)[:, None]).all(2).any(1).sum()


# %% wrong: close counts as equal · clause 1 · message: "Two differ in one pixel"
import torch


def shared_images(a, b):
    return sum(any(torch.allclose(x, y, atol=0.01) for x in a) for y in b)


# %% wrong: the first rows compared · clause 1 · message: "none of these is the same"
def shared_images(a, b):
    known = {tuple(x[0, 0].tolist()) for x in a}
    return sum(tuple(y[0, 0].tolist()) in known for y in b)

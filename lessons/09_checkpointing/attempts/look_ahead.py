# %% right: state there and back · message: "nothing used up"
import torch


def look_ahead(generator, n):
    state = generator.get_state()
    order = torch.randperm(n, generator=generator)
    generator.set_state(state)
    return order


# %% right: a second generator in the same state · message: "nothing used up"
import torch


def look_ahead(generator, n):
    twin = torch.Generator()
    twin.set_state(generator.get_state())
    return torch.randperm(n, generator=twin)


# %% right: put back in finally, as a list · message: "nothing used up"
import torch


def look_ahead(generator, n):
    state = generator.get_state()
    try:
        return torch.randperm(n, generator=generator).tolist()
    finally:
        generator.set_state(state)


# %% wrong: never put back · clause 2 · message: "has moved on"
import torch


def look_ahead(generator, n):
    return torch.randperm(n, generator=generator)


# %% wrong: drawn from the global generator · clause 1 · message: "not the permutation that this generator gives"
import torch


def look_ahead(generator, n):
    state = generator.get_state()
    order = torch.randperm(n)
    generator.set_state(state)
    return order


# %% wrong: seeded again · clause 2 · message: "stands elsewhere"
import torch


def look_ahead(generator, n):
    order = torch.randperm(n, generator=generator)
    generator.manual_seed(generator.initial_seed() + 1)
    return order


# %% wrong: the state asked for after the draw · clause 2 · message: "has moved on"
import torch


def look_ahead(generator, n):
    order = torch.randperm(n, generator=generator)
    state = generator.get_state()
    generator.set_state(state)
    return order


# %% wrong: the global state put back · clause 2 · message: "has moved on"
import torch


def look_ahead(generator, n):
    state = torch.get_rng_state()
    order = torch.randperm(n, generator=generator)
    torch.set_rng_state(state)
    return order

# %% right: the whole epoch, cut · message: "as if nothing had happened"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    return [batch for number, batch in enumerate(loader) if number >= done]


# %% right: islice · message: "as if nothing had happened"
from itertools import islice


def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start.clone())
    return list(islice(loader, done, None))


# %% right: next, so many times · message: "as if nothing had happened"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    epoch = iter(loader)
    for _ in range(done):
        next(epoch)
    return [*epoch]


# %% wrong: the state of now · clause 1 · message: "not those of the epoch that began with `start`"
def rest_of_epoch(loader, start, done):
    return list(loader)[done:]


# %% wrong: nothing skipped · clause 1 · message: "came back, also the"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    return list(loader)


# %% wrong: those that are done · clause 1 · message: "Expected those that are left"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    return list(loader)[:done]


# %% wrong: one too many skipped · clause 1 · message: "batches that are left"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    return list(loader)[done + 1 :]


# %% wrong: an iterator · clause 1 · message: "of the type islice. Expected a list of batches"
from itertools import islice


def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    return islice(loader, done, None)


# %% wrong: the generator goes back to where it was · clause 2 · message: "the epoch after it has another order"
def rest_of_epoch(loader, start, done):
    was = loader.generator.get_state()
    loader.generator.set_state(start)
    rest = list(loader)[done:]
    loader.generator.set_state(was)
    return rest


# %% wrong: stopped at the last batch of the epoch · clause 2 · message: "the epoch after it has another order"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    epoch, rest = iter(loader), []
    for number in range(len(loader)):
        batch = next(epoch)
        if number >= done:
            rest.append(batch)
    loader.generator.set_state(start)
    return rest


# %% wrong: cut from the end, where nothing may be left · clause 1 · message: "also the 3 that are done"
def rest_of_epoch(loader, start, done):
    loader.generator.set_state(start)
    left = len(loader) - done
    return list(loader)[-left:]

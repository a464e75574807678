# %% right: read to its end, as a list · message: "as if nothing had happened"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    for one, name in ((model, "model"), (sgd, "optimizer"), (schedule, "schedule")):
        one.load_state_dict(saved[name])
    loader.generator.set_state(saved["order"])
    rest = list(loader)[saved["done"] :]
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% right: next, so many times · message: "as if nothing had happened"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model().train()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(list(model.parameters()), lr=1.0, momentum=0.5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, 0.2, saved["total"])
    schedule.load_state_dict(saved["schedule"])
    sgd.load_state_dict(saved["optimizer"])
    loader.generator.set_state(saved["order"])
    epoch = iter(loader)
    for _ in range(saved["done"]):
        next(epoch)
    torch.random.set_rng_state(saved["rng"])
    return [model, sgd, schedule, epoch]


# %% right: a generator that skips when it is read · message: "as if nothing had happened"
import torch


def left(loader, saved):
    loader.generator.set_state(saved["order"])
    for number, batch in enumerate(loader):
        if number >= saved["done"]:
            yield batch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    with torch.random.fork_rng(devices=[]):
        model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    torch.default_generator.set_state(saved["rng"])
    return model, sgd, schedule, left(loader, saved)


# %% right: an object that is called, sgd loaded twice · message: "as if nothing had happened"
import copy
from itertools import islice

import torch


class Resume:
    def __call__(self, path, build_model, loader):
        saved = torch.load(path, weights_only=True)
        model = build_model()
        model.load_state_dict(saved["model"])
        sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        sgd.load_state_dict(copy.deepcopy(saved["optimizer"]))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            sgd, max_lr=0.2, total_steps=saved["total"]
        )
        schedule.load_state_dict(saved["schedule"])
        sgd.load_state_dict(saved["optimizer"])
        loader.generator.set_state(saved["order"])
        rest = islice(loader, saved["done"], None)
        torch.set_rng_state(saved["rng"])
        return model, sgd, schedule, rest


resume_mended = Resume()


# %% wrong: as it came · clause 2 · message: "The learning rate is"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    torch.set_rng_state(saved["rng"])
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    sgd.load_state_dict(saved["optimizer"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    return model, sgd, schedule, loader


# %% wrong: the schedule still built after loading · clause 2 · message: "Building a schedule sets it"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    sgd.load_state_dict(saved["optimizer"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the rate alone put back · clause 2 · message: "SGD's momentum is"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    sgd.load_state_dict(saved["optimizer"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    schedule.load_state_dict(saved["schedule"])
    sgd.param_groups[0]["lr"] = schedule.get_last_lr()[0]
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the random state still first · clause 6 · message: "dropout draws other numbers"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    torch.set_rng_state(saved["rng"])
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    return model, sgd, schedule, itertools.islice(loader, saved["done"], None)


# %% wrong: still nothing skipped · clause 4 · message: "The epoch begins again"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, loader


# %% wrong: one too few skipped · clause 4 · message: "batches were left"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = list(loader)[max(saved["done"] - 1, 0) :]
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: skipped before the order is put back · clause 4 · message: "not those of the interrupted epoch"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    rest = list(itertools.islice(loader, saved["done"], None))
    loader.generator.set_state(saved["order"])
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the order goes back after it was drawn · clause 5 · message: "the epoch after it has another order"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = list(loader)[saved["done"] :]
    loader.generator.set_state(saved["order"])
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the schedule not loaded · clause 3 · message: "The schedule stands at batch 0"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the optimizer not loaded · clause 2 · message: "not the momentum of each weight"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: eval mode after loading · clause 1 · message: "in eval mode"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model().eval()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: a second model for the optimizer · clause 2 · message: "other parameters than the model"
import itertools

import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(build_model().parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    rest = itertools.islice(loader, saved["done"], None)
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule, rest


# %% wrong: the batches forgotten · clause 4 · message: "Expected four things"
import torch


def resume_mended(path, build_model, loader):
    saved = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"])
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.2, total_steps=saved["total"])
    sgd.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    loader.generator.set_state(saved["order"])
    torch.set_rng_state(saved["rng"])
    return model, sgd, schedule

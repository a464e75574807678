# %% right: built, then both loaded · message: "unbroken run's"
import torch


def with_schedule(sgd, saved, total):
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return schedule


# %% right: loaded before and after · message: "unbroken run's"
from torch.optim.lr_scheduler import OneCycleLR


def with_schedule(sgd, saved, total):
    sgd.load_state_dict(saved["sgd"])
    schedule = OneCycleLR(sgd, 0.1, total)
    schedule.load_state_dict(saved["schedule"])
    sgd.load_state_dict(saved["sgd"])
    return schedule


# %% right: the settings put back by hand · message: "unbroken run's"
import torch


def with_schedule(sgd, saved, total):
    sgd.load_state_dict(saved["sgd"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    schedule.load_state_dict(saved["schedule"])
    for group, old in zip(sgd.param_groups, saved["sgd"]["param_groups"], strict=True):
        group.update({name: old[name] for name in ("lr", "momentum")})
    return schedule


# %% wrong: sgd loaded before the schedule is built · clause 3 · message: "building a schedule sets the rate"
import torch


def with_schedule(sgd, saved, total):
    sgd.load_state_dict(saved["sgd"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    schedule.load_state_dict(saved["schedule"])
    return schedule


# %% wrong: only the rate put back · clause 2 · message: "The momentum setting is"
import torch


def with_schedule(sgd, saved, total):
    sgd.load_state_dict(saved["sgd"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    schedule.load_state_dict(saved["schedule"])
    for group in sgd.param_groups:
        group["lr"] = schedule.get_last_lr()[0]
    return schedule


# %% wrong: the schedule begins again · clause 1 · message: "stands at batch 0"
import torch


def with_schedule(sgd, saved, total):
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    sgd.load_state_dict(saved["sgd"])
    return schedule


# %% wrong: sgd is not loaded · clause 2 · message: "not the momentum of each weight"
import torch


def with_schedule(sgd, saved, total):
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    schedule.load_state_dict(saved["schedule"])
    return schedule


# %% wrong: returns what load_state_dict returns · clause 1 · message: "Expected the OneCycleLR"
import torch


def with_schedule(sgd, saved, total):
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.1, total_steps=total)
    sgd.load_state_dict(saved["sgd"])
    return schedule.load_state_dict(saved["schedule"])


# %% wrong: on an optimizer of its own · clause 1 · message: "another optimizer"
import torch


def with_schedule(sgd, saved, total):
    own = torch.optim.SGD(sgd.param_groups[0]["params"], lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(own, max_lr=0.1, total_steps=total)
    own.load_state_dict(saved["sgd"])
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return schedule

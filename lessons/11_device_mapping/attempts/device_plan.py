# %% right: a function · message: "everything that can stay stays"
from torch.serialization import default_restore_location


def device_plan(tags, devices):
    """A function instead of a dictionary; None leaves a storage where its tag says."""

    def place(storage, tag):
        if tag in devices:
            return None
        kin = [device for device in devices if device.startswith(tag.partition(":")[0])]
        return default_restore_location(storage, kin[0]) if kin else storage

    return place


# %% right: only what moves · message: "everything that can stay stays"
def device_plan(tags, devices):
    """Only the tags that must move; every other key may miss."""
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: first.get(tag.split(":")[0], "cpu") for tag in tags if tag not in devices}


# %% right: an object that is called, by a class · message: "everything that can stay stays"
import functools


class Plan:
    """Callable: torch.load asks it for each storage."""

    def __init__(self, tags, devices):
        self.devices = devices

    def __call__(self, storage, tag):
        from torch.serialization import default_restore_location as restore

        kin = (d for d in self.devices if d.partition(":")[0] == tag.partition(":")[0])
        return restore(storage, tag if tag in self.devices else next(kin, "cpu"))


device_plan = functools.partial(Plan)


# %% right: the library's, decorated · message: "everything that can stay stays"
import functools

from course_lib.devices import plan_map_location


def logged(function):
    @functools.wraps(function)
    def call(*args):
        return function(*args)

    return call


@logged
def device_plan(tags, devices):
    return plan_map_location(tags, devices)


# %% wrong: everything to the CPU · clause 4 · message: "went to cpu. Expected cuda:0"
def device_plan(tags, devices):
    """Always works, and leaves every GPU empty."""
    return "cpu"


# %% wrong: one string for everything, the CPU's too · clause 3 · message: "the CPU's tensors went to cuda:0"
def device_plan(tags, devices):
    """One string for everything."""
    gpus = [device for device in devices if device != "cpu"]
    return gpus[0] if gpus else "cpu"


# %% wrong: every GPU's share to the first GPU · clause 3 · message: "went to cuda:1. Expected cuda:2: it is there"
def device_plan(tags, devices):
    """The kind is right, and every GPU's share goes to the first."""
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: first.get(tag.split(":")[0], "cpu") for tag in tags}


# %% wrong: any accelerator, whatever its kind · clause 4 · message: "what was tagged xpu:2 went to cuda:0"
def device_plan(tags, devices):
    """What has no home goes to whatever accelerator there is."""
    gpus = [device for device in devices if device != "cpu"]
    return {tag: tag if tag in devices else (gpus or ["cpu"])[0] for tag in tags}


# %% wrong: torch.device values in the dictionary · clause 2 · message: "is no text"
import torch


def device_plan(tags, devices):
    """The right places, as torch.device."""
    plan = {}
    for tag in tags:
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        plan[tag] = torch.device(tag if tag in devices else (kin or ["cpu"])[0])
    return plan


# %% wrong: a key without the device's number · clause 5 · message: "the plan has no key 'cuda:1'"
def device_plan(tags, devices):
    """The key says cuda, the tag says cuda:1."""
    return {tag.split(":")[0]: "cpu" for tag in tags}


# %% wrong: no plan where there is a GPU · clause 5 · message: "returned None, so nothing was mapped"
def device_plan(tags, devices):
    """A plan for CUDA alone, and only for a machine without it."""
    if any(device.startswith("cuda") for device in devices):
        return None
    return {tag: "cpu" for tag in tags if tag.startswith("cuda")}


# %% wrong: the set of tags indexed like a list · clause 1 · message: "raised TypeError"
def device_plan(tags, devices):
    plan = {}
    for i in range(len(tags)):
        kin = [device for device in devices if device.split(":")[0] == tags[i].split(":")[0]]
        plan[tags[i]] = tags[i] if tags[i] in devices else (kin or ["cpu"])[0]
    return plan


# %% wrong: cuda:0 typed in · clause 4 · message: "Expected cuda:1: it is the first of its kind"
def device_plan(tags, devices):
    """As in the example."""
    plan = {}
    for tag in tags:
        kind = tag.split(":")[0]
        there = any(device.split(":")[0] == kind for device in devices)
        plan[tag] = tag if tag in devices else f"{kind}:0" if there else "cpu"
    return plan


# %% wrong: the last of its kind · clause 4 · message: "went to cuda:2. Expected cuda:1"
def device_plan(tags, devices):
    last = {device.split(":")[0]: device for device in devices}
    return {tag: tag if tag in devices else last.get(tag.split(":")[0], "cpu") for tag in tags}


# %% wrong: the lowest of its kind · clause 4 · message: "went to cuda:0. Expected cuda:1"
def device_plan(tags, devices):
    first = {}
    for device in sorted(devices):
        first.setdefault(device.split(":")[0], device)
    return {tag: tag if tag in devices else first.get(tag.split(":")[0], "cpu") for tag in tags}


# %% wrong: the number modulo the count · clause 4 · message: "went to cuda:2. Expected cuda:1"
def device_plan(tags, devices):
    plan = {}
    for tag in tags:
        kind, _, number = tag.partition(":")
        kin = [device for device in devices if device.split(":")[0] == kind]
        plan[tag] = (
            tag if tag in devices else kin[int(number or 0) % len(kin)] if kin else "cpu"
        )
    return plan


# %% wrong: only CUDA has kin · clause 4 · message: "what was tagged xpu:2 went to cpu. Expected xpu:1"
def device_plan(tags, devices):
    gpus = [device for device in devices if device.startswith("cuda")]
    plan = {}
    for tag in tags:
        other = gpus[0] if gpus and tag.startswith("cuda") else "cpu"
        plan[tag] = tag if tag in devices else other
    return plan


# %% wrong: the first device of the list taken for the CPU · clause 4 · message: "went to cuda:0. Expected cpu: no kin"
def device_plan(tags, devices):
    plan = {}
    for tag in tags:
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        plan[tag] = tag if tag in devices else (kin or devices)[0]
    return plan


# %% wrong: the CPU's tag taken out unasked · clause 5 · message: "raised KeyError"
def device_plan(tags, devices):
    tags = set(tags)
    tags.remove("cpu")
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: tag if tag in devices else first.get(tag.split(":")[0], "cpu") for tag in tags}


# %% wrong: no kin, no answer · clause 5 · message: "raised IndexError"
def device_plan(tags, devices):
    plan = {}
    for tag in tags:
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        plan[tag] = tag if tag in devices else kin[0]
    return plan


# %% wrong: a function that returns a name · clause 2 · message: "gave a str. Expected the storage or None"
def device_plan(tags, devices):
    def place(storage, tag):
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        return tag if tag in devices else (kin or ["cpu"])[0]

    return place


# %% wrong: a function that moves by hand · clause 5 · message: "the function that `device_plan` returned raised"
def device_plan(tags, devices):
    def place(storage, tag):
        return storage.cuda() if tag not in devices and "cuda:0" in devices else storage

    return place


# %% wrong: a list of pairs · clause 2 · message: "returned a list"
def device_plan(tags, devices):
    return [(tag, tag if tag in devices else "cpu") for tag in tags]

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


# %% wrong: everything to the CPU · clause 4 · message: "went to cpu. Expected cuda:0"
def device_plan(tags, devices):
    """Always works, and leaves every GPU empty."""
    return "cpu"


# %% wrong: one string for everything, the CPU's too · clause 3 · message: "the CPU's tensors went to cuda:0"
def device_plan(tags, devices):
    """One string for everything."""
    gpus = [device for device in devices if device != "cpu"]
    return gpus[0] if gpus else "cpu"


# %% wrong: every GPU's share to the first GPU · clause 3 · message: "went to cuda:0. Expected cuda:1: it is there"
def device_plan(tags, devices):
    """The kind is right, and every GPU's share goes to the first."""
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: first.get(tag.split(":")[0], "cpu") for tag in tags}


# %% wrong: any accelerator, whatever its kind · clause 4 · message: "Expected cpu: no kin is there"
def device_plan(tags, devices):
    """What has no home goes to whatever accelerator there is."""
    gpus = [device for device in devices if device != "cpu"]
    return {tag: tag if tag in devices else (gpus or ["cpu"])[0] for tag in tags}


# %% wrong: torch.device values in the dictionary · clause 2 · message: "torch.load raised"
import torch


def device_plan(tags, devices):
    """The right places, as torch.device."""
    plan = {}
    for tag in tags:
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        plan[tag] = torch.device(tag if tag in devices else (kin or ["cpu"])[0])
    return plan


# %% wrong: a key without the device's number · clause 5 · message: "torch.load raised RuntimeError"
def device_plan(tags, devices):
    """The key says cuda, the tag says cuda:1."""
    return {tag.split(":")[0]: "cpu" for tag in tags}


# %% wrong: no plan where there is a GPU · clause 5 · message: "torch.load raised RuntimeError"
def device_plan(tags, devices):
    """A plan for CUDA alone, and only for a machine without it."""
    if any(device.startswith("cuda") for device in devices):
        return None
    return {tag: "cpu" for tag in tags if tag.startswith("cuda")}


# %% wrong: the set of tags indexed like a list · clause 1 · message: "TypeError"
def device_plan(tags, devices):
    plan = {}
    for i in range(len(tags)):
        kin = [device for device in devices if device.split(":")[0] == tags[i].split(":")[0]]
        plan[tags[i]] = tags[i] if tags[i] in devices else (kin or ["cpu"])[0]
    return plan

# task: device_plan
# verdict: failed
# message: torch.load raised
import torch


def device_plan(tags, devices):
    """The right places, as torch.device."""
    plan = {}
    for tag in tags:
        kin = [device for device in devices if device.split(":")[0] == tag.split(":")[0]]
        plan[tag] = torch.device(tag if tag in devices else (kin or ["cpu"])[0])
    return plan

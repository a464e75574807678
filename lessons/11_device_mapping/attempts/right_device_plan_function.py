# task: device_plan
# verdict: passed
# message: everything that can stay stays
from torch.serialization import default_restore_location


def device_plan(tags, devices):
    """A function instead of a dictionary; None leaves a storage where its tag says."""

    def place(storage, tag):
        if tag in devices:
            return None
        kin = [device for device in devices if device.startswith(tag.partition(":")[0])]
        return default_restore_location(storage, kin[0]) if kin else storage

    return place

# task: device_plan
# verdict: failed
# message: went to cuda:0. Expected cuda:1: it is there
def device_plan(tags, devices):
    """The kind is right, and every GPU's share goes to the first."""
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: first.get(tag.split(":")[0], "cpu") for tag in tags}

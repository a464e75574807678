# task: device_plan
# verdict: passed
# message: everything that can stay stays
def device_plan(tags, devices):
    """Only the tags that must move; every other key may miss."""
    first = {}
    for device in devices:
        first.setdefault(device.split(":")[0], device)
    return {tag: first.get(tag.split(":")[0], "cpu") for tag in tags if tag not in devices}

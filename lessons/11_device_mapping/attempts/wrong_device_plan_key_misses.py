# task: device_plan
# verdict: failed
# message: torch.load raised RuntimeError
def device_plan(tags, devices):
    """The key says cuda, the tag says cuda:1."""
    return {tag.split(":")[0]: "cpu" for tag in tags}

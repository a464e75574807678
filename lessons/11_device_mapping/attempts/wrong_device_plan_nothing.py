# task: device_plan
# verdict: failed
# message: torch.load raised RuntimeError
def device_plan(tags, devices):
    """A plan for CUDA alone, and only for a machine without it."""
    if any(device.startswith("cuda") for device in devices):
        return None
    return {tag: "cpu" for tag in tags if tag.startswith("cuda")}

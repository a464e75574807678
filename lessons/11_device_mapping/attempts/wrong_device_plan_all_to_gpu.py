# task: device_plan
# verdict: failed
# message: the CPU's tensors went to cuda:0
def device_plan(tags, devices):
    """One string for everything."""
    gpus = [device for device in devices if device != "cpu"]
    return gpus[0] if gpus else "cpu"

# task: device_plan
# verdict: failed
# message: Expected cpu: no kin is there
def device_plan(tags, devices):
    """What has no home goes to whatever accelerator there is."""
    gpus = [device for device in devices if device != "cpu"]
    return {tag: tag if tag in devices else (gpus or ["cpu"])[0] for tag in tags}

# task: stays_random
# verdict: failed
# message: is not random itself


def stays_random(model, x):
    """There is always a culprit, thinks the author, and it is the one after batch norm."""
    return ["3"]

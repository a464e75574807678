# task: stays_random
# verdict: failed
# message: Expected a list of names


def stays_random(model, x):
    return "3"

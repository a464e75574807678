# task: found_of_the_ill
# verdict: failed
# message: Expected 0.


def found_of_the_ill(says, ill):
    return sum(s and i for s, i in zip(says, ill))

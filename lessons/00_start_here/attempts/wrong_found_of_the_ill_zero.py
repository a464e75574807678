# task: found_of_the_ill
# verdict: failed
# message: expected nan


def found_of_the_ill(says, ill):
    if sum(ill) == 0:
        return 0.0
    return sum(s and i for s, i in zip(says, ill)) / sum(ill)

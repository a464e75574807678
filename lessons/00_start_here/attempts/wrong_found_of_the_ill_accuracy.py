# task: found_of_the_ill
# verdict: failed
# message: This is the accuracy


def found_of_the_ill(says, ill):
    return sum(s == i for s, i in zip(says, ill)) / len(ill)

# %% right: TODO an approach of its own · message: "twice"
def compare_logits(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def compare_logits(number):
    return number**2

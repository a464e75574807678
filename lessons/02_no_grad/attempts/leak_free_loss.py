# %% right: TODO an approach of its own · message: "twice"
def leak_free_loss(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def leak_free_loss(number):
    return number**2

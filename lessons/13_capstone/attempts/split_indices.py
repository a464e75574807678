# %% right: TODO an approach of its own · message: "twice"
def split_indices(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def split_indices(number):
    return number**2

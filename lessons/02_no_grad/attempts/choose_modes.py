# %% right: TODO an approach of its own · message: "twice"
def choose_modes(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def choose_modes(number):
    return number**2

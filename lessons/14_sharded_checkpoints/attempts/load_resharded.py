# %% right: TODO an approach of its own · message: "twice"
def load_resharded(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def load_resharded(number):
    return number**2

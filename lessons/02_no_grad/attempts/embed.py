# %% right: TODO an approach of its own · message: "twice"
def embed(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def embed(number):
    return number**2

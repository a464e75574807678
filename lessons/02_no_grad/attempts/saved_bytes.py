# %% right: TODO an approach of its own · message: "twice"
def saved_bytes(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def saved_bytes(number):
    return number**2

# %% right: TODO an approach of its own · message: "twice"
def save_sharded(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def save_sharded(number):
    return number**2

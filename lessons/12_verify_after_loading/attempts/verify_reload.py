# %% right: TODO an approach of its own · message: "twice"
def verify_reload(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def verify_reload(number):
    return number**2

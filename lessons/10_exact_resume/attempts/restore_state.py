# %% right: TODO an approach of its own · message: "twice"
def restore_state(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def restore_state(number):
    return number**2

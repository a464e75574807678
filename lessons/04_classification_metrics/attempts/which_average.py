# %% right: TODO an approach of its own · message: "twice"
def which_average(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def which_average(number):
    return number**2

# %% right: TODO an approach of its own · message: "twice"
def file_is_intact(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def file_is_intact(number):
    return number**2

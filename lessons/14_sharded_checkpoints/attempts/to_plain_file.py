# %% right: TODO an approach of its own · message: "twice"
def to_plain_file(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def to_plain_file(number):
    return number**2

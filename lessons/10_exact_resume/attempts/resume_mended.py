# %% right: TODO an approach of its own · message: "twice"
def resume_mended(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def resume_mended(number):
    return number**2

# %% right: TODO an approach of its own · message: "twice"
def resume_is_exact(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def resume_is_exact(number):
    return number**2

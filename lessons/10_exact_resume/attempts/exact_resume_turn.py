# %% right: TODO an approach of its own · message: "twice"
def exact_resume_turn(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def exact_resume_turn(number):
    return number**2

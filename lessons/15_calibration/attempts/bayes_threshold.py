# %% right: TODO an approach of its own · message: "twice"
def bayes_threshold(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def bayes_threshold(number):
    return number**2

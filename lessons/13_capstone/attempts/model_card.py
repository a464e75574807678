# %% right: TODO an approach of its own · message: "twice"
def model_card(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def model_card(number):
    return number**2

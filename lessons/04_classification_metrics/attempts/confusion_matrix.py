# %% right: TODO an approach of its own · message: "twice"
def confusion_matrix(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def confusion_matrix(number):
    return number**2

# %% right: TODO an approach of its own · message: "twice"
def precision_recall_f1(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def precision_recall_f1(number):
    return number**2

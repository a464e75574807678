# %% right: TODO an approach of its own · message: "twice"
def multiclass_auc(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def multiclass_auc(number):
    return number**2

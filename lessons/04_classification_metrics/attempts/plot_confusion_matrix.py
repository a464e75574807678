# %% right: TODO an approach of its own · message: "twice"
def plot_confusion_matrix(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def plot_confusion_matrix(number):
    return number**2

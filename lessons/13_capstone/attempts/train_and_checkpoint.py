# %% right: TODO an approach of its own · message: "twice"
def train_and_checkpoint(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def train_and_checkpoint(number):
    return number**2

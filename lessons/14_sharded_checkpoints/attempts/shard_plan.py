# %% right: TODO an approach of its own · message: "twice"
def shard_plan(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def shard_plan(number):
    return number**2

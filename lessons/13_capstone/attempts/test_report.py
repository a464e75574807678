# %% right: TODO an approach of its own · message: "twice"
def test_report(number):
    return number + number


# %% wrong: TODO a mistake that people make · clause 1 · message: "Expected"
def test_report(number):
    return number**2

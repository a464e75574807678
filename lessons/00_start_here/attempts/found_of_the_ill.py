# %% right: counted in a loop · message: "recall"
import math


def found_of_the_ill(says, ill):
    found = sick = 0
    for s, i in zip(says, ill):
        if i:
            sick += 1
            found += s
    return found / sick if sick else math.nan


# %% right: sklearn · message: "recall"
import numpy as np
from sklearn.metrics import recall_score


def found_of_the_ill(says, ill):
    """scikit-learn takes the truth first."""
    return recall_score(ill, says, zero_division=np.nan)


# %% right: tensors · message: "recall"
import torch


def found_of_the_ill(says, ill):
    """Tensors do the counting; zero over zero is nan by itself."""
    says, ill = torch.tensor(says), torch.tensor(ill)
    return (says & ill).sum() / ill.sum()


# %% right: NumPy · message: "recall"
import numpy as np


class Share:
    """A callable object; the mean over the ill."""

    __name__ = "found_of_the_ill"

    def __call__(self, says, ill):
        among = np.asarray(says)[np.asarray(ill, dtype=bool)]
        return among.mean() if among.size else np.float64("nan")


found_of_the_ill = Share()


# %% wrong: accuracy instead of recall · clause 2 · message: "This is the accuracy"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return sum(s == i for s, i in zip(says, ill)) / len(ill)


# %% wrong: a count, not a share · clause 2 · message: "Expected 0."
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return sum(s and i for s, i in zip(says, ill))


# %% wrong: the share that was missed · clause 2 · message: "the share that the model missed"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return sum(i and not s for s, i in zip(says, ill)) / sum(ill)


# %% wrong: a per cent · clause 2 · message: "from 0 to 1"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return 100 * sum(s and i for s, i in zip(says, ill)) / sum(ill)


# %% wrong: divided by everybody · clause 2 · message: "Divide by the number of the ill"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return sum(s and i for s, i in zip(says, ill)) / len(ill)


# %% wrong: divided by the alarms, not by the ill · clause 2 · message: "share of the alarms"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return sum(s and i for s, i in zip(says, ill)) / sum(says)


# %% wrong: division by zero when nobody is ill · clause 3 · message: "expected nan"
def found_of_the_ill(says, ill):
    return sum(s and i for s, i in zip(says, ill)) / sum(ill)


# %% wrong: 0 when nobody is ill · clause 3 · message: "expected nan"
def found_of_the_ill(says, ill):
    if sum(ill) == 0:
        return 0.0
    return sum(s and i for s, i in zip(says, ill)) / sum(ill)


# %% wrong: lists taken for tensors · clause 1 · message: "It raised TypeError"
def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return (says & ill).sum() / ill.sum()


# %% right: a fraction · message: "recall"
from fractions import Fraction


def found_of_the_ill(says, ill):
    if not any(ill):
        return float("nan")
    return Fraction(sum(s and i for s, i in zip(says, ill)), sum(ill))


# %% wrong: nan also if none was found · clause 2 · message: "the share is 0"
def found_of_the_ill(says, ill):
    found = sum(s and i for s, i in zip(says, ill))
    return found / sum(ill) if found else float("nan")

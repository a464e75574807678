# %% right: logarithms, a cost of 0 by itself · message: "a call is cheaper"
import math


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if false_positive < 0 or false_negative < 0 or false_positive + false_negative == 0:
        raise ValueError("costs")
    shift = 0.0
    if trained is not None:
        for share in (trained, used):
            if not 0 < share < 1:
                raise ValueError("shares")
        shift = math.log(used / (1 - used)) - math.log(trained / (1 - trained))
    if false_positive == 0:
        return 0
    if false_negative == 0:
        return 1
    return 1 / (1 + math.exp(-(math.log(false_positive / false_negative) - shift)))


# %% right: fractions · message: "a call is cheaper"
from fractions import Fraction


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    """Odds as exact fractions."""
    alarm, miss = Fraction(false_positive), Fraction(false_negative)
    if alarm < 0 or miss < 0 or alarm + miss == 0:
        raise ValueError("costs")
    if used is not None:
        t, u = Fraction(trained), Fraction(used)
        if not (0 < t < 1 and 0 < u < 1):
            raise ValueError("shares")
        alarm, miss = alarm * (1 - u) * t, miss * u * (1 - t)
    return float(alarm / (alarm + miss))


# %% right: torch, an infinite logit allowed · message: "a call is cheaper"
import torch


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    costs = torch.tensor([false_positive, false_negative], dtype=torch.float64)
    if (costs < 0).any() or not costs.any():
        raise ValueError("costs")
    cut = costs[0].log() - costs[1].log()
    if trained is not None and used is not None:
        shares = torch.tensor([trained, used], dtype=torch.float64)
        if ((shares <= 0) | (shares >= 1)).any():
            raise ValueError("shares")
        cut = cut - (shares[1].logit() - shares[0].logit())
    return cut.sigmoid()


# %% right: bisection on the average cost · message: "a call is cheaper"
import numpy as np


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    """Looks for the claim at which both calls cost the same there."""
    if min(false_positive, false_negative) < 0 or max(false_positive, false_negative) == 0:
        raise ValueError("costs")
    trained, used = (0.5, 0.5) if trained is None else (trained, used)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError("shares")
    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        ill, well = p * used / trained, (1 - p) * (1 - used) / (1 - trained)
        low, high = (p, high) if well * false_positive > ill * false_negative else (low, p)
    return np.float64(high if false_negative else 1.0)


# %% wrong: the costs swapped · clause 1 · message: "the two costs are swapped"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    alarm, miss = false_negative, false_positive
    if trained is not None:
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError
        alarm, miss = alarm * (1 - used) / (1 - trained), miss * used / trained
    return alarm / (alarm + miss)


# %% wrong: the ratio of the costs · clause 1 · message: "the ratio of the costs"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    if trained is not None:
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError
    if false_negative == 0:
        return 1
    return false_positive / false_negative


# %% wrong: a logit returned · clause 1 · message: "no probability"
import math


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    shift = 0
    if trained is not None:
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError
        shift = math.log(used / (1 - used)) - math.log(trained / (1 - trained))
    if 0 in (false_positive, false_negative):
        return 0 if false_positive == 0 else 1
    return math.log(false_positive / false_negative) - shift


# %% wrong: the prevalence left out · clause 2 · message: "the prevalence was left out"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    if trained is not None and not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    return false_positive / (false_positive + false_negative)


# %% wrong: the shift in the wrong direction · clause 2 · message: "in the wrong direction"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    alarm = false_positive * (1 - trained) / (1 - used)
    miss = false_negative * trained / used
    return alarm / (alarm + miss)


# %% wrong: only the ill are counted anew · clause 2 · message: "the healthy change too"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    miss = false_negative
    if trained is not None:
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError
        miss = false_negative * used / trained
    return false_positive / (false_positive + miss)


# %% wrong: the threshold scaled by the shares · clause 2 · message: "it is the odds that change"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    plain = false_positive / (false_positive + false_negative)
    if trained is None:
        return plain
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    return plain * trained / used if 0 not in (false_positive, false_negative) else plain


# %% wrong: a cost of 0 raises · clause 3 · message: "raised"
import math


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    shift = 0
    if trained is not None:
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError
        shift = math.log(used / (1 - used)) - math.log(trained / (1 - trained))
    return 1 / (1 + math.exp(shift - math.log(false_positive / false_negative)))


# %% wrong: a cost of 0 refused · clause 3 · message: "raised ValueError"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) <= 0:
        raise ValueError("a cost is above 0")
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    alarm = false_positive * (1 - used) / (1 - trained)
    miss = false_negative * used / trained
    return alarm / (alarm + miss)


# %% wrong: negative costs taken · clause 4 · message: "A cost is -1"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if false_positive + false_negative == 0:
        raise ValueError
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    alarm = false_positive * (1 - used) / (1 - trained)
    miss = false_negative * used / trained
    return alarm / (alarm + miss)


# %% wrong: 0 / 0 for two free mistakes · clause 4 · message: "Both costs are 0"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0:
        raise ValueError
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError
    alarm = false_positive * (1 - used) / (1 - trained)
    miss = false_negative * used / trained
    return alarm / (alarm + miss)


# %% wrong: any share taken · clause 4 · message: "The share in use is 0"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    if trained is None:
        return false_positive / (false_positive + false_negative)
    alarm = false_positive * (1 - used) * trained
    miss = false_negative * used * (1 - trained)
    return alarm / (alarm + miss)


# %% wrong: only the share in use looked at · clause 4 · message: "The share in training is 1"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if min(false_positive, false_negative) < 0 or false_positive == false_negative == 0:
        raise ValueError
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not 0 < used < 1:
        raise ValueError
    alarm = false_positive * (1 - used) * trained
    miss = false_negative * used * (1 - trained)
    return alarm / (alarm + miss)


# %% right: a fraction · message: "a call is cheaper"
from fractions import Fraction


def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    alarm, miss = Fraction(false_positive), Fraction(false_negative)
    if min(alarm, miss) < 0 or alarm + miss == 0:
        raise ValueError("costs")
    if trained is not None:
        trained, used = Fraction(trained), Fraction(used)
        if not (0 < trained < 1 and 0 < used < 1):
            raise ValueError("shares")
        alarm, miss = alarm * (1 - used) * trained, miss * used * (1 - trained)
    return alarm / (alarm + miss)


# %% wrong: a free false alarm divides by zero, with shares only · clause 3 · message: "raised ZeroDivisionError"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if false_positive < 0 or false_negative < 0 or false_positive + false_negative == 0:
        raise ValueError("costs")
    if trained is None:
        return false_positive / (false_positive + false_negative)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError("shares")
    alarm = false_positive * (1 - used) / (1 - trained)
    miss = false_negative * used / trained
    return 1 / (1 + miss / alarm)


# %% wrong: rounded to two places · clause 1 · message: "expected 0.7075, got 0.7100"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if false_positive < 0 or false_negative < 0 or false_positive + false_negative == 0:
        raise ValueError("costs")
    alarm, miss = false_positive, false_negative
    if trained is None:
        return round(alarm / (alarm + miss), 2)
    if not (0 < trained < 1 and 0 < used < 1):
        raise ValueError("shares")
    alarm, miss = alarm * (1 - used) / (1 - trained), miss * used / trained
    return alarm / (alarm + miss)


# %% wrong: the share in training left out · clause 2 · message: "the share in training was left out"
def bayes_threshold(false_positive, false_negative, *, trained=None, used=None):
    if false_positive < 0 or false_negative < 0 or false_positive + false_negative == 0:
        raise ValueError("costs")
    if any(s is not None and not 0 < s < 1 for s in (trained, used)):
        raise ValueError("shares")
    used = 0.5 if used is None else used
    alarm, miss = false_positive * (1 - used), false_negative * used
    return alarm / (alarm + miss)

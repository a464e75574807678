# %% right: parts of everybody · message: "of the alarms are true"
def rare_precision(fpr, tpr, prevalence):
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return found / (found + alarms) if found + alarms else float("nan")


# %% right: 1 minus the false part, in exact fractions · message: "of the alarms are true"
import math
from fractions import Fraction


def rare_precision(fpr, tpr, prevalence):
    fpr, tpr, share = (Fraction(str(v)) for v in (fpr, tpr, prevalence))
    if fpr == tpr == 0:
        return math.nan
    false = fpr * (1 - share)
    return 1 - false / (false + tpr * share)


# %% right: NumPy divides nothing by nothing · message: "of the alarms are true"
import numpy as np


def rare_precision(fpr, tpr, prevalence):
    ill, healthy = np.float64(1000 * prevalence), 1000 - 1000 * prevalence
    with np.errstate(invalid="ignore"):
        return ill * tpr / (ill * tpr + healthy * fpr)


# %% wrong: the prevalence forgotten · clause 1 · message: "where half are frauds"
def rare_precision(fpr, tpr, prevalence):
    return tpr / (tpr + fpr) if tpr + fpr else float("nan")


# %% wrong: the part of the alarms that is false · clause 1 · message: "the alarms that is false"
def rare_precision(fpr, tpr, prevalence):
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return alarms / (found + alarms) if found + alarms else float("nan")


# %% wrong: true alarms among everybody · clause 1 · message: "divide by all alarms"
def rare_precision(fpr, tpr, prevalence):
    return tpr * prevalence if tpr else float("nan")


# %% wrong: the two rates swapped · clause 1 · message: "the two rates are swapped"
def rare_precision(tpr, fpr, prevalence):
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return found / (found + alarms) if found + alarms else float("nan")


# %% wrong: 0 without alarms · clause 2 · message: "expected NaN"
def rare_precision(fpr, tpr, prevalence):
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return found / (found + alarms) if found + alarms else 0.0


# %% wrong: division by zero without alarms · clause 2 · message: "raised ZeroDivisionError"
def rare_precision(fpr, tpr, prevalence):
    found, alarms = prevalence * tpr, (1 - prevalence) * fpr
    return found / (found + alarms)


# %% wrong: NaN where only one rate is 0 · clause 2 · message: "so they have a precision"
def rare_precision(fpr, tpr, prevalence):
    if fpr == 0:
        return float("nan")
    return tpr * prevalence / (tpr * prevalence + fpr * (1 - prevalence))


# %% wrong: NaN where no fraud is found · clause 2 · message: "so they have a precision"
def rare_precision(fpr, tpr, prevalence):
    if tpr == 0:
        return float("nan")
    return tpr * prevalence / (tpr * prevalence + fpr * (1 - prevalence))


# %% wrong: false alarms of everybody · clause 1 · message: "`1 - prevalence` of all"
def rare_precision(fpr, tpr, prevalence):
    alarms = tpr * prevalence + fpr
    return tpr * prevalence / alarms if alarms else float("nan")

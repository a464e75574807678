# %% right: a table · message: "in their order"
def alarms_at(scores, thresholds):
    return (scores >= thresholds[:, None]).mean(1)


# %% right: a loop in Python · message: "in their order"
def alarms_at(scores, thresholds):
    return [sum(s >= t for s in scores.tolist()) / len(scores) for t in thresholds.tolist()]


# %% right: a search among sorted scores · message: "in their order"
import numpy as np


def alarms_at(scores, thresholds):
    scores.sort()
    return 1 - np.searchsorted(scores, thresholds, side="left") / len(scores)


# %% wrong: above the threshold · clause 2 · message: "stopped too"
def alarms_at(scores, thresholds):
    return (scores > thresholds[:, None]).mean(1)


# %% wrong: counts · clause 1 · message: "these are counts"
def alarms_at(scores, thresholds):
    return (scores >= thresholds[:, None]).sum(1)


# %% wrong: the thresholds sorted first · clause 3 · message: "the order of the thresholds was lost"
import numpy as np


def alarms_at(scores, thresholds):
    return (scores >= np.sort(thresholds)[::-1][:, None]).mean(1)


# %% wrong: one part for all thresholds together · clause 1 · message: "one for each threshold"
def alarms_at(scores, thresholds):
    return (scores >= thresholds[:, None]).mean()


# %% wrong: every different threshold once · clause 3 · message: "one for each threshold"
import numpy as np


def alarms_at(scores, thresholds):
    return [(scores >= t).mean() for t in dict.fromkeys(thresholds.tolist())]


# %% wrong: nobody is stopped at any infinite threshold · clause 3 · message: "Expected [1.0,"
import numpy as np


def alarms_at(scores, thresholds):
    return np.where(np.isinf(thresholds), 0, (scores >= thresholds[:, None]).mean(1))
